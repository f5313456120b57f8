import { PostgresConnection, PostgresQueueBackend, runMigrations, type WorkerOptions } from 'bullmq';
import pg from 'pg';
import { type Log, OutageLog } from './outage-log.js';
import {
  type AnyBackendFactory,
  type BackedQueueOptions,
  ManualWorker,
  type MessageJob,
  type PriorityQueue,
  type QueueBackend,
} from './queue-backend.js';

/** The PostgreSQL schema BullMQ keeps its tables in; its default, which a pool of our own is bound to. */
export const QUEUE_SCHEMA = 'bullmq';

const STATEMENT_TIMEOUT_MS = 1_500;
const CONNECT_TIMEOUT_MS = 1_500;

/**
 * Creates or updates BullMQ's tables. Idempotent and safe in any number of processes at once (BullMQ takes an
 * advisory lock).
 */
export async function migrateQueueSchema(databaseUrl: string): Promise<void> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 60_000,
    application_name: 'queue-migrations',
  });
  client.on('error', () => undefined); // the query under way rejects, too
  try {
    await client.connect();
    await runMigrations(client, QUEUE_SCHEMA);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Differs from BullMQ's in one thing: a failed first contact is tried again instead of remembered for ever. */
class LastingPostgresConnection extends PostgresConnection {
  private ready: Promise<void> | undefined;

  constructor(
    pool: pg.Pool,
    private readonly prepare: () => Promise<void>,
  ) {
    super(pool);
  }

  override waitUntilReady(): Promise<void> {
    this.ready ??= this.prepare().catch((error: unknown) => {
      this.ready = undefined;
      throw error;
    });
    return this.ready;
  }
}

/** Same here; and no LISTEN connection, which BullMQ opens per worker only to be found by its tools. */
class LastingPostgresBackend extends PostgresQueueBackend {
  override waitUntilReady(): Promise<void> {
    return this.connection.waitUntilReady();
  }
}

/**
 * PostgreSQL under BullMQ: one small pool for all queues and workers of the process. It commits asynchronously:
 * a crash of the server may lose the last messages, which the sweep sends again, and every hop is faster.
 */
export class PostgresBackend implements QueueBackend {
  readonly kind = 'postgres';
  private readonly pool: pg.Pool;
  private readonly connection: PostgresConnection;
  private readonly factory: AnyBackendFactory;
  private closed: Promise<void> | null = null;

  constructor(databaseUrl: string, log: Log, poolSize = 4) {
    this.pool = new pg.Pool({
      connectionString: withSessionOptions(databaseUrl, [
        `search_path=${QUEUE_SCHEMA}`,
        'synchronous_commit=off',
      ]),
      max: poolSize,
      application_name: 'queue',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      // Longer than the server's, so that it acts only when the server cannot.
      query_timeout: STATEMENT_TIMEOUT_MS + 300,
      // BullMQ's functions are compiled once per connection, which takes tens of milliseconds.
      idleTimeoutMillis: 0,
      keepAlive: true,
    });
    const outage = new OutageLog(log, 'The queue database');
    this.pool.on('error', (error) => outage.failed(error));
    this.pool.on('connect', (client) => {
      outage.works();
      client.on('error', (error) => outage.failed(error));
    });
    this.connection = new LastingPostgresConnection(this.pool, () => migrateQueueSchema(databaseUrl));
    this.connection.on('error', () => undefined); // logged above
    this.factory = (name, options) =>
      new LastingPostgresBackend(this.connection, name, { ...options, connection: this.pool }, false);
  }

  queueOptions(): BackedQueueOptions {
    return { connection: this.pool, backendFactory: this.factory };
  }

  createWorker(name: string, options: Omit<WorkerOptions, 'connection'>): ManualWorker {
    return new ManualWorker(name, { ...options, connection: this.pool }, this.factory);
  }

  /** The pool drops a connection that fails or does not answer, and makes another. */
  renewConnection(): () => Promise<void> {
    return () => Promise.resolve();
  }

  usable(): Promise<void> {
    return this.connection.waitUntilReady();
  }

  async ping(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  /** BullMQ 6.7 lists waiting messages newest first here, whatever order it is asked for; so it is the last one. */
  async oldest(queue: PriorityQueue, waiting: number): Promise<MessageJob | undefined> {
    return (await queue.getJobs(['waiting'], waiting - 1, waiting - 1))[0];
  }

  /** Its messages are where the tasks are, but for the last moment before a crash: that is left to the sweep. */
  memoryOf(): null {
    return null;
  }

  close(): Promise<void> {
    this.closed ??= this.connection.close().then(() => this.pool.end());
    return this.closed;
  }
}

/** The URL with `-c name=value` added to its `options`, which the server applies as the session begins. */
function withSessionOptions(databaseUrl: string, settings: readonly string[]): string {
  const url = new URL(databaseUrl);
  const options = [url.searchParams.get('options'), ...settings.map((setting) => `-c ${setting}`)];
  url.searchParams.set('options', options.filter((option) => option).join(' '));
  return url.toString();
}
