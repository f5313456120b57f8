/**
 * The worker's end of one task host process.
 *
 * When the process dies, whatever it ran is killed from here and its directory removed; only then do its attempts
 * settle, as `executor_lost`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { LogPiece } from '../domain/log-piece.js';
import type { Outcome } from '../domain/outcome.js';
import { monotonicMs, onDeadline } from './deadline.js';
import { stopReasonOf } from './executor.js';
import { failed } from './failures.js';
import { newHostId, sweepHost } from './host-directories.js';
import type { FromHost, HostAttempt, HostSettings, ToHost } from './host/protocol.js';

const READY_WITHIN_MS = 15_000;
const LEAVE_WITHIN_MS = 15_000;
/** A host that has not ended a stopped attempt so long after the kill grace hangs, and is killed itself. */
const HANGS_AFTER_MS = 60_000;

/**
 * Limits that every task inherits: no core files, and no more open files than a task may need. They are lowered for
 * the host as a whole, which costs nothing per attempt.
 */
const LIMITED = 'ulimit -c 0; (ulimit -n 4096) 2>/dev/null && ulimit -n 4096; exec "$@"';

export interface HostOptions {
  /** Path of the host's main.js. */
  entry: string;
  workDirectory: string;
  killGraceSeconds: number;
  environment: Record<string, string>;
  taskUser: { uid: number; gid: number } | null;
  /** null when nobody keeps logs. */
  logs: LogKeeper | null;
}

/** Who keeps what attempts write. */
export interface LogKeeper {
  /** Most bytes of one attempt's log. */
  maxBytes: number;
  /** Takes what an attempt wrote since the last call. All of it is given before the attempt settles. Must not throw. */
  take(attemptId: string, pieces: readonly LogPiece[]): void;
}

interface Running {
  pid: number | null;
  settle: (outcome: Outcome) => void;
}

export class HostProcess {
  /** Settles after the process and everything it ran are gone. */
  readonly gone: Promise<void>;
  private readonly running = new Map<string, Running>();
  private readonly settings: HostSettings;
  private readonly child: ChildProcess;
  private readonly ready: Promise<void>;
  private isReady = (): void => undefined;

  private constructor(private readonly options: HostOptions) {
    const hostId = newHostId();
    const { killGraceSeconds, environment, taskUser, logs } = options;
    this.settings = {
      hostId,
      directory: join(options.workDirectory, hostId),
      killGraceSeconds,
      environment,
      taskUser,
      logMaxBytes: logs?.maxBytes ?? null,
    };
    this.ready = new Promise((resolve) => (this.isReady = resolve));
    this.child = spawn('/bin/sh', ['-c', LIMITED, 'task-host', process.execPath, options.entry], {
      // Tasks can read the environment of their parent process: it holds no more than theirs.
      env: environment,
      // Out of the worker's group, so that Ctrl-C reaches the worker alone, which then drains.
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (message) => this.take(message as FromHost));
    this.gone = new Promise<void>((resolve) => {
      this.child.once('exit', () => resolve());
      this.child.once('error', () => resolve());
    }).then(() => this.bury());
  }

  /** Starts a host and waits until it takes work; rejects when it does not. */
  static async start(options: HostOptions): Promise<HostProcess> {
    const host = new HostProcess(options);
    host.send({ kind: 'settings', settings: host.settings });
    let cancel = (): void => undefined;
    const late = new Promise<'late'>((resolve) => {
      cancel = onDeadline(monotonicMs() + READY_WITHIN_MS, () => resolve('late'));
    });
    const first = await Promise.race([host.ready.then(() => 'ready'), host.gone.then(() => 'gone'), late]);
    cancel();
    if (first === 'ready') return host;
    host.child.kill('SIGKILL');
    await host.gone;
    throw new Error(
      first === 'late' ? `it was not ready within ${READY_WITHIN_MS / 1_000} s` : 'it ended at once',
    );
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null && this.child.connected;
  }

  keepalive(untilMs: number): void {
    this.send({ kind: 'keepalive', untilMs });
  }

  /** Runs one attempt to its end. Never rejects. */
  async run(attempt: HostAttempt, signal: AbortSignal): Promise<Outcome> {
    const { attemptId, timeoutSeconds } = attempt.work;
    if (this.running.has(attemptId)) return failed('internal', `The attempt ${attemptId} runs already.`);
    const patienceMs = this.options.killGraceSeconds * 1_000 + HANGS_AFTER_MS;
    const giveUp = (): void => void this.child.kill('SIGKILL');
    let cancelGiveUp = onDeadline(monotonicMs() + timeoutSeconds * 1_000 + patienceMs, giveUp);
    const stop = (): void => {
      this.send({ kind: 'stop', attemptId, reason: stopReasonOf(signal) });
      cancelGiveUp();
      cancelGiveUp = onDeadline(monotonicMs() + patienceMs, giveUp);
    };
    try {
      return await new Promise<Outcome>((settle) => {
        this.running.set(attemptId, { pid: null, settle });
        if (!this.isAlive) return void this.gone.then(() => settle(lost()));
        this.send({ kind: 'run', attempt });
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
      });
    } finally {
      signal.removeEventListener('abort', stop);
      cancelGiveUp();
      this.running.delete(attemptId);
    }
  }

  /** Ends the host and everything it runs. */
  async close(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    const cancel = onDeadline(monotonicMs() + LEAVE_WITHIN_MS, () => void this.child.kill('SIGKILL'));
    await this.gone;
    cancel();
  }

  private take(message: FromHost): void {
    switch (message.kind) {
      case 'ready':
        return this.isReady();
      case 'started': {
        const running = this.running.get(message.attemptId);
        if (running !== undefined) running.pid = message.pid;
        return;
      }
      case 'log':
        if (this.running.has(message.attemptId)) this.options.logs?.take(message.attemptId, message.pieces);
        return;
      case 'ended':
        this.running.get(message.attemptId)?.settle(message.outcome);
        return;
    }
  }

  private send(message: ToHost): void {
    // A channel that broke is no news here: the exit that follows settles everything.
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private async bury(): Promise<void> {
    const leaders = [...this.running.values()].flatMap(({ pid }) => pid ?? []);
    try {
      await sweepHost(this.settings.hostId, this.settings.directory, leaders);
    } catch (error) {
      console.error(`task host: its directory could not be removed: ${(error as Error).message}`);
    }
    for (const { settle } of this.running.values()) settle(lost());
  }
}

function lost(): Outcome {
  return failed(
    'executor_lost',
    'The task host process ended while the attempt ran; what it had started was killed.',
  );
}
