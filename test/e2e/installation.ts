import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { findRedisProgram } from '../support/redis-server.mjs';
import { type RunningProcess, startProcess, stopAllProcesses } from '../support/processes.js';
import { testRedisUrl, uniquePrefix } from '../support/redis.js';

export type Backend = 'redis' | 'postgres';
export type Role = 'api' | 'scheduler' | 'worker' | 'all';

/** Where an installation keeps its state, when it is not the servers of the suites. */
export interface Place {
  database?: TestDatabase;
  redisUrl?: string;
}

/** One installation of the product: a database and a queue of its own, and processes of `dist` that share them. */
export class Installation {
  /** For files by which a test and its tasks talk; gone when it is closed. */
  readonly folder = mkdtempSync(join(tmpdir(), 'dts-test-e2e-'));
  private readonly pool: pg.Pool;

  private constructor(
    readonly database: TestDatabase,
    private readonly shared: Readonly<Record<string, string>>,
  ) {
    this.pool = new pg.Pool({ connectionString: database.url, max: 2, application_name: 'the test' });
    this.pool.on('error', () => undefined); // tests cut connections, ours among them
  }

  /** @param env what every process of it gets on top of the addresses */
  static async create(
    backend: Backend,
    env: Record<string, string> = {},
    place: Place = {},
  ): Promise<Installation> {
    const database = place.database ?? (await createTestDatabase());
    const redisUrl = place.redisUrl ?? testRedisUrl();
    return new Installation(database, {
      DATABASE_URL: database.url,
      // The postgres backend must not so much as look at Redis: this address would show.
      REDIS_URL: backend === 'redis' && redisUrl !== null ? redisUrl : 'redis://127.0.0.1:1',
      QUEUE_BACKEND: backend,
      QUEUE_PREFIX: uniquePrefix(),
      DATABASE_POOL_SIZE: '6',
      ...env,
    });
  }

  environment(role: Role, env: Record<string, string> = {}): Record<string, string> {
    return { ...this.shared, ROLE: role, ...env };
  }

  /** Starts one process of that role and waits until it is up. */
  async start(role: Role, env: Record<string, string> = {}): Promise<RunningProcess> {
    return await startProcess(this.environment(role, env));
  }

  /** What the database says, for what the API does not show. */
  async sql<Row extends object>(text: string, params: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(text, params)).rows;
  }

  /** Stops every process, of this and any other installation of the file. */
  async close(): Promise<void> {
    await stopAllProcesses();
    await this.pool.end();
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The same suite over both queue backends; the Redis half is skipped where there is none. */
export function describeOnBothBackends(name: string, body: (backend: Backend) => void): void {
  for (const backend of ['redis', 'postgres'] as const) {
    const define = backend === 'redis' && testRedisUrl() === null ? describe.skip : describe;
    define(`${name}, queues on ${backend}`, () => body(backend));
  }
}

/** A `describe` with a Redis that may be stopped and emptied; skipped where no Redis program is on PATH. */
export function describeWithOwnRedis(name: string, body: () => void): void {
  (findRedisProgram() === null ? describe.skip : describe)(name, body);
}
