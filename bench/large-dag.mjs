/*
 * How one DAG grows: 1,000, 10,000 and 100,000 no-op tasks (SIZES), in three shapes, through the whole product on Redis.
 *
 *   npm run build && node bench/large-dag.mjs       (SIZES=1000,10000,100000 SHAPES=fan,roots,layers REPEATS=3)
 *
 * fan: 1 → n - 2 → 1. roots: n tasks that wait for nothing. layers: ten of n / 10, each task below two of the layer above.
 *
 * Per run: from `POST /jobs` being sent until its whole answer is read; until the job's `finished_at`, both on this
 * machine's clock; every task checked to have succeeded in exactly one attempt. Memory is that of the one process that
 * does everything (ROLE=all): before the first run, the peak over all runs of the row, and after them, once the process
 * has been left alone for a moment. The peak depends on when V8 collects; what must not happen is that `after` grows
 * from row to row of the same size, or the peak faster than the size.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../dist/embedded/embedded-postgres.js';
import { findRedisProgram, startRedisServer } from '../test/support/redis-server.mjs';
import { call, jobEnd, startApplication } from './application.mjs';
import { median, spread, table } from './measure.mjs';

const SIZES = (process.env.SIZES ?? '1000,10000,100000').split(',').map(Number);
const SHAPES = (process.env.SHAPES ?? 'fan,roots,layers').split(',');
const REPEATS = Number(process.env.REPEATS ?? 3);
const SLOTS = 100;
const LAYERS = 10;
const SAMPLE_MS = 50;
/** Within which the process has nothing left to do behind the end of a job. */
const REST_MS = 3_000;
/** One job of 100,000 tasks on a machine that has other things to do. */
const LONGEST_MS = 540_000;

const noop = (name, dependencies = []) => ({ name, task_type: 'noop', config: {}, dependencies });
const numbered = (count, make) => Array.from({ length: count }, (_, index) => make(index));

const MAKE = {
  fan: (size) => {
    const middle = numbered(size - 2, (i) => noop(`m${i}`, ['root']));
    return [
      noop('root'),
      ...middle,
      noop(
        'sink',
        middle.map((task) => task.name),
      ),
    ];
  },
  roots: (size) => numbered(size, (i) => noop(`t${i}`)),
  layers: (size) => {
    const width = size / LAYERS;
    const above = (i, step) => `t${(Math.floor(i / width) - 1) * width + ((i + step) % width)}`;
    return numbered(size, (i) => noop(`t${i}`, i < width ? [] : [above(i, 0), above(i, 1)]));
  },
};

/** Resident memory in MB. */
function residentMegabytes(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kilobytes) / 1024;
}

async function run({ url }, database, dagId, size) {
  const sentAt = Date.now();
  const { run_id } = await call(url, 'POST', '/jobs', { dag_id: dagId });
  const startMs = Date.now() - sentAt;
  const job = await jobEnd(database, run_id, 100, LONGEST_MS);
  if (job.status !== 'succeeded') throw new Error(`The job of ${size} tasks ended as ${job.status}`);
  const { rows } = await database.query(
    `SELECT (SELECT count(*) FROM tasks WHERE run_id = $1 AND status = 'succeeded' AND attempt = 1)::int AS tasks,
            (SELECT count(*) FROM attempts WHERE run_id = $1)::int AS attempts`,
    [run_id],
  );
  if (rows[0].tasks !== size || rows[0].attempts !== size)
    throw new Error(`${rows[0].tasks} of ${size} tasks succeeded in one attempt, of ${rows[0].attempts}`);
  return { startMs, totalMs: job.finished_at.getTime() - sentAt };
}

async function measure(application, database, shape, size) {
  const dag = await call(application.url, 'POST', '/dags', {
    name: `${shape}-${size}`,
    tasks: MAKE[shape](size),
  });
  await sleep(REST_MS);
  const before = residentMegabytes(application.pid);
  let peak = before;
  const sampling = setInterval(() => (peak = Math.max(peak, residentMegabytes(application.pid))), SAMPLE_MS);
  const runs = [];
  for (let round = 0; round < REPEATS; round += 1) {
    process.stderr.write(`\r${shape} of ${size}: run ${round + 1}/${REPEATS} `);
    runs.push(await run(application, database, dag.id, size));
  }
  clearInterval(sampling);
  process.stderr.write('\n');
  await sleep(REST_MS);
  const after = residentMegabytes(application.pid);
  const total = runs.map((one) => one.totalMs);
  return [
    shape,
    size.toLocaleString('en'),
    spread(runs.map((one) => one.startMs)),
    spread(
      total.map((ms) => ms / 1000),
      1,
    ),
    Math.round(size / (median(total) / 1000)).toLocaleString('en'),
    `${before.toFixed(0)} → ${peak.toFixed(0)} → ${after.toFixed(0)}`,
  ];
}

const program = findRedisProgram();
if (!program) throw new Error('No redis-server or valkey-server on PATH');
const directory = mkdtempSync(join(tmpdir(), 'dts-bench-pg-'));
const postgres = await startEmbeddedPostgres({ dataDirectory: directory, log: () => undefined });
const redis = await startRedisServer(program);
const rows = [];
try {
  const database = new pg.Client({ connectionString: postgres.url });
  await database.connect();
  for (const size of SIZES) {
    // A process of its own for each size: what the larger one needs says nothing about the smaller.
    const application = await startApplication({
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      QUEUE_BACKEND: 'redis',
      MAX_CONCURRENT_JOBS: String(SLOTS),
      MAX_DAG_TASKS: '100000',
      MAX_DAG_EDGES: '500000',
      BODY_LIMIT_BYTES: String(64 * 1_048_576),
    });
    try {
      for (const shape of SHAPES) rows.push(await measure(application, database, shape, size));
    } finally {
      await application.stop();
    }
  }
  await database.end();
} finally {
  await redis.stop();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
  if (rows.length > 0)
    console.log(
      table(['shape', 'tasks', 'start ms', 'total s', 'tasks/s', 'RSS MB before → peak → after'], rows),
    );
}
