/*
 * Throughput behind a long history: the same work with ROWS (default 5,000,000) finished task rows behind it, and with none.
 * Two databases on one PostgreSQL with the product's settings (fsync on); an application in the role `all` on each, one at
 * work while the other is idle, the order changing with every round. 1 → WIDTH → 1 and JOBS chains of LENGTH, submitted 32 at
 * a time; after each, every task must have succeeded in attempt 1 with exactly one row in `attempts`.
 *
 * Figures are medians of REPEATS (default 7) with the smallest and the largest; the ratio is that of each round, with history ÷
 * empty, as both sides of a round had the same neighbours on the machine. CPU is that of the application and of its sessions in PostgreSQL, which is
 * steadier than time on a machine with other work; without /proc there is none.
 *
 *   npm run build && node bench/history.mjs            (ROWS=5000000 REPEATS=7 WIDTH=1000 JOBS=100 LENGTH=10)
 *
 * 5,000,000 rows take 9 GB below TMPDIR and ten minutes to load. With HISTORY_DIRECTORY the data stays there for the next run.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../dist/embedded/embedded-postgres.js';
import { migrateDatabase } from '../dist/persistence/migrate.js';
import { loadHistory } from '../test/support/history.mjs';
import { call, jobEnd, startApplication } from './application.mjs';
import { median, percentile, spread, table } from './measure.mjs';

const ROWS = Number(process.env.ROWS ?? 5_000_000);
const REPEATS = Number(process.env.REPEATS ?? 7);
const WIDTH = Number(process.env.WIDTH ?? 1_000);
const JOBS = Number(process.env.JOBS ?? 100);
const LENGTH = Number(process.env.LENGTH ?? 10);
/** Rounds that do not count. */
const WARM = 2;
/** Submitted at once. */
const CALLERS = 32;
const TASKS_PER_JOB = 3;
const READS = 100;

const HISTORY = { jobs: Math.ceil(ROWS / TASKS_PER_JOB), dags: 2_000, openJobs: 0, workers: 60 };

const noop = (name, dependencies = []) => ({ name, task_type: 'noop', config: {}, dependencies });
const MIDDLE = Array.from({ length: WIDTH }, (_, i) => noop(`m${i}`, ['root']));
const FAN = [
  noop('root'),
  ...MIDDLE,
  noop(
    'sink',
    MIDDLE.map((task) => task.name),
  ),
];
const CHAIN = Array.from({ length: LENGTH }, (_, i) => noop(`t${i}`, i === 0 ? [] : [`t${i - 1}`]));
const WORKLOADS = [
  { name: `1 → ${WIDTH} → 1`, tasks: FAN, jobs: 1 },
  { name: `${JOBS} × chain of ${LENGTH}`, tasks: CHAIN, jobs: JOBS },
];

const directory = process.env.HISTORY_DIRECTORY ?? mkdtempSync(join(tmpdir(), 'dts-bench-pg-'));
mkdirSync(directory, { recursive: true });
/** What is loaded; written when all of it is. */
const loaded = join(directory, 'loaded.json');

const databaseUrl = (url, name) => Object.assign(new URL(url), { pathname: `/${name}` }).href;

async function connect(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** Nothing but the loading writes, and who loads starts anew after a crash: nothing is flushed meanwhile. */
async function load() {
  const postgres = await startEmbeddedPostgres({
    dataDirectory: directory,
    log: () => undefined,
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '4GB' },
  });
  try {
    const admin = await connect(postgres.url);
    await admin.query('CREATE DATABASE history');
    await admin.end();
    const url = databaseUrl(postgres.url, 'history');
    await migrateDatabase(url);
    const client = await connect(url);
    await loadHistory(client, HISTORY, (done) =>
      process.stderr.write(`\rloading: ${done} of ${HISTORY.jobs} jobs `),
    );
    process.stderr.write('\nvacuum … ');
    await client.query('VACUUM (ANALYZE, FREEZE)');
    await client.query('CHECKPOINT');
    await client.end();
    process.stderr.write('done\n');
    writeFileSync(loaded, JSON.stringify({ rows: ROWS }));
  } finally {
    await postgres.stop();
  }
}

/** An application of its own on a database, with a DAG per workload. */
async function side(label, url) {
  await migrateDatabase(url);
  const database = await connect(url);
  const application = await startApplication({
    DATABASE_URL: url,
    QUEUE_BACKEND: 'postgres',
    MAX_CONCURRENT_JOBS: '100',
  });
  const dags = [];
  for (const { name, tasks } of WORKLOADS)
    dags.push((await call(application.url, 'POST', '/dags', { name: `${name} ${Date.now()}`, tasks })).id);
  return { label, url: application.url, pid: application.pid, database, application, dags };
}

/** Of the application and of its sessions in PostgreSQL; ms so far, by process. */
async function cpuOf({ pid, database }) {
  const { rows } = await database.query(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
  return new Map([pid, ...rows.map((row) => row.pid)].map((one) => [one, cpuMs(one)]));
}

/** User and system time of a process in ms; 0 where /proc does not tell. */
function cpuMs(pid) {
  if (!existsSync(`/proc/${pid}/stat`)) return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** @returns tasks per second from the first request to the last stored end, and what they cost */
async function run(one, index) {
  const { tasks, jobs } = WORKLOADS[index];
  const before = await cpuOf(one);
  const sentAt = Date.now();
  const runIds = [];
  let left = jobs;
  const submit = async () => {
    for (; left > 0;) {
      left -= 1;
      runIds.push((await call(one.url, 'POST', '/jobs', { dag_id: one.dags[index] })).run_id);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CALLERS, jobs) }, submit));
  const ends = [];
  for (const runId of runIds) ends.push((await jobEnd(one.database, runId)).finished_at.getTime());
  const seconds = (Math.max(...ends) - sentAt) / 1_000;
  const after = await cpuOf(one);
  // A session that was opened meanwhile began at 0.
  const cpu = [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
  await checkEachOnce(one.database, runIds, jobs * tasks.length);
  return { rate: (jobs * tasks.length) / seconds, cpuPerTask: (cpu * 1_000) / (jobs * tasks.length) };
}

async function checkEachOnce(database, runIds, wanted) {
  const { rows } = await database.query(
    `SELECT (SELECT count(*) FROM tasks WHERE run_id = ANY ($1::uuid[]) AND status = 'succeeded' AND attempt = 1)::int AS tasks,
            (SELECT count(*) FROM attempts WHERE run_id = ANY ($1::uuid[]))::int AS attempts`,
    [runIds],
  );
  const [{ tasks, attempts }] = rows;
  if (tasks !== wanted || attempts !== wanted)
    throw new Error(`${tasks} tasks succeeded at once in ${attempts} attempts; they should be ${wanted}`);
}

/** p50 and p95 of a few lists on both sides, one request at a time, in turn. */
async function lists(sides) {
  const paths = [
    '/jobs',
    '/jobs?limit=200',
    '/jobs?status=failed',
    '/dags',
    '/workers/dlq/entries',
    '/jobs/queue/stats',
  ];
  const rows = [];
  for (const path of paths) {
    const taken = sides.map(() => []);
    for (let i = -20; i < READS; i += 1)
      for (const [at, one] of sides.entries()) {
        const sentAt = performance.now();
        await call(one.url, 'GET', path);
        if (i >= 0) taken[at].push(performance.now() - sentAt);
      }
    rows.push([
      path,
      ...taken.flatMap((ms) => [percentile(ms, 0.5).toFixed(2), percentile(ms, 0.95).toFixed(2)]),
    ]);
  }
  return table(['request', 'empty p50 ms', 'p95', 'history p50 ms', 'p95'], rows);
}

if (!existsSync(loaded)) await load();
const postgres = await startEmbeddedPostgres({ dataDirectory: directory, log: () => undefined });
const sides = [];
try {
  const admin = await connect(postgres.url);
  await admin.query('DROP DATABASE IF EXISTS empty');
  await admin.query('CREATE DATABASE empty');
  await admin.end();
  for (const name of ['empty', 'history']) sides.push(await side(name, databaseUrl(postgres.url, name)));
  const { rows } = await sides[1].database.query(
    `SELECT count(*)::int AS tasks, pg_size_pretty(pg_database_size('history')) AS size FROM tasks`,
  );
  console.log(`history: ${rows[0].tasks} rows of tasks, ${rows[0].size}\n`);
  const results = WORKLOADS.map(() => ({ empty: [], history: [] }));
  for (let round = -WARM; round < REPEATS; round += 1) {
    process.stderr.write(`\rround ${Math.max(0, round + 1)}/${REPEATS} `);
    const order = round % 2 === 0 ? sides : sides.toReversed();
    for (const index of WORKLOADS.keys())
      for (const one of order) {
        const result = await run(one, index);
        if (round >= 0) results[index][one.label].push(result);
      }
  }
  process.stderr.write('\n');
  const shown = results.map(({ empty, history }, index) => [
    WORKLOADS[index].name,
    spread(empty.map(({ rate }) => rate)),
    spread(history.map(({ rate }) => rate)),
    spread(
      history.map(({ rate }, round) => rate / empty[round].rate),
      2,
    ),
    (
      median(history.map(({ cpuPerTask }) => cpuPerTask)) / median(empty.map(({ cpuPerTask }) => cpuPerTask))
    ).toFixed(2),
  ]);
  console.log(table(['workload', 'empty tasks/s', 'history tasks/s', 'history ÷ empty', 'CPU ÷'], shown));
  console.log(`\n${await lists(sides)}`);
} finally {
  for (const one of sides) {
    await one.application.stop();
    await one.database.end();
  }
  await postgres.stop();
  if (process.env.HISTORY_DIRECTORY === undefined) rmSync(directory, { recursive: true, force: true });
}
