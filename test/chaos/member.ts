import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type ExitOf, launchProcess, type RunningProcess } from '../support/processes.js';

export type MemberRole = 'api' | 'scheduler' | 'worker';

/** How long a supervisor takes to notice and start anew. */
const RESTART_MS = 500;
const OUTPUT_LINES = 40;

/** One process from its start to its end. */
export interface Life {
  pid: number;
  startedAt: number;
  endedAt: number | null;
  exit: ExitOf | null;
  /** The fault that ended it; null while it runs, and when nothing did that we know of. */
  cause: string | null;
  /** Its last lines, of an end that no fault caused. */
  lastLines: string[];
}

export interface MemberSettings {
  name: string;
  role: MemberRole;
  env: Record<string, string>;
  /** Written to by the failpoints in the process. */
  journal: string;
  /** What all processes write, one file per member. */
  logFile: string;
}

/** See faults/failpoints.mjs. */
export interface Failpoint {
  id: string;
  point: string;
  action: string;
  nth: number;
  stallMs: number;
}

export interface Measure {
  heapUsed: number;
  rss: number;
}

const PRELOAD = ['--expose-gc', '--import', 'test/chaos/faults/failpoints.mjs', 'dist/main.js'];

/**
 * One place of the installation: a process, and the supervisor that replaces it when it has ended, as Kubernetes would.
 * It remembers each of its lives.
 */
export class Member {
  readonly lives: Life[] = [];
  private current: RunningProcess | null = null;
  private isLeaving = false;
  private isStopped = false;
  private skewMs = 0;
  private expected: string | null = null;
  private running: Promise<void> = Promise.resolve();
  private standing: Promise<unknown> = Promise.resolve();
  private measured: ((measure: Measure) => void) | null = null;

  constructor(private readonly settings: MemberSettings) {}

  get name(): string {
    return this.settings.name;
  }

  get role(): MemberRole {
    return this.settings.role;
  }

  get url(): string {
    return `http://127.0.0.1:${this.settings.env.PORT}`;
  }

  /** null between two lives. */
  get pid(): number | null {
    return this.current?.pid ?? null;
  }

  /** Begins the first life; the others follow by themselves until `leave`. */
  start(): void {
    this.running = this.supervise();
  }

  /** Whether it answers that it is ready. */
  async isReady(): Promise<boolean> {
    if (this.current === null || this.isStopped) return false;
    const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => null,
    );
    await answer?.arrayBuffer().catch(() => undefined);
    return answer?.ok ?? false;
  }

  /** Ends the present life by a signal, in the name of a fault. @returns its pid, or null when none runs */
  end(signal: 'SIGKILL' | 'SIGTERM', cause: string): number | null {
    const { pid } = this;
    if (this.current === null || pid === null) return null;
    this.expected = cause;
    this.current.signal(signal);
    // A stopped process does not act on SIGTERM.
    if (this.isStopped) this.resume();
    return pid;
  }

  /** One after the other: who goes on at the end of one standstill must not cut another short. */
  async standstill<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.standing.then(work);
    this.standing = mine.catch(() => undefined);
    return await mine;
  }

  stop(): number | null {
    if (this.current === null) return null;
    this.isStopped = true;
    this.current.signal('SIGSTOP');
    return this.current.pid;
  }

  resume(): void {
    this.isStopped = false;
    this.current?.signal('SIGCONT');
  }

  /** The clock of its next lives. */
  skew(skewMs: number): void {
    this.skewMs = skewMs;
  }

  arm(failpoint: Failpoint): void {
    this.current?.send({ ...failpoint, arm: failpoint.id });
  }

  disarm(id: string): void {
    this.current?.send({ disarm: id });
  }

  async measure(): Promise<Measure | null> {
    if (this.current === null) return null;
    const answer = new Promise<Measure>((settle) => (this.measured = settle));
    this.current.send({ measure: true });
    return await Promise.race([answer, pause(3_000, null, { ref: false })]);
  }

  /** The clean end of the last life. @returns how it ended */
  async leave(): Promise<ExitOf | null> {
    this.isLeaving = true;
    this.end('SIGTERM', 'the end of the run');
    const late = setTimeout(() => this.current?.signal('SIGKILL'), 40_000);
    await this.running;
    clearTimeout(late);
    return this.lives.at(-1)?.exit ?? null;
  }

  private async supervise(): Promise<void> {
    while (!this.isLeaving) {
      const env = { ...this.settings.env, CHAOS_JOURNAL: this.settings.journal };
      const skewed = this.skewMs === 0 ? env : { ...env, CHAOS_CLOCK_SKEW_MS: String(this.skewMs) };
      const one = await launchProcess(skewed, PRELOAD, 'channel');
      await this.live(one);
      if (!this.isLeaving) await pause(RESTART_MS);
    }
  }

  private async live(one: RunningProcess): Promise<void> {
    const life: Life = {
      pid: one.pid,
      startedAt: Date.now(),
      endedAt: null,
      exit: null,
      cause: null,
      lastLines: [],
    };
    this.lives.push(life);
    this.expected = null;
    this.isStopped = false;
    one.onMessage((message) => {
      if ('measured' in message) this.measured?.(message.measured as Measure);
    });
    this.current = one;
    life.exit = await one.exited;
    this.current = null;
    life.endedAt = Date.now();
    life.cause = this.expected ?? this.ownEnd(life.pid);
    if (life.cause === null) life.lastLines = one.output().trimEnd().split('\n').slice(-OUTPUT_LINES);
    appendFileSync(
      this.settings.logFile,
      `${one.output()}\n--- ${JSON.stringify({ ...life, lastLines: undefined })}\n`,
    );
  }

  /** A process that killed itself at a failpoint has said so in its journal, as the last thing it did. */
  private ownEnd(pid: number): string | null {
    try {
      const [, of, what, point] = readFileSync(this.settings.journal, 'utf8')
        .trimEnd()
        .split('\n')
        .at(-1)!
        .split(' ');
      return what === 'kill' && Number(of) === pid ? `failpoint ${point}` : null;
    } catch {
      return null;
    }
  }
}
