import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { runToEnd } from '../support/processes.js';
import { freePort } from '../support/redis-server.mjs';
import { Member, type MemberRole } from './member.js';
import { ArenaPostgres, ArenaRedis } from './servers.js';

export interface ArenaSettings {
  apis: number;
  schedulers: number;
  workers: number;
  /** Attempts at once, per worker. */
  slots: number;
  heartbeatSeconds: number;
  leaseSeconds: number;
  backend: 'redis' | 'postgres';
  /** `on`: as in production. `off`: quicker, and a crash of the server (not of the machine) still loses nothing. */
  fsync: 'on' | 'off';
}

/** What a failpoint wrote into its process's journal. */
export interface JournalLine {
  atMs: number;
  pid: number;
  /** `seen`, or what it did. */
  what: string;
  point: string;
  /** Of the failpoint that fired. */
  id: string | undefined;
}

export const QUEUE_PREFIX = 'chaos';

/** One installation as it is run in earnest: real processes of `dist` under supervisors, real servers behind proxies. */
export class Arena {
  readonly members: Member[] = [];

  private constructor(
    readonly settings: ArenaSettings,
    /** Removed at the end: work of attempts, journals, logs, witnesses. */
    readonly folder: string,
    readonly postgres: ArenaPostgres,
    readonly redis: ArenaRedis | null,
  ) {}

  static async open(settings: ArenaSettings): Promise<Arena> {
    const folder = mkdtempSync(join(tmpdir(), 'dts-chaos-'));
    for (const name of ['work', 'journal', 'logs', 'witness']) mkdirSync(join(folder, name));
    const [postgres, redis] = await Promise.all([
      ArenaPostgres.start(settings.fsync),
      settings.backend === 'redis' ? ArenaRedis.start() : null,
    ]);
    const arena = new Arena(settings, folder, postgres, redis);
    try {
      await arena.migrate();
      for (const [role, count] of [
        ['api', settings.apis],
        ['scheduler', settings.schedulers],
        ['worker', settings.workers],
      ] as const)
        for (let index = 1; index <= count; index++) arena.members.push(await arena.member(role, index));
      for (const member of arena.members) member.start();
      await arena.ready();
      return arena;
    } catch (error) {
      await arena.close();
      throw error;
    }
  }

  get workDirectory(): string {
    return join(this.folder, 'work');
  }

  get witnessDirectory(): string {
    return join(this.folder, 'witness');
  }

  get logDirectory(): string {
    return join(this.folder, 'logs');
  }

  get apiUrls(): string[] {
    return this.of('api').map(({ url }) => url);
  }

  of(role: MemberRole): Member[] {
    return this.members.filter((member) => member.role === role);
  }

  /** The member of that name. */
  at(name: string | null): Member {
    const found = this.members.find((member) => member.name === name);
    if (!found) throw new Error(`The arena has no process ${name}`);
    return found;
  }

  /** Waits until everyone is ready, or throws with who is not. */
  async ready(timeoutMs = 240_000): Promise<void> {
    await eventually(
      async () => {
        const states = await Promise.all(this.members.map((member) => member.isReady()));
        const missing = this.members.filter((_, index) => !states[index]).map(({ name }) => name);
        if (missing.length > 0) throw new Error(`Not ready: ${missing.join(', ')}`);
      },
      { timeoutMs, everyMs: 100 },
    );
  }

  /** Takes every fault back that is still in force, and waits for everyone. */
  async repair(): Promise<void> {
    this.postgres.commits.relent();
    await Promise.all([this.postgres.proxy.mend(), this.redis?.proxy.mend()]);
    for (const member of this.members) {
      member.skew(0);
      member.resume();
    }
    await this.ready();
  }

  /** What the failpoints of all processes so far have written. */
  journal(): JournalLine[] {
    const folder = join(this.folder, 'journal');
    return readdirSync(folder)
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
      .filter((line) => line !== '')
      .map((line) => {
        const [atMs, pid, what, point, id] = line.split(' ');
        return { atMs: Number(atMs), pid: Number(pid), what, point, id };
      });
  }

  /** SIGTERM to all, api last: it still serves who waits. @returns who did not end with code 0 */
  async stopProcesses(): Promise<string[]> {
    const faults: string[] = [];
    for (const role of ['scheduler', 'worker', 'api'] as const)
      await Promise.all(
        this.of(role).map(async (member) => {
          const exit = await member.leave();
          if (exit?.code !== 0) faults.push(`${member.name} ended with ${JSON.stringify(exit)}`);
        }),
      );
    return faults;
  }

  /** Ends whatever is left and removes what it made. */
  async close(): Promise<void> {
    await this.stopProcesses();
    await Promise.all([this.postgres.close(), this.redis?.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async migrate(): Promise<void> {
    const { code, output } = await runToEnd(['dist/migrate.js'], {
      DATABASE_URL: this.postgres.url,
      QUEUE_BACKEND: this.settings.backend,
    });
    if (code !== 0) throw new Error(`The schema could not be made:\n${output}`);
  }

  private async member(role: MemberRole, index: number): Promise<Member> {
    const { heartbeatSeconds, leaseSeconds, slots, backend } = this.settings;
    const name = `${role}-${index}`;
    return new Member({
      name,
      role,
      journal: join(this.folder, 'journal', name),
      logFile: join(this.logDirectory, `${name}.log`),
      env: {
        ROLE: role,
        PORT: String(await freePort()),
        DATABASE_URL: this.postgres.proxiedUrl,
        // The postgres backend must not so much as look at Redis: this address would show.
        REDIS_URL: this.redis?.proxiedUrl ?? 'redis://127.0.0.1:1',
        QUEUE_BACKEND: backend,
        QUEUE_PREFIX,
        DATABASE_POOL_SIZE: '6',
        MAX_CONCURRENT_JOBS: String(slots),
        HEARTBEAT_SECONDS: String(heartbeatSeconds),
        LEASE_SECONDS: String(leaseSeconds),
        SHUTDOWN_GRACE_SECONDS: '2',
        KILL_GRACE_SECONDS: '1',
        RETRY_BASE_DELAY: '0.5',
        RETRY_MAX_DELAY: '5',
        HTTP_ALLOW_PRIVATE: 'true',
        WORK_DIRECTORY: this.workDirectory,
      },
    });
  }
}
