import { type ClientBase, type ClientConfig, Pool, type PoolClient } from 'pg';
import { boundedClients } from './bounded-client.js';
import { isDatabaseAway } from './database-faults.js';
import { CONNECTION_PATIENCE_MS, PATIENCE } from './patience.js';
import { PLANNING } from './planning.js';
import { repeatConflicts } from './repeat-conflicts.js';

/** One named statement; the name makes it a prepared one, so it must be unique per text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export interface SqlDatabaseSettings {
  url: string;
  poolSize: number;
  applicationName: string;
  /** Told of connections that break while nobody uses them. */
  onConnectionError: (error: Error) => void;
  /** How long it waits for what, instead of `PATIENCE`. */
  patience?: Readonly<ClientConfig>;
}

/** Connections for insistent statements: the reaper's, a ping, and heartbeats, of which four may overlap. */
const LANE_SIZE = 6;

/** The hot path's way to PostgreSQL: prepared statements by name over a small pool of its own, past TypeORM. */
export class SqlDatabase {
  private readonly pool: Pool;
  /** For insistent statements, which must not queue behind others. */
  private readonly lane: Pool;
  private readonly connection: ClientConfig;
  private readonly Client = boundedClients();
  private isAskingAfresh = false;

  constructor(private readonly settings: SqlDatabaseSettings) {
    this.connection = {
      ...(settings.patience ?? PATIENCE),
      connectionString: settings.url,
      application_name: settings.applicationName,
      connectionTimeoutMillis: CONNECTION_PATIENCE_MS,
      options: PLANNING,
    };
    this.pool = this.open(settings.poolSize);
    this.lane = this.open(LANE_SIZE);
  }

  /** Runs one statement as a transaction of its own; deadlocks are tried again. */
  async query<Row>(statement: Statement, params: unknown[]): Promise<Row[]> {
    return await repeatConflicts(
      async () => await lend(this.pool, async (client) => await rowsOf<Row>(client, statement, params)),
    );
  }

  /**
   * As `query`, for a statement that must not be late and may run twice: it does not wait for the pool, and without an
   * answer within `patienceMs` it is sent a second time, over a connection made for it. The first answer counts; it fails
   * only when both ways do. There is one such connection at a time.
   */
  async queryInsistently<Row>(statement: Statement, params: unknown[], patienceMs: number): Promise<Row[]> {
    const first = lend(this.lane, async (client) => await rowsOf<Row>(client, statement, params));
    if ((await settlesWithin(first, patienceMs)) || this.isAskingAfresh) return await first;
    return await Promise.any([first, this.queryAfresh<Row>(statement, params)]);
  }

  /**
   * Runs `work` in one transaction. `work` must use only the given transaction: a second connection inside one can
   * starve the pool. It may run several times, so it must not touch anything outside the database.
   */
  async transaction<Result>(work: (tx: SqlTransaction) => Promise<Result>): Promise<Result> {
    return await repeatConflicts(
      async () =>
        await lend(this.pool, async (client) => {
          await client.query('BEGIN');
          try {
            const result = await work(new SqlTransaction(client));
            await client.query('COMMIT');
            return result;
          } catch (error) {
            // Not over a connection that is broken or silent: it is given up, and its server takes all back by itself.
            if (!isDatabaseAway(error)) await client.query('ROLLBACK');
            throw error;
          }
        }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.end(), this.lane.end()]);
  }

  private open(size: number): Pool {
    const pool = new Pool({ ...this.connection, Client: this.Client, max: size, idleTimeoutMillis: 60_000 });
    pool.on('error', this.settings.onConnectionError);
    // A client that is checked out has no listener of the pool's: without one of ours its error ends the process.
    pool.on('connect', (client) => client.on('error', this.settings.onConnectionError));
    return pool;
  }

  private async queryAfresh<Row>(statement: Statement, params: unknown[]): Promise<Row[]> {
    const client = new this.Client(this.connection);
    client.on('error', this.settings.onConnectionError);
    this.isAskingAfresh = true;
    try {
      await client.connect();
      return await rowsOf<Row>(client, statement, params);
    } finally {
      this.isAskingAfresh = false;
      void client.end().catch(() => undefined);
    }
  }
}

/** The inside of a transaction: statements only. */
export class SqlTransaction {
  constructor(private readonly client: PoolClient) {}

  async query<Row>(statement: Statement, params: unknown[]): Promise<Row[]> {
    return await rowsOf(this.client, statement, params);
  }
}

/** Lends a connection. One over which the database was away, by whatever sign, is not used again. */
async function lend<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    return await work(client);
  } catch (error) {
    isBroken = isDatabaseAway(error);
    throw error;
  } finally {
    client.release(isBroken);
  }
}

async function rowsOf<Row>(client: ClientBase, statement: Statement, params: unknown[]): Promise<Row[]> {
  const result = await client.query<Row & object>({ ...statement, values: params });
  return result.rows;
}

/** @returns false when `work` is still under way after `ms` */
async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const settled = work.then(
    () => true,
    () => true,
  );
  return await Promise.race([settled, late]).finally(() => clearTimeout(timer));
}
