/**
 * One started process of an attempt, with everything it starts: captured, timed, stopped, and gone at the end.
 *
 * The end is the leader's `exit`, not its `close`: a child left behind may hold the pipes open for ever. After the
 * exit the pipes get a short grace to drain; then whatever is left of the tree is killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs, onDeadline } from '../deadline.js';
import type { StopReason } from '../executor.js';
import type { AttemptLog } from './attempt-log.js';
import { CapturedStream } from './captured-stream.js';
import { ProcessTree } from './process-tree.js';

/** How long the pipes may stay open after the leader's exit. */
const DRAIN_MS = 250;
/** How often the tree is looked at while it may end by itself after TERM. */
const GRACE_LOOK_MS = 25;

export interface Launch {
  file: string;
  args: string[];
  cwd: string;
  environment: Record<string, string>;
  /** Text for standard input; null gives an empty one. */
  stdin: string | null;
}

export interface LaunchLimits {
  timeoutSeconds: number;
  /** How long the tree may take to end after TERM. */
  graceMs: number;
  cookie: string;
  /** The attempt's directory. */
  directory: string;
  taskUser: { uid: number; gid: number } | null;
  /** Gets what the process writes, as it comes. */
  log: AttemptLog | null;
}

export interface Ending {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: CapturedStream;
  stderr: CapturedStream;
  /** Why it was stopped; null when it ended by itself. */
  stopReason: StopReason | null;
  /** True when something of the tree did not die of SIGKILL. */
  unkillable: boolean;
}

export class TaskProcess {
  /** Settles when nothing of the tree is left; rejects when the process could not be started. */
  readonly ended: Promise<Ending>;
  private readonly child: ChildProcess;
  private readonly tree: ProcessTree;
  private readonly exited: Promise<void>;
  private readonly stopAsked = new Signpost();
  private readonly graceOver = new Signpost();
  private stopReason: StopReason | null = null;

  /** Throws what spawn throws for impossible arguments. */
  constructor(
    launch: Launch,
    private readonly limits: LaunchLimits,
  ) {
    const startedAtMs = monotonicMs();
    this.child = spawn(launch.file, launch.args, {
      cwd: launch.cwd,
      env: launch.environment,
      // A session and group of its own: one signal reaches the tree, and never the host's own group.
      detached: true,
      stdio: [launch.stdin === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(limits.taskUser ?? {}),
    });
    this.exited = new Promise((resolve) => this.child.once('exit', () => resolve()));
    const failedToStart = new Promise<never>((_, reject) => this.child.on('error', reject));
    const { pid } = this.child;
    this.tree = new ProcessTree({
      cookie: limits.cookie,
      directory: limits.directory,
      leaders: pid === undefined ? [] : [pid],
      startedAtMs,
    });
    if (pid === undefined) {
      this.ended = failedToStart;
      return;
    }
    // A task that does not read its input breaks the pipe: no failure of ours.
    this.child.stdin?.on('error', () => undefined).end(launch.stdin);
    const cancelTimeout = onDeadline(startedAtMs + limits.timeoutSeconds * 1_000, () =>
      this.stop('timeout', false),
    );
    this.ended = Promise.race([failedToStart, this.watch()]).finally(cancelTimeout);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Stops the tree: TERM, grace, KILL; with `atOnce` KILL now, also in the middle of an earlier stop's grace. */
  stop(reason: StopReason, atOnce: boolean): void {
    this.stopReason ??= reason;
    if (atOnce) this.graceOver.pass();
    this.stopAsked.pass();
  }

  private async watch(): Promise<Ending> {
    const stdout = new CapturedStream(this.child.stdout!);
    const stderr = new CapturedStream(this.child.stderr!);
    this.limits.log?.follow('stdout', this.child.stdout!);
    this.limits.log?.follow('stderr', this.child.stderr!);
    await Promise.race([this.exited, this.stopAsked.passed]);
    if (this.stopReason !== null) await this.endByTerm();
    else
      await Promise.race([Promise.all([stdout.ended, stderr.ended]), this.stopAsked.passed, delay(DRAIN_MS)]);
    const dead = await this.tree.kill();
    if (dead) await this.exited;
    await Promise.race([Promise.all([stdout.ended, stderr.ended]), delay(DRAIN_MS)]);
    stdout.abandon();
    stderr.abandon();
    return {
      exitCode: this.child.exitCode,
      signal: this.child.signalCode,
      stdout,
      stderr,
      stopReason: this.stopReason,
      unkillable: !dead,
    };
  }

  /** Asks the whole tree to end, and returns when it did or the grace is over. */
  private async endByTerm(): Promise<void> {
    const graceOverAtMs = monotonicMs() + this.limits.graceMs;
    const isOver = (): boolean => this.graceOver.isPassed || monotonicMs() >= graceOverAtMs;
    if (isOver()) return;
    await this.tree.signal('SIGTERM');
    while (!isOver() && (await this.tree.isAlive())) {
      const rest = Math.min(GRACE_LOOK_MS, Math.max(1, graceOverAtMs - monotonicMs()));
      await Promise.race([delay(rest), this.graceOver.passed]);
    }
  }
}

/** A moment that many can wait for. */
class Signpost {
  isPassed = false;
  pass!: () => void;
  readonly passed = new Promise<void>((resolve) => {
    this.pass = () => {
      this.isPassed = true;
      resolve();
    };
  });
}
