import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import type { Priority } from '../../../src/domain/priority.js';
import { RedisBackend } from '../../../src/queue/redis-backend.js';
import { BackedQueue } from '../../../src/queue/queue-backend.js';
import { queueName } from '../../../src/queue/queue-names.js';
import { eventually } from '../../support/eventually.js';
import { describeWithRedis, uniquePrefix } from '../../support/redis.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { LogBook } from '../queue/installation.js';
import { type WorkerFactory, workerFactory } from './worker-application.js';

jest.setTimeout(60_000);

const TASKS = ['a', 'b', 'c', 'd'];

/** What a queue may hold besides the one message per ready attempt, or instead of it: a message is a hint, and no more. */
describeWithRedis('A worker that is told nonsense by its queue', (redisUrl) => {
  let factory: WorkerFactory;
  let api: ApiApplication;
  let worker: ApiApplication;
  let direct: pg.Client;
  let backend: RedisBackend;
  let dagId: number;
  const environment = { QUEUE_BACKEND: 'redis', REDIS_URL: redisUrl, QUEUE_PREFIX: uniquePrefix() };

  beforeAll(async () => {
    factory = await workerFactory();
    // No scheduler: what is not in the queue is not sent again.
    api = await startApi([DagsModule, JobsModule], environment);
    direct = new pg.Client({ connectionString: api.database.url });
    await direct.connect();
    backend = new RedisBackend(redisUrl, new LogBook());
    const tasks = [
      ...TASKS.map((name) => ({ name, task_type: 'noop' })),
      { name: 'end', task_type: 'noop', dependencies: TASKS },
    ];
    dagId = (await http().post('/dags').send({ name: 'odd', tasks }).expect(201)).body.id;
  });
  afterAll(async () => {
    await backend.close();
    await direct.end();
    await api.close();
    await factory.close();
  });

  const http = () => request(api.app.getHttpServer());
  const queueOf = (priority: Priority): BackedQueue =>
    new BackedQueue(queueName(environment.QUEUE_PREFIX, priority), backend.queueOptions());

  let normal: BackedQueue;
  let low: BackedQueue;
  let runId: string;
  beforeEach(async () => {
    [normal, low] = [queueOf('normal'), queueOf('low')];
    runId = (await http().post('/jobs').send({ dag_id: dagId }).expect(201)).body.run_id;
    await eventually(async () => expect(await normal.getWaitingCount()).toBe(TASKS.length));
  });

  /** Adds messages as anybody could who reaches Redis. */
  const put = async (queue: BackedQueue, ids: string[], data: object = {}, options: object = {}) =>
    await queue.addBulk(
      ids.map((jobId) => ({ name: 'anything', data: data as never, opts: { jobId, ...options } })),
    );
  /** Makes the queue hold exactly these, in this order. */
  const replaceBy = async (ids: string[]) => {
    await normal.drain();
    await put(normal, ids);
  };
  const attempts = (numbers: number[]) => numbers.map((idx) => `${runId}.${idx}.1`);

  const ODDITIES: Record<string, () => Promise<unknown>> = {
    'the same attempts in another class as well': async () => await put(low, attempts([0, 1, 2, 3])),
    'an attempt that is not ready, one that never will be, and one of no task': async () =>
      await put(normal, [`${runId}.4.1`, `${runId}.0.7`, `${runId}.99.1`]),
    'attempts in the opposite order, the child first': async () =>
      await replaceBy([`${runId}.4.1`, ...attempts([3, 2, 1, 0])]),
    'attempts of jobs nobody knows': async () =>
      await put(normal, [
        '00000000-0000-7000-8000-000000000000.0.1',
        'ffffffff-ffff-ffff-ffff-ffffffffffff.2.3',
      ]),
    'ids that are no attempts at all': async () =>
      await put(normal, [
        'hello',
        `${runId}`,
        `${runId}.-1.1`,
        `${runId}.0.1e9`,
        `x'; DROP TABLE tasks; --`,
        'ä'.repeat(5_000),
      ]),
    'data and options of somebody else': async () =>
      await put(
        low,
        attempts([0, 1]),
        { secret: 'x'.repeat(100_000), runId: 'other' },
        { attempts: 5, priority: 3 },
      ),
    'messages that wait for their time, or for ever': async () =>
      await put(low, ['later-1', 'later-2'], {}, { delay: 60_000 }),
  };

  it.each(Object.keys(ODDITIES))('%s: runs each task once, in order, and keeps none of it', async (name) => {
    await ODDITIES[name]();
    worker = await factory.start(api.database.url, environment);
    try {
      await eventually(
        async () => expect((await http().get(`/jobs/${runId}`).expect(200)).body.status).toBe('succeeded'),
        { timeoutMs: 20_000 },
      );
      // What waits for a time of its own is no business of ours; everything else was taken and is gone.
      const left = { waiting: 0, active: 0, completed: 0, failed: 0, prioritized: 0 };
      await eventually(async () => expect(await normal.getJobCounts()).toMatchObject(left));
      await eventually(async () => expect(await low.getJobCounts()).toMatchObject(left));
      const { rows: told } = await direct.query<{ type: string; task: string; times: number }>(
        `SELECT type, task, count(*)::int AS times FROM events
         WHERE run_id = $1 AND type IN ('task.started', 'task.succeeded') GROUP BY type, task`,
        [runId],
      );
      expect(told).toHaveLength(2 * (TASKS.length + 1));
      expect(told.map(({ times }) => times)).toEqual(told.map(() => 1));
      const { rows: order } = await direct.query<{ task: string; type: string }>(
        `SELECT task, type FROM events WHERE run_id = $1 AND type IN ('task.started', 'task.succeeded') ORDER BY seq`,
        [runId],
      );
      expect(order.slice(-2)).toEqual([
        { task: 'end', type: 'task.started' },
        { task: 'end', type: 'task.succeeded' },
      ]);
    } finally {
      await worker.close();
      await low.obliterate({ force: true });
      await low.close();
      await normal.close();
    }
  });
});
