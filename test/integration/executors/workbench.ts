import { jest } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from '../../../src/domain/outcome.js';
import type { AttemptWork } from '../../../src/executors/executor.js';
import { Executors, type ExecutorsOptions } from '../../../src/executors/executors.js';
import { eventually } from '../../support/eventually.js';
import { compileExecutors, type CompiledExecutors } from './compiled-executors.js';

// Real processes on a busy machine: an interpreter alone may take a second to start.
jest.setTimeout(60_000);

let count = 0;

/** An attempt with everything but its type and config at harmless values. */
export function attemptOf(
  taskType: AttemptWork['taskType'],
  config: AttemptWork['config'],
  rest: Partial<AttemptWork> = {},
): AttemptWork {
  count += 1;
  return {
    attemptId: `0190f5c0-7b1c-7000-8000-${String(process.pid).padStart(12, '0')}.0.${count}`,
    runId: '0190f5c0-7b1c-7000-8000-000000000001',
    dagName: 'etl',
    taskName: 'load',
    taskType,
    attempt: 1,
    config,
    params: {},
    inputs: {},
    scheduledFor: null,
    timeoutSeconds: 30,
    ...rest,
  };
}

/** Real executors over a real task host, in a work directory of their own. */
export class Workbench {
  private constructor(
    readonly executors: Executors,
    readonly workDirectory: string,
    readonly compiled: CompiledExecutors,
  ) {}

  static async open(options: Partial<ExecutorsOptions> = {}): Promise<Workbench> {
    const compiled = await compileExecutors();
    const workDirectory = options.workDirectory ?? (await mkdtemp(join(tmpdir(), 'dts-executors-')));
    const executors = new Executors({
      workDirectory,
      killGraceSeconds: 0.3,
      allowPrivate: true,
      environment: process.env,
      hostEntry: compiled.hostEntry,
      ...options,
    });
    const bench = new Workbench(executors, workDirectory, compiled);
    try {
      await executors.start();
    } catch (error) {
      await bench.dispose();
      if (options.workDirectory === undefined) await rm(workDirectory, { recursive: true });
      throw error;
    }
    return bench;
  }

  run(work: AttemptWork, signal: AbortSignal = new AbortController().signal): Promise<Outcome> {
    return this.executors.execute(work, signal);
  }

  shell(
    command: string,
    config: AttemptWork['config'] = {},
    rest: Partial<AttemptWork> = {},
  ): Promise<Outcome> {
    return this.run(attemptOf('shell', { command, ...config }, rest));
  }

  python(
    code: string,
    config: AttemptWork['config'] = {},
    rest: Partial<AttemptWork> = {},
  ): Promise<Outcome> {
    return this.run(attemptOf('python', { code, ...config }, rest));
  }

  /** The directories of attempts that are there now. */
  async attemptDirectories(): Promise<string[]> {
    const hosts = await readdir(this.workDirectory);
    const lists = await Promise.all(hosts.map((host) => readdir(join(this.workDirectory, host))));
    return lists.flat();
  }

  /** Process id of the task host: the one whose command line has our entry. */
  hostPid(): number {
    const [pid, ...others] = processesMentioning(this.compiled.hostEntry);
    if (pid === undefined || others.length > 0)
      throw new Error(`expected one task host, found ${others.length + 1}`);
    return pid;
  }

  /** Fails when an attempt left a process or a directory. */
  async expectNothingLeft(): Promise<void> {
    expect(await this.attemptDirectories()).toEqual([]);
    expect(processesMentioning(this.workDirectory)).toEqual([]);
  }

  async close(): Promise<void> {
    await this.executors.close();
    expect(await readdir(this.workDirectory)).toEqual([]);
    expect(processesMentioning(this.workDirectory, this.compiled.hostEntry)).toEqual([]);
    await rm(this.workDirectory, { recursive: true });
    await this.dispose();
  }

  /** Removes what was compiled. */
  dispose(): Promise<void> {
    return this.compiled.remove();
  }
}

/** The streams in a shell task's output; fails when it did not succeed. */
export function streamsOf(outcome: Outcome): { stdout: string; stderr: string } {
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return outcome.output as { stdout: string; stderr: string };
}

/** Living processes (not zombies) with one of the texts in their command line or environment; never this one. */
export function processesMentioning(...texts: string[]): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .filter((pid) => {
      try {
        const state = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)![0];
        const said =
          readFileSync(`/proc/${pid}/cmdline`, 'latin1') + readFileSync(`/proc/${pid}/environ`, 'latin1');
        return state !== 'Z' && texts.some((text) => said.includes(text));
      } catch {
        return false;
      }
    });
}

/** An argument for `sleep` that no other process has. */
export function uniqueSleep(): string {
  return `${3_000 + Math.floor(Math.random() * 1_000)}.${process.pid}${Math.floor(Math.random() * 1e6)}`;
}

/** The processes that are exactly `sleep <seconds>`. */
export function sleepers(seconds: string): number[] {
  return processesMentioning(seconds).filter((pid) => commandOf(pid) === `sleep\0${seconds}\0`);
}

/** Waits until the task has started its `sleep`. */
export function sleeping(seconds: string): Promise<void> {
  return eventually(() => expect(sleepers(seconds)).toHaveLength(1), { timeoutMs: 20_000 });
}

function commandOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return null;
  }
}
