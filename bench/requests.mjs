/*
 * How many jobs a second the API accepts, and what bounds it: `POST /jobs` over CONNECTIONS (32) keep-alive connections,
 * one request under way on each.
 *
 *   npm run build && node bench/requests.mjs        (ROUNDS=5 SECONDS=4 CONNECTIONS=32)
 *
 * In one run, alternating: `GET /health/live` (what Node's HTTP and Nest give at best), `GET /jobs/{run_id}`, `POST /jobs`
 * of a one-task and of a three-task DAG, and `POST /jobs/batch` of BATCH (500) jobs of the one-task DAG over BATCH_CONNECTIONS
 * (4), to `ROLE=api` (jobs pile up: acceptance alone), and to `ROLE=all` (the same process runs them as well; what a batch
 * leaves to do is run while the next requests are measured, so batches are left out there). PostgreSQL with fsync on; every
 * accepted job is counted again in the database.
 * The rates are of requests, or of the jobs of a batch. The CPU columns are seconds of one core per 1,000 of them, of the
 * application, of PostgreSQL and of this client: what adds up to the two cores is what bounds the rate.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Pool } from 'undici';
import { startEmbeddedPostgres } from '../dist/embedded/embedded-postgres.js';
import { findRedisProgram, startRedisServer } from '../test/support/redis-server.mjs';
import { call, startApplication } from './application.mjs';
import { cpuSeconds, ownCpuSeconds, parentOf } from './cpu-time.mjs';
import { median, quantile, spread, table } from './measure.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 4);
const CONNECTIONS = Number(process.env.CONNECTIONS ?? 32);
const BATCH = Number(process.env.BATCH ?? 500);
const BATCH_CONNECTIONS = Number(process.env.BATCH_CONNECTIONS ?? 4);

const noop = (name, dependencies = []) => ({ name, task_type: 'noop', config: {}, dependencies });
const DAGS = [
  { name: 'one', tasks: [noop('a')] },
  { name: 'three', tasks: [noop('a'), noop('b', ['a']), noop('c', ['b'])] },
];

/** Sends the request over and over for SECONDS; every answer has to have the expected status. */
async function load(url, request, expected, connections) {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const times = [];
  const end = performance.now() + SECONDS * 1_000;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let sentAt = performance.now(); sentAt < end; sentAt = performance.now()) {
        const answer = await pool.request(request);
        await answer.body.dump({ limit: 1e9 });
        if (answer.statusCode !== expected) throw new Error(`${request.path}: ${answer.statusCode}`);
        times.push(performance.now() - sentAt);
      }
    }),
  );
  await pool.close();
  return times;
}

async function measure(role, env, rows) {
  const database = new pg.Client({ connectionString: env.DATABASE_URL });
  await database.connect();
  const backend = await database.query('SELECT pg_backend_pid() AS pid');
  const postmaster = parentOf(backend.rows[0].pid);
  const application = await startApplication({ ...env, ROLE: role, MAX_CONCURRENT_JOBS: '100' });
  const usage = () => ({
    app: cpuSeconds(application.pid),
    postgres: cpuSeconds(postmaster),
    client: ownCpuSeconds(),
  });
  try {
    const post = (path, body) => ({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const dags = [];
    for (const dag of DAGS)
      dags.push(await call(application.url, 'POST', '/dags', { ...dag, name: `${role}-${dag.name}` }));
    const { run_id } = await call(application.url, 'POST', '/jobs', { dag_id: dags[1].id });
    const requests = [
      ['GET /health/live', { method: 'GET', path: '/health/live' }, 200],
      ['GET /jobs/{run_id}, 3 tasks', { method: 'GET', path: `/jobs/${run_id}` }, 200],
      ...dags.map((dag, i) => [
        `POST /jobs, ${DAGS[i].name} task${i ? 's' : ''}`,
        post('/jobs', { dag_id: dag.id }),
        201,
      ]),
    ];
    const jobs = Array.from({ length: BATCH }, () => ({ dag_id: dags[0].id }));
    if (role === 'api')
      requests.push([
        `POST /jobs/batch, ${BATCH} jobs of one task`,
        post('/jobs/batch', { jobs }),
        201,
        BATCH,
      ]);
    const results = requests.map(() => []);
    let accepted = 1;
    for (let round = -1; round < ROUNDS; round += 1)
      for (const [index, [name, request, expected, jobsEach = 1]] of requests.entries()) {
        process.stderr.write(`\r${role}: round ${Math.max(0, round + 1)}/${ROUNDS} ${name}\x1b[K`);
        const before = usage();
        const connections = jobsEach > 1 ? BATCH_CONNECTIONS : CONNECTIONS;
        const times = await load(application.url, request, expected, connections);
        const after = usage();
        const count = times.length * jobsEach;
        if (expected === 201) accepted += count;
        if (round < 0) continue;
        const cpu = (who) => ((after[who] - before[who]) * 1_000) / count;
        results[index].push({
          rate: count / SECONDS,
          p50: quantile(times, 0.5),
          p99: quantile(times, 0.99),
          app: cpu('app'),
          postgres: cpu('postgres'),
          client: cpu('client'),
        });
      }
    process.stderr.write('\n');
    const { rows: counted } = await database.query(
      'SELECT count(*)::int AS n FROM jobs JOIN dags ON dags.id = dag_id WHERE starts_with(name, $1)',
      [`${role}-`],
    );
    if (counted[0].n !== accepted) throw new Error(`${accepted} accepted, ${counted[0].n} stored`);
    for (const [index, [name]] of requests.entries()) {
      const column = (key) => results[index].map((result) => result[key]);
      rows.push([
        role,
        name,
        spread(column('rate')),
        spread(column('p50'), 1),
        spread(column('p99'), 1),
        ...['app', 'postgres', 'client'].map((key) => median(column(key)).toFixed(2)),
      ]);
    }
  } finally {
    await application.stop();
    await database.end();
  }
}

const directory = mkdtempSync(join(tmpdir(), 'dts-bench-pg-'));
const postgres = await startEmbeddedPostgres({ dataDirectory: directory, log: () => undefined });
const program = findRedisProgram();
if (!program) console.error('No redis-server or valkey-server on PATH: the PostgreSQL backend is measured.');
const redis = program ? await startRedisServer(program) : null;
const rows = [];
try {
  const env = {
    DATABASE_URL: postgres.url,
    ...(redis ? { REDIS_URL: redis.url, QUEUE_BACKEND: 'redis' } : { QUEUE_BACKEND: 'postgres' }),
  };
  // Other roles than `all` wait for the schema.
  const migrate = new URL('../dist/migrate.js', import.meta.url);
  execFileSync(process.execPath, [migrate.pathname], { env: { ...process.env, ...env }, stdio: 'ignore' });
  // `api` last: what it accepts stays, and `all` would have to run it.
  for (const role of ['all', 'api']) await measure(role, env, rows);
} finally {
  await redis?.stop();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
console.log(
  table(
    ['role', 'request', 'per second', 'p50 ms', 'p99 ms', 'CPU s per 1,000: app', 'PostgreSQL', 'client'],
    rows,
  ),
);
