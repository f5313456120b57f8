import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { GivingUp } from '../../../src/engine/giving-up.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { ManualWorker } from '../../../src/queue/queue-backend.js';
import { TaskConsumer } from '../../../src/queue/task-consumer.js';
import { eventually } from '../../support/eventually.js';
import { describeWithRedis, uniquePrefix } from '../../support/redis.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { type WorkerFactory, workerFactory } from './worker-application.js';

jest.setTimeout(30_000);

/** The fault of F4: fetches are answered in time, and nothing ever comes, although messages wait. */
describeWithRedis('A worker whose way to the queue has gone deaf', (redisUrl) => {
  let workers: WorkerFactory;
  let api: ApiApplication;
  let worker: ApiApplication;
  /** The workers of BullMQ that hear nothing; every one that asks while `isDeafening`. */
  let deaf: WeakSet<ManualWorker>;
  let isDeafening: boolean;
  let givenUp: string[];

  beforeAll(async () => {
    workers = await workerFactory();
  });
  afterAll(async () => {
    await workers.close();
  });

  beforeEach(async () => {
    deaf = new WeakSet();
    isDeafening = true;

    const { next } = ManualWorker.prototype;
    jest.spyOn(ManualWorker.prototype, 'next').mockImplementation(async function (this: ManualWorker, token) {
      if (isDeafening) deaf.add(this);
      return deaf.has(this) ? null : await next.call(this, token);
    });
    const queue = { QUEUE_BACKEND: 'redis', REDIS_URL: redisUrl, QUEUE_PREFIX: uniquePrefix() };
    api = await startApi([DagsModule, JobsModule], queue);
    // Long enough for a busy machine to connect anew and fetch before the second look.
    worker = await workers.start(api.database.url, { ...queue, PROGRESS_SECONDS: '3' });
    givenUp = [];
    worker.app.get(GivingUp, { strict: false }).onGivenUp((reason) => givenUp.push(reason));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await worker.close();
    await api.close();
  });

  const http = () => request(api.app.getHttpServer());

  async function startJob(): Promise<string> {
    const tasks = [{ name: 'a', task_type: 'shell', config: { command: 'true' } }];
    const dag = await http().post('/dags').send({ name: 'deaf', tasks }).expect(201);
    return (await http().post('/jobs').send({ dag_id: dag.body.id }).expect(201)).body.run_id;
  }

  it('renews it, and goes on', async () => {
    const renew = jest.spyOn(worker.app.get(TaskConsumer, { strict: false }), 'renew');
    const runId = await startJob();
    // Those of the first connection stay deaf; what is made anew hears.
    await eventually(() => expect(ManualWorker.prototype.next).toHaveBeenCalled());
    isDeafening = false;
    await eventually(
      async () => expect((await http().get(`/jobs/${runId}`).expect(200)).body.status).toBe('succeeded'),
      { timeoutMs: 20_000 },
    );
    expect(renew).toHaveBeenCalledTimes(1);
    expect(givenUp).toEqual([]);
  });

  it('gives the process up when that does not help', async () => {
    const renew = jest.spyOn(worker.app.get(TaskConsumer, { strict: false }), 'renew');
    await startJob();
    await eventually(() => expect(givenUp).toHaveLength(1), { timeoutMs: 20_000 });
    expect(renew).toHaveBeenCalledTimes(1);
    expect(givenUp[0]).toMatch(/^this worker has free slots, messages wait, and none came for 3 s, although/);
  });
});
