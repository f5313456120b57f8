import type { Outcome } from '../domain/outcome.js';
import { monotonicMs } from './deadline.js';
import type { AttemptWork, Executor } from './executor.js';
import { failed } from './failures.js';
import { HostProcess, type HostOptions } from './host-process.js';
import type { PythonInterpreter } from './python-interpreter.js';

/** Runs shell and python attempts in a task host process; starts another when that dies. */
export class TaskHost implements Executor {
  private starting: Promise<HostProcess> | null = null;
  private trustedUntilMs: number | null = null;
  private current: HostProcess | null = null;
  private closed = false;

  constructor(
    private readonly options: HostOptions,
    private readonly python: PythonInterpreter,
  ) {}

  /** Starts the host; rejects when it cannot be started. */
  async start(): Promise<void> {
    await this.host();
  }

  /** Says for how long from now the worker may be trusted; see {@link Executors.keepalive}. */
  keepalive(deadlineMs: number): void {
    this.trustedUntilMs = monotonicMs() + deadlineMs;
    this.current?.keepalive(this.trustedUntilMs);
  }

  async execute(work: AttemptWork, signal: AbortSignal): Promise<Outcome> {
    const python = work.taskType === 'python' ? await this.python.find() : null;
    if (python !== null && 'problem' in python) {
      return failed('interpreter_missing', `No usable python3 was found: ${python.problem}`);
    }
    let host: HostProcess;
    try {
      host = await this.host();
    } catch (error) {
      return failed('executor_lost', `The task host could not be started: ${(error as Error).message}.`);
    }
    return host.run({ work, python: python?.path ?? null }, signal);
  }

  async close(): Promise<void> {
    this.closed = true;
    const host = await this.starting?.catch(() => null);
    await (host ?? this.current)?.close();
  }

  /** The living host; a new one when there is none. Many callers at once share one start. */
  private host(): Promise<HostProcess> {
    if (this.current?.isAlive) return Promise.resolve(this.current);
    this.starting ??= this.startAnother().finally(() => (this.starting = null));
    return this.starting;
  }

  private async startAnother(): Promise<HostProcess> {
    if (this.closed) throw new Error('the executors are closed');
    this.current = await HostProcess.start(this.options);
    if (this.trustedUntilMs !== null) this.current.keepalive(this.trustedUntilMs);
    return this.current;
  }
}
