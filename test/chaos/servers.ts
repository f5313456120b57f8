import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type ClusterHome, clusterHome } from '../../src/embedded/cluster-home.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import {
  isAlive,
  runningPostmaster,
  signalPostmaster,
  stopPostmaster,
} from '../../src/embedded/postmaster.js';
import { eventually } from '../support/eventually.js';
import { findRedisProgram, startRedisServer } from '../support/redis-server.mjs';
import { CommitAcks } from './faults/commit-acks.js';
import { FaultProxy } from './faults/proxy.js';

/** One at a time, in the order asked for: a server cannot be stopped while it is started. */
class Turns {
  private last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => undefined);
    return mine;
  }
}

/** The PostgreSQL of an arena: the real one of the product's packages, behind a proxy that keeps its address. */
export class ArenaPostgres {
  readonly commits = new CommitAcks();
  private readonly turns = new Turns();
  private server!: EmbeddedPostgres;
  private pool!: pg.Pool;
  proxy!: FaultProxy;
  private readonly onExit = (): void => signalPostmaster(this.home);

  private constructor(
    private readonly folder: string,
    private readonly fsync: 'on' | 'off',
    private readonly home: ClusterHome,
  ) {}

  static async start(fsync: 'on' | 'off'): Promise<ArenaPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'dts-chaos-postgres-'));
    // Root lends PostgreSQL another user, who must be able to pass here.
    chmodSync(folder, 0o711);
    const home = await clusterHome(folder, () => undefined);
    const postgres = new ArenaPostgres(folder, fsync, home);
    postgres.server = await postgres.launch();
    postgres.proxy = await FaultProxy.to(postgres.port, (link) => postgres.commits.inspect(link));
    postgres.pool = postgres.connect();
    process.once('exit', postgres.onExit);
    return postgres;
  }

  /** Past the proxy, where it listens now. */
  get url(): string {
    return this.server.url;
  }

  /** By way of the proxy: the same for good. */
  get proxiedUrl(): string {
    const url = new URL(this.server.url);
    url.port = String(this.proxy.port);
    return url.href;
  }

  /** As the harness, past the proxy. */
  async sql<Row extends object>(text: string, params: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(text, params)).rows;
  }

  /** As `sql`, but patient with a server that starts at this moment. */
  async surely<Row extends object>(text: string, params: unknown[] = []): Promise<Row[]> {
    return await eventually(async () => await this.sql<Row>(text, params), {
      timeoutMs: 60_000,
      everyMs: 50,
    });
  }

  /** As by `pg_ctl stop -m immediate`: no checkpoint, no goodbye; the start recovers from the log. */
  async crash(): Promise<void> {
    await this.turns.take(async () => {
      const postmaster = await runningPostmaster(this.home);
      if (postmaster === null) return;
      process.kill(postmaster.pid, 'SIGQUIT');
      await eventually(
        () => {
          if (isAlive(postmaster.pid)) throw new Error('PostgreSQL does not end');
        },
        { timeoutMs: 30_000, everyMs: 5 },
      );
      await this.startAgain();
    });
  }

  /** The fast stop, and a start. */
  async restart(): Promise<void> {
    await this.turns.take(async () => {
      await this.server.stop();
      await this.startAgain();
    });
  }

  async close(): Promise<void> {
    process.off('exit', this.onExit);
    await this.proxy.close();
    await this.pool.end();
    // Also when the way to ask it is gone: it must not be left behind.
    await this.server.stop().catch(() => stopPostmaster(this.home));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get port(): number {
    return Number(new URL(this.server.url).port);
  }

  private launch(): Promise<EmbeddedPostgres> {
    return startEmbeddedPostgres({
      dataDirectory: this.folder,
      log: () => undefined,
      settings: {
        fsync: this.fsync,
        full_page_writes: this.fsync,
        // Whatever was acknowledged survives a crash, or every finding would be the server's.
        synchronous_commit: 'on',
        max_connections: '300',
      },
    });
  }

  private async startAgain(): Promise<void> {
    this.server = await this.launch();
    this.proxy.retarget(this.port);
    const { pool } = this;
    this.pool = this.connect();
    await pool.end();
  }

  private connect(): pg.Pool {
    const pool = new pg.Pool({ connectionString: this.server.url, max: 4, application_name: 'the arena' });
    return pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  }
}

/** The Redis of an arena, without persistence, behind a proxy. */
export class ArenaRedis {
  private readonly turns = new Turns();
  private readonly onExit = (): void => void this.server.stop();

  private constructor(
    private readonly program: string,
    private server: Awaited<ReturnType<typeof startRedisServer>>,
    readonly proxy: FaultProxy,
  ) {
    process.once('exit', this.onExit);
  }

  /** @throws Error where the machine has no Redis */
  static async start(): Promise<ArenaRedis> {
    const program = findRedisProgram();
    if (program === null) throw new Error('No redis-server on PATH');
    const server = await startRedisServer(program);
    return new ArenaRedis(program, server, await FaultProxy.to(server.port));
  }

  /** Past the proxy. */
  get url(): string {
    return this.server.url;
  }

  get proxiedUrl(): string {
    return `redis://127.0.0.1:${this.proxy.port}`;
  }

  /** Ends it, and with it everything it held; up again after that time. */
  async restart(downMs: number): Promise<void> {
    await this.turns.take(async () => {
      await this.server.stop();
      await new Promise((over) => setTimeout(over, downMs));
      this.server = await startRedisServer(this.program, this.server.port);
    });
  }

  async close(): Promise<void> {
    process.off('exit', this.onExit);
    await this.proxy.close();
    await this.server.stop();
  }
}
