/*
 * Two shapes of no-op tasks through the whole product, beside BullMQ's FlowProducer doing the same shapes in the same
 * run: a chain of 40, and 1 → 1,000 → 1. Alternating, one system at a time, medians of REPEATS (default 7).
 *
 *   npm run build && node bench/shapes.mjs          (REPEATS=7 BACKENDS=redis,postgres)
 *
 * Ours: from `POST /jobs` being sent to the job's `finished_at`, both on this machine's clock; every transition durable
 * in PostgreSQL (fsync on); every task checked to have succeeded in exactly one attempt. Flow: from `add` to the root's
 * `completed` in the worker, one process, concurrency 100, no history kept. A flow is a tree, so the fan adds its
 * thousand children and their parent when the first job has run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlowProducer, Worker, createPostgresBackend } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startEmbeddedPostgres } from '../dist/embedded/embedded-postgres.js';
import { findRedisProgram, startRedisServer } from '../test/support/redis-server.mjs';
import { call, jobEnd, startApplication } from './application.mjs';
import { median, spread, table } from './measure.mjs';

const BACKENDS = (process.env.BACKENDS ?? 'redis,postgres').split(',');
const REPEATS = Number(process.env.REPEATS ?? 7);
const SLOTS = 100;
const WIDTH = 1_000;
const LENGTH = 40;

const noop = (name, dependencies = []) => ({ name, task_type: 'noop', config: {}, dependencies });
const CHAIN = Array.from({ length: LENGTH }, (_, i) => noop(`t${i}`, i === 0 ? [] : [`t${i - 1}`]));
const MIDDLE = Array.from({ length: WIDTH }, (_, i) => noop(`m${i}`, ['root']));
const FAN = [
  noop('root'),
  ...MIDDLE,
  noop(
    'sink',
    MIDDLE.map((task) => task.name),
  ),
];

async function ours(url, database, dagId, size) {
  const sentAt = Date.now();
  const { run_id } = await call(url, 'POST', '/jobs', { dag_id: dagId });
  const job = await jobEnd(database, run_id);
  const detail = await call(url, 'GET', `/jobs/${run_id}`);
  const good = detail.tasks.filter((task) => task.status === 'succeeded' && task.attempt === 1).length;
  if (good !== size) throw new Error(`${good} of ${size} tasks succeeded in one attempt`);
  return job.finished_at.getTime() - sentAt;
}

/** BullMQ alone on the given connection. */
function flows(connection, backendFactory) {
  const name = `flow-${process.pid}`;
  const base = backendFactory ? { connection } : { connection, prefix: 'bench' };
  const producer = new FlowProducer(base, backendFactory);
  let ended = () => undefined;
  const worker = new Worker(
    name,
    async (job) => {
      if (job.name === 'spread') {
        await producer.add({
          name: 'end',
          queueName: name,
          children: Array.from({ length: WIDTH }, () => ({ name: 'step', queueName: name, opts })),
          opts,
        });
      }
    },
    { ...base, concurrency: SLOTS },
    backendFactory,
  );
  const opts = { removeOnComplete: true, removeOnFail: true };
  worker.on('completed', (job) => job.name === 'end' && ended());
  worker.on('error', () => undefined);
  const run = async (tree) => {
    const done = new Promise((resolve) => (ended = resolve));
    const sentAt = performance.now();
    await producer.add(tree);
    await done;
    return performance.now() - sentAt;
  };
  return {
    ready: () => worker.waitUntilReady(),
    chain: () => {
      let node = { name: 'step', queueName: name, opts };
      for (let i = 1; i < LENGTH; i += 1) {
        node = { name: i === LENGTH - 1 ? 'end' : 'step', queueName: name, children: [node], opts };
      }
      return run(node);
    },
    fan: () => run({ name: 'spread', queueName: name, opts }),
    close: async () => {
      await worker.close();
      await producer.close();
    },
  };
}

async function compare(label, env, flow) {
  const database = new pg.Client({ connectionString: env.DATABASE_URL });
  await database.connect();
  const application = await startApplication({ ...env, MAX_CONCURRENT_JOBS: String(SLOTS) });
  try {
    await flow.ready();
    const chain = await call(application.url, 'POST', '/dags', { name: 'chain', tasks: CHAIN });
    const fan = await call(application.url, 'POST', '/dags', { name: 'fan', tasks: FAN });
    const times = { chain: { ours: [], flow: [] }, fan: { ours: [], flow: [] } };
    // Two warm rounds that do not count: plans, caches and the JIT of both sides.
    for (let round = -2; round < REPEATS; round += 1) {
      process.stderr.write(`\r${label}: round ${Math.max(0, round + 1)}/${REPEATS} `);
      const results = [
        ['chain', 'flow', await flow.chain()],
        ['chain', 'ours', await ours(application.url, database, chain.id, CHAIN.length)],
        ['fan', 'flow', await flow.fan()],
        ['fan', 'ours', await ours(application.url, database, fan.id, FAN.length)],
      ];
      if (round >= 0) for (const [shape, who, ms] of results) times[shape][who].push(ms);
    }
    process.stderr.write('\n');
    return Object.entries(times).map(([shape, { ours, flow }]) => [
      label,
      shape === 'chain' ? `chain of ${LENGTH}` : `1 → ${WIDTH} → 1`,
      spread(ours),
      spread(flow),
      (median(ours) / median(flow)).toFixed(2),
    ]);
  } finally {
    await flow.close();
    await application.stop();
    await database.end();
  }
}

const directory = mkdtempSync(join(tmpdir(), 'dts-bench-pg-'));
const postgres = await startEmbeddedPostgres({ dataDirectory: directory, log: () => undefined });
const program = findRedisProgram();
const redis = program ? await startRedisServer(program) : null;
const rows = [];
try {
  if (redis && BACKENDS.includes('redis')) {
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, QUEUE_BACKEND: 'redis' };
    rows.push(...(await compare('redis', env, flows(connection))));
    connection.disconnect();
  } else if (!redis)
    console.error('No redis-server or valkey-server on PATH: only the PostgreSQL backend is measured.');
  if (BACKENDS.includes('postgres')) {
    const other = new URL(postgres.url);
    const pgEnv = { DATABASE_URL: postgres.url, QUEUE_BACKEND: 'postgres' };
    if (rows.length > 0) await resetDatabase(postgres.url);
    rows.push(
      ...(await compare(
        'postgres',
        pgEnv,
        flows(
          { connectionString: other.href, max: 5, migrate: true, schema: 'flowbench' },
          createPostgresBackend,
        ),
      )),
    );
  }
} finally {
  await redis?.stop();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
console.log(table(['backend', 'shape', 'ours ms', 'BullMQ flow ms', 'ours ÷ flow'], rows));

/** The second half begins as empty as the first. */
async function resetDatabase(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('TRUNCATE dags, dag_versions, jobs, tasks, attempts, events, dlq_entries, workers');
  await client.end();
}
