import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './redis-server.mjs';

const PROJECT = resolve(import.meta.dirname, '../..');
const READY_TIMEOUT_MS = 60_000;
const OUTPUT_LIMIT = 256 * 1024;

export interface ExitOf {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  pid: number;
  /** http://127.0.0.1:<port> */
  url: string;
  /** What it wrote so far, both streams, the last 256 KiB. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** One message over the channel to the process, and every one from it; only where it was launched with one. */
  send(message: object): void;
  onMessage(listener: (message: object) => void): void;
  exited: Promise<ExitOf>;
  /** SIGTERM, and KILL after the time; waits for the end. */
  stop(withinMs?: number): Promise<ExitOf>;
}

const running = new Set<RunningProcess>();
// Whatever a failed test forgot goes when the test file ends.
process.once('exit', () => running.forEach((one) => one.signal('SIGKILL')));

/**
 * Starts `node dist/main.js` (or other arguments) with exactly this environment plus PATH, HOST and a free PORT, in an
 * empty directory so that no `.env` of the developer takes part, and waits until `/health/live` answers.
 */
export async function startProcess(
  env: Record<string, string>,
  options: { args?: string[]; until?: string } = {},
): Promise<RunningProcess> {
  const one = await launchProcess(env, options.args);
  let isGone = false;
  void one.exited.then(() => (isGone = true));
  for (const deadline = Date.now() + READY_TIMEOUT_MS; ; await pause(50)) {
    const answer = await fetch(one.url + (options.until ?? '/health/live')).catch(() => null);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.ok) return one;
    if (isGone || Date.now() > deadline) {
      one.signal('SIGKILL');
      throw new Error(`The process ${isGone ? 'ended' : 'did not become ready'}:\n${one.output()}`);
    }
  }
}

/** As `startProcess`, but without waiting for anything: for processes that are not to become ready. */
export async function launchProcess(
  env: Record<string, string>,
  args: string[] = ['dist/main.js'],
  channel: 'channel' | 'none' = 'none',
): Promise<RunningProcess> {
  const port = env.PORT ?? String(await freePort());
  const child = launch(args, { HOST: '127.0.0.1', PORT: port, ...env }, channel);
  const one: RunningProcess = {
    pid: child.process.pid ?? -1,
    url: `http://127.0.0.1:${port}`,
    output: child.output,
    signal: (signal) => void child.process.kill(signal),
    // A process that ends at this moment does not hear of it, and need not.
    send: (message) => void (child.process.connected && child.process.send(message, () => undefined)),
    onMessage: (listener) => void child.process.on('message', listener),
    exited: child.exited,
    stop: async (withinMs = 30_000) => {
      child.process.kill('SIGTERM');
      const timer = setTimeout(() => child.process.kill('SIGKILL'), withinMs);
      return child.exited.finally(() => clearTimeout(timer));
    },
  };
  running.add(one);
  void child.exited.then(() => running.delete(one));
  return one;
}

/** Runs a program of the project to its end, with exactly this environment plus PATH. */
export async function runToEnd(
  args: string[],
  env: Record<string, string>,
  withinMs = 60_000,
): Promise<ExitOf & { output: string }> {
  const child = launch(args, env);
  const timer = setTimeout(() => child.process.kill('SIGKILL'), withinMs);
  const exit = await child.exited;
  clearTimeout(timer);
  return { ...exit, output: child.output() };
}

/** Stops all that `startProcess` started and still runs; for `afterAll` and `afterEach`. */
export async function stopAllProcesses(): Promise<void> {
  await Promise.all([...running].map((one) => one.stop()));
}

function launch(args: string[], env: Record<string, string>, channel: 'channel' | 'none' = 'none') {
  const directory = mkdtempSync(join(tmpdir(), 'dts-test-process-'));
  // Files of the project are named from its root.
  const fromRoot = args.map((arg) => (existsSync(join(PROJECT, arg)) ? join(PROJECT, arg) : arg));
  const child: ChildProcess = spawn(process.execPath, fromRoot, {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', DATA_DIRECTORY: directory, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(channel === 'channel' ? (['ipc'] as const) : [])],
  });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-OUTPUT_LIMIT));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const exited = new Promise<ExitOf>((settle) => {
    child.once('close', (code, signal) => {
      rmSync(directory, { recursive: true, force: true });
      settle({ code, signal });
    });
  });
  return { process: child, output: () => output, exited };
}
