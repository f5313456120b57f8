import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import request from 'supertest';
import { Bus } from '../../../src/bus/bus.js';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { Upkeep } from '../../../src/engine/upkeep.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { TaskQueue } from '../../../src/queue/task-queue.js';
import { SchedulerModule } from '../../../src/scheduler/scheduler.module.js';
import { eventually } from '../../support/eventually.js';
import { type OwnRedis, startOwnRedis } from '../../support/redis.js';
import { findRedisProgram } from '../../support/redis-server.mjs';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { type CuttableProxy, cuttableProxy } from '../queue/cuttable-proxy.js';

/** How often the test makes the queued tasks young again: far more often than the two seconds that the sweep spares. */
const REJUVENATE_MS = 200;

(findRedisProgram() === null ? describe.skip : describe)('A scheduler whose Redis lost everything', () => {
  let redis: OwnRedis;
  let cable: CuttableProxy;
  let api: ApiApplication;
  let direct: pg.Client;
  let rejuvenating: NodeJS.Timeout | undefined;
  let rejuvenated: Promise<unknown>;

  beforeEach(async () => {
    redis = (await startOwnRedis())!;
    api = await startApi(
      [DagsModule, JobsModule, SchedulerModule],
      { QUEUE_BACKEND: 'redis', REDIS_URL: redis.url },
      undefined,
      async (url) => {
        cable = await cuttableProxy(url);
        return cable.url;
      },
    );
    rejuvenated = Promise.resolve();
    direct = new pg.Client({ connectionString: api.database.url });
    await direct.connect();
  });

  afterEach(async () => {
    clearInterval(rejuvenating);
    // A connection that is ended during a statement breaks it off.
    await rejuvenated;
    await direct.end();
    await api.close();
    await cable.close();
    await redis.stop();
  });

  /** Starts a job of one task that stays queued, with its message in the queue, and never gets old. */
  async function queueYoungTask(): Promise<void> {
    const http = request(api.app.getHttpServer());
    const definition = { name: 'young', tasks: [{ name: 'a', task_type: 'noop' }] };
    const dag = await http.post('/dags').send(definition).expect(201);
    await http.post('/jobs').send({ dag_id: dag.body.id }).expect(201);
    await theMessageIsThere();
    rejuvenating = setInterval(() => {
      rejuvenated = direct.query(`UPDATE tasks SET queued_at = clock_timestamp() WHERE status = 'queued'`);
    }, REJUVENATE_MS);
  }

  async function theMessageIsThere(): Promise<void> {
    const queue = api.app.get(TaskQueue, { strict: false });
    await eventually(async () => expect((await queue.counts()).normal.waiting).toBe(1), {
      timeoutMs: 20_000,
    });
  }

  it('sends the messages again when it is back, however young their tasks are', async () => {
    await queueYoungTask();
    await redis.stop();
    await redis.start();
    await theMessageIsThere();
  });

  it('does so also when the first sweep after that fails', async () => {
    await queueYoungTask();
    let reconnects = 0;
    // Behind the scheduler's own listener.
    api.app.get(Bus, { strict: false }).onReconnect(() => reconnects++);
    await redis.stop();
    await cable.cut();
    await redis.start();
    await eventually(() => expect(reconnects).toBeGreaterThan(0));
    await expect(api.app.get(Upkeep, { strict: false }).sweep(Date.now())).rejects.toThrow();
    await cable.mend();
    await theMessageIsThere();
  });
});
