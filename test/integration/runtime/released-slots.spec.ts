import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { Executors } from '../../../src/executors/executors.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { TaskConsumer } from '../../../src/queue/task-consumer.js';
import { WorkersModule } from '../../../src/workers/workers.module.js';
import { eventually } from '../../support/eventually.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { type WorkerFactory, workerFactory } from './worker-application.js';

jest.setTimeout(60_000);

const SLOTS = 3;
/** More than a worker takes on while no result can be written. */
const JOBS = 10;
const PATIENCE = { timeoutMs: 20_000 };

let factory: WorkerFactory;
let api: ApiApplication;
let stopWorker: () => Promise<void>;
let consumer: TaskConsumer;
/** Looks at the database, and past the worker. */
let admin: pg.Client;
/** Holds the first job that is executed, so that its result waits, and those behind it. */
let holder: pg.Client;
let executed: string[];
let executing: { now: number; most: number };

beforeAll(async () => {
  factory = await workerFactory();
});
afterAll(async () => {
  await factory.close();
});

beforeEach(async () => {
  executed = [];
  executing = { now: 0, most: 0 };
  api = await startApi([DagsModule, JobsModule, WorkersModule]);
  admin = new pg.Client({ connectionString: api.database.url });
  await admin.connect();
  holder = new pg.Client({ connectionString: api.database.url });
  await holder.connect();
  await holder.query('BEGIN');
  const worker = await factory.start(api.database.url, {
    MAX_CONCURRENT_JOBS: String(SLOTS),
    HEARTBEAT_SECONDS: '1',
  });
  let stopped: Promise<void> | undefined;
  stopWorker = async () => await (stopped ??= worker.close());
  consumer = worker.app.get(TaskConsumer, { strict: false });
  const executors = worker.app.get(Executors, { strict: false });
  const execute = executors.execute.bind(executors);
  executors.execute = async (work, signal) => {
    executed.push(work.runId);
    executing.most = Math.max(executing.most, (executing.now += 1));
    if (executed.length === 1)
      await holder.query('SELECT 1 FROM jobs WHERE run_id = $1 FOR UPDATE', [work.runId]);
    return await execute(work, signal).finally(() => (executing.now -= 1));
  };
});
afterEach(async () => {
  await holder.end();
  await stopWorker();
  await admin.end();
  await api.close();
});

const http = () => request(api.app.getHttpServer());

/** Starts a job whose result cannot be written, then the others; waits until the worker has taken on as many as it may. */
async function fill(jobs: number): Promise<void> {
  const tasks = [{ name: 'short', task_type: 'shell', config: { command: 'sleep 0.1' }, max_retries: 0 }];
  const dag = await http().post('/dags').send({ name: 'short', tasks }).expect(201);
  const start = async () => await http().post('/jobs').send({ dag_id: dag.body.id }).expect(201);
  await start();
  await eventually(async () => {
    const { rows } = await admin.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expect(rows).toHaveLength(1);
  }, PATIENCE);
  for (let job = 1; job < jobs; job += 1) await start();
  await eventually(() => {
    expect(executed).toHaveLength(Math.min(jobs, 2 * SLOTS));
    expect([executing.now, consumer.busy]).toEqual([0, Math.max(0, executed.length - SLOTS)]);
  }, PATIENCE);
}

async function statuses(): Promise<Record<string, number>> {
  const { rows } = await admin.query<{ status: string; tasks: number }>(
    'SELECT status, count(*)::int AS tasks FROM tasks GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, tasks }) => [status, tasks]));
}

it('A worker whose results cannot be written goes on with as many again as it has slots, and then waits', async () => {
  await fill(JOBS);
  expect(await statuses()).toEqual({ running: 2 * SLOTS, queued: JOBS - 2 * SLOTS });
  // People see that all of it is this worker's, and that it has no slot left.
  const { body } = await http().get('/workers').expect(200);
  expect(body.items).toMatchObject([{ slots: SLOTS, running: 2 * SLOTS }]);
  const stats = await http().get('/workers/stats').expect(200);
  expect(stats.body.slots).toEqual({ total: SLOTS, busy: SLOTS, free: 0 });

  await holder.query('COMMIT');
  await eventually(async () => expect(await statuses()).toEqual({ succeeded: JOBS }), PATIENCE);
  expect(new Set(executed).size).toBe(JOBS);
  expect(executed).toHaveLength(JOBS);
  // I13, whatever it had to write meanwhile.
  expect(executing.most).toBe(SLOTS);
  await eventually(() => expect(consumer.busy).toBe(0));
});

it.each([1, SLOTS, JOBS])(
  'A worker that is stopped waits for results that are being written (of %i)',
  async (jobs) => {
    await fill(jobs);
    const stopped = stopWorker();
    const heartbeat = async (): Promise<Date> => {
      const { rows } = await admin.query<{ status: string; at: Date }>(
        'SELECT status, last_heartbeat_at AS at FROM workers',
      );
      expect(rows).toMatchObject([{ status: 'draining' }]);
      return rows[0].at;
    };
    // It waits, and vouches for them meanwhile.
    const last = await eventually(heartbeat);
    await eventually(async () => expect((await heartbeat()).getTime()).toBeGreaterThan(last.getTime()));
    await holder.query('COMMIT');
    await stopped;
    const ended = Math.min(jobs, 2 * SLOTS);
    const left = jobs - ended;
    expect(await statuses()).toEqual({ succeeded: ended, ...(left > 0 && { queued: left }) });
    const { rows } = await admin.query('SELECT DISTINCT attempt, outcome FROM attempts');
    expect(rows).toEqual([{ attempt: 1, outcome: 'succeeded' }]);
    expect((await admin.query('SELECT id FROM workers')).rows).toEqual([]);
  },
);
