import { setTimeout as sleep } from 'node:timers/promises';
import { Pool, type PoolClient } from 'pg';
import { isRetryable } from './database-faults.js';

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
}

/** How often a statement that lost a deadlock is tried again before the caller hears of it. */
const TRIES = 5;

/**
 * The hot path's way to PostgreSQL: prepared statements by name over a small pool of its own, past TypeORM.
 *
 * Plans: every hot statement looks rows up by key for a batch of a few hundred. `force_generic_plan` plans it once per
 * connection; the planner switches make it nested loops over indexes even while the statistics of a young database say
 * that the tables are empty, which is when a hash join would read a whole table for each batch.
 */
export class SqlDatabase {
  private readonly pool: Pool;

  constructor(settings: SqlDatabaseSettings) {
    this.pool = new Pool({
      connectionString: settings.url,
      max: settings.poolSize,
      application_name: settings.applicationName,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      statement_timeout: 15_000,
      query_timeout: 20_000,
      idle_in_transaction_session_timeout: 20_000,
      options:
        '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off',
    });
    this.pool.on('error', settings.onConnectionError);
    // A client that is checked out has no listener of the pool's: without one of ours its error ends the process.
    this.pool.on('connect', (client) => client.on('error', settings.onConnectionError));
  }

  /** Runs one statement as a transaction of its own; deadlocks are tried again. */
  async query<Row>(statement: Statement, params: unknown[]): Promise<Row[]> {
    return await retried(async () => {
      const result = await this.pool.query<Row & object>({ ...statement, values: params });
      return result.rows;
    });
  }

  /**
   * Runs `work` in one transaction. `work` must use only the given transaction: a second connection inside one can
   * starve the pool. It may run several times, so it must not touch anything outside the database.
   */
  async transaction<Result>(work: (tx: SqlTransaction) => Promise<Result>): Promise<Result> {
    return await retried(async () => {
      const client = await this.pool.connect();
      let broken = false;
      try {
        await client.query('BEGIN');
        const result = await work(new SqlTransaction(client));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {
          broken = true;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    });
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

/** The inside of a transaction: statements only. */
export class SqlTransaction {
  constructor(private readonly client: PoolClient) {}

  async query<Row>(statement: Statement, params: unknown[]): Promise<Row[]> {
    const result = await this.client.query<Row & object>({ ...statement, values: params });
    return result.rows;
  }
}

async function retried<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries >= TRIES || !isRetryable(error)) throw error;
      await sleep(Math.random() * 20 * tries);
    }
  }
}
