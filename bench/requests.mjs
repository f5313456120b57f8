/*
 * How many jobs a second the API accepts, and what bounds it: `POST /jobs` over CONNECTIONS (32) keep-alive connections,
 * one request under way on each.
 *
 *   npm run build && node bench/requests.mjs        (ROUNDS=5 SECONDS=4 CONNECTIONS=32)
 *
 * In one run, alternating: `GET /health/live` (what Node's HTTP and Nest give at best), `GET /jobs/{run_id}`, `POST /jobs`
 * of a one-task and of a three-task DAG to `ROLE=api` (jobs pile up: acceptance alone), and to `ROLE=all` (the same
 * process runs them as well). PostgreSQL with fsync on; every accepted job is counted again in the database.
 * The CPU columns are seconds of one core per 1,000 requests, of the application, of PostgreSQL and of this client:
 * what adds up to the two cores is what bounds the rate.
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

const noop = (name, dependencies = []) => ({ name, task_type: 'noop', config: {}, dependencies });
const DAGS = [
  { name: 'one', tasks: [noop('a')] },
  { name: 'three', tasks: [noop('a'), noop('b', ['a']), noop('c', ['b'])] },
];

/** Sends the request over and over for SECONDS; every answer has to have the expected status. */
async function load(url, request, expected) {
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
  const times = [];
  const end = performance.now() + SECONDS * 1_000;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
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
    const post = (dag) => ({
      method: 'POST',
      path: '/jobs',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dag_id: dag.id }),
    });
    const dags = [];
    for (const dag of DAGS)
      dags.push(await call(application.url, 'POST', '/dags', { ...dag, name: `${role}-${dag.name}` }));
    const { run_id } = await call(application.url, 'POST', '/jobs', { dag_id: dags[1].id });
    const requests = [
      ['GET /health/live', { method: 'GET', path: '/health/live' }, 200],
      ['GET /jobs/{run_id}, 3 tasks', { method: 'GET', path: `/jobs/${run_id}` }, 200],
      ...dags.map((dag, i) => [`POST /jobs, ${DAGS[i].name} task${i ? 's' : ''}`, post(dag), 201]),
    ];
    const results = requests.map(() => []);
    let accepted = 1;
    for (let round = -1; round < ROUNDS; round += 1)
      for (const [index, [name, request, expected]] of requests.entries()) {
        process.stderr.write(`\r${role}: round ${Math.max(0, round + 1)}/${ROUNDS} ${name}\x1b[K`);
        const before = usage();
        const times = await load(application.url, request, expected);
        const after = usage();
        if (expected === 201) accepted += times.length;
        if (round < 0) continue;
        const cpu = (who) => ((after[who] - before[who]) * 1_000) / times.length;
        results[index].push({
          rate: times.length / SECONDS,
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
  for (const role of ['api', 'all']) await measure(role, env, rows);
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
