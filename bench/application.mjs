import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../test/support/redis-server.mjs';

const MAIN = resolve(import.meta.dirname, '../dist/main.js');

/** Starts `node dist/main.js` and waits until it is ready. Its log goes to stderr with `BENCH_LOG=1`. */
export async function startApplication(env) {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'dts-bench-'));
  const child = spawn(process.execPath, [MAIN], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'warn',
      DATA_DIRECTORY: directory,
      ...env,
    },
    stdio: ['ignore', process.env.BENCH_LOG ? 2 : 'ignore', process.env.BENCH_LOG ? 2 : 'ignore'],
  });
  const exited = new Promise((done) => child.once('exit', done));
  const url = `http://127.0.0.1:${port}`;
  for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null);
    if (answer?.ok) break;
    if (Date.now() > deadline || child.exitCode !== null)
      throw new Error('The application did not become ready (BENCH_LOG=1 shows why)');
  }
  return {
    url,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function call(url, method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const value = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(value)}`);
  return value;
}

/**
 * Waits for the end of a job. Asks the database, seldom, and not the API: what is measured shares its two cores with us.
 * The moment of the end is the row's `finished_at`, so asking late costs no accuracy.
 *
 * @returns the job's row
 */
export async function jobEnd(database, runId, everyMs = 40, withinMs = 120_000) {
  const text = 'SELECT status, finished_at FROM jobs WHERE run_id = $1';
  for (const deadline = Date.now() + withinMs; ; await sleep(everyMs)) {
    const { rows } = await database.query({ name: 'job-end', text, values: [runId] });
    if (rows[0]?.finished_at) return rows[0];
    if (Date.now() > deadline) throw new Error(`Job ${runId} did not end`);
  }
}
