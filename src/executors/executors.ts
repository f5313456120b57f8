import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcome } from '../domain/outcome.js';
import { stopReasonOf, type AttemptWork, type Executor } from './executor.js';
import { failed, stopped } from './failures.js';
import { sweepAbandonedHosts } from './host-directories.js';
import type { LogKeeper } from './host-process.js';
import { HttpExecutor } from './http.js';
import { noopExecutor } from './noop.js';
import { PythonInterpreter } from './python-interpreter.js';
import { TaskHost } from './task-host.js';

export interface ExecutorsOptions {
  /** Attempts get their directories below it. May be shared by workers, also of several machines. */
  workDirectory: string;
  /** How long a process tree may take to end after TERM, before KILL. */
  killGraceSeconds: number;
  /** Whether http tasks may call private, loopback, link-local and metadata addresses. */
  allowPrivate: boolean;
  /** The server's environment; only {@link INHERITED} of it reaches tasks. */
  environment: Readonly<Record<string, string | undefined>>;
  /**
   * User that task processes run as, so that they can read neither the worker's memory nor its environment. Needs
   * root, and a work directory, an interpreter and an installation of this program that the user can reach.
   */
  taskUser?: { uid: number; gid: number } | null;
  /** Gets what attempts write; without one nothing is kept. */
  logs?: LogKeeper;
  /** How python3 is found: a name on PATH or a path. */
  pythonCommand?: string;
  /** Path of the task host's main.js; the one beside this file unless a test says otherwise. */
  hostEntry?: string;
}

/** The only variables of the server that tasks inherit. */
export const INHERITED = ['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ'] as const;

const DEFAULT_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

/** Runs attempts of every task type. */
export class Executors implements Executor {
  private readonly taskHost: TaskHost;
  private readonly http: HttpExecutor;
  private readonly python: PythonInterpreter;
  private readonly workDirectory: string;

  constructor(options: ExecutorsOptions) {
    const environment = inherited(options.environment);
    this.workDirectory = resolve(options.workDirectory);
    this.python = new PythonInterpreter(options.pythonCommand ?? 'python3', environment);
    this.http = new HttpExecutor({
      allowPrivate: options.allowPrivate,
      ...(options.logs === undefined ? {} : { logs: options.logs }),
    });
    this.taskHost = new TaskHost(
      {
        entry: options.hostEntry ?? fileURLToPath(new URL('./host/main.js', import.meta.url)),
        workDirectory: this.workDirectory,
        killGraceSeconds: options.killGraceSeconds,
        environment,
        taskUser: options.taskUser ?? null,
        logs: options.logs ?? null,
      },
      this.python,
    );
  }

  /** Cleans up after killed workers of this machine and starts the task host; rejects when that fails. */
  async start(): Promise<void> {
    await mkdir(this.workDirectory, { recursive: true, mode: 0o711 });
    await sweepAbandonedHosts(this.workDirectory);
    // Not waited for: a slow shim should not delay the start, and a machine without python runs all the rest.
    void this.python.find();
    await this.taskHost.start();
  }

  /**
   * Says for how long from now this worker may be trusted with its attempts: the rest of its lease, less a margin.
   * When that passes without another call, every process of every attempt is killed, even if this process is
   * stopped. Before the first call there is no limit but this process's life.
   */
  keepalive(deadlineMs: number): void {
    this.taskHost.keepalive(deadlineMs);
  }

  async execute(work: AttemptWork, signal: AbortSignal): Promise<Outcome> {
    // The id names a directory.
    if (!/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}$/.test(work.attemptId)) {
      return failed('internal', `The attempt id is malformed: ${JSON.stringify(work.attemptId)}.`);
    }
    if (signal.aborted) return stopped(stopReasonOf(signal), work.timeoutSeconds);
    try {
      return await this.executorOf(work).execute(work, signal);
    } catch (error) {
      return failed('internal', `The ${work.taskType} executor failed: ${(error as Error).message}`);
    }
  }

  /** Ends the task host and everything that still runs; attempts running then settle as `executor_lost`. */
  async close(): Promise<void> {
    await Promise.all([this.taskHost.close(), this.http.close()]);
  }

  private executorOf(work: AttemptWork): Executor {
    switch (work.taskType) {
      case 'noop':
        return noopExecutor;
      case 'http':
        return this.http;
      case 'shell':
      case 'python':
        return this.taskHost;
    }
  }
}

function inherited(environment: ExecutorsOptions['environment']): Record<string, string> {
  const chosen: Record<string, string> = { ...DEFAULT_ENVIRONMENT };
  for (const name of INHERITED) {
    const value = environment[name];
    if (value !== undefined && value !== '') chosen[name] = value;
  }
  return chosen;
}
