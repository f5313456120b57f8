import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { SchedulerModule } from '../../../src/scheduler/scheduler.module.js';
import { eventually } from '../../support/eventually.js';
import { describeWithRedis, uniquePrefix } from '../../support/redis.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { type WorkerFactory, workerFactory } from './worker-application.js';

jest.setTimeout(180_000);

const RESTARTS = 20;
/** Workers at once, each with this many slots. */
const WORKERS = 3;
/** Of these, so many are replaced at a time. */
const AT_ONCE = 2;
const SLOTS = '4';
const DRAINED_WITHIN_MS = 30_000;

/** Goal M12, in this process: a worker's whole life from its registration to its end, under load. */
describeWithRedis('Workers that are restarted one after the other under load', (redisUrl) => {
  let factory: WorkerFactory;
  let api: ApiApplication;
  let direct: pg.Client;
  const environment = {
    QUEUE_BACKEND: 'redis',
    REDIS_URL: redisUrl,
    QUEUE_PREFIX: uniquePrefix(),
    MAX_CONCURRENT_JOBS: SLOTS,
    SHUTDOWN_GRACE_SECONDS: '1',
    KILL_GRACE_SECONDS: '1',
  };

  beforeAll(async () => {
    factory = await workerFactory();
    api = await startApi([DagsModule, JobsModule, SchedulerModule], environment);
    direct = new pg.Client({ connectionString: api.database.url });
    await direct.connect();
  });
  afterAll(async () => {
    await direct.end();
    await api.close();
    await factory.close();
  });

  const http = () => request(api.app.getHttpServer());
  const rows = async <Row extends object>(text: string): Promise<Row[]> =>
    (await direct.query<Row>(text)).rows;

  it('burns no attempt, leaves no lease, and ends each within thirty seconds', async () => {
    const shell = (name: string, command: string, dependencies: string[] = []) => ({
      name,
      task_type: 'shell',
      max_retries: 0,
      dependencies,
      config: { command },
    });
    const dag = await http()
      .post('/dags')
      .send({
        name: 'load',
        tasks: [
          shell('short', 'sleep 0.1'),
          { name: 'between', task_type: 'noop', dependencies: ['short'], max_retries: 0 },
          shell('last', 'sleep 0.1', ['between']),
          // Longer than the grace, unless it was handed back before.
          shell('long', 'if [ "$DTS_ATTEMPT" = 1 ]; then sleep 20; fi'),
        ],
      })
      .expect(201);

    const startWorker = async (): Promise<ApiApplication> =>
      await factory.start(api.database.url, environment);
    const workers = await Promise.all(Array.from({ length: WORKERS }, startWorker));
    const drains: number[] = [];
    const replaceOne = async (): Promise<void> => {
      await http().post('/jobs').send({ dag_id: dag.body.id }).expect(201);
      workers.push(await startWorker());
      const beganAt = performance.now();
      await workers.shift()!.close();
      drains.push(performance.now() - beganAt);
    };
    while (drains.length < RESTARTS) await Promise.all(Array.from({ length: AT_ONCE }, replaceOne));
    await eventually(
      async () => expect(await rows(`SELECT run_id FROM jobs WHERE finished_at IS NULL`)).toEqual([]),
      { timeoutMs: 90_000, everyMs: 200 },
    );
    await Promise.all(workers.map(async (worker) => await worker.close()));

    expect(await rows('SELECT status, count(*)::int AS jobs FROM jobs GROUP BY status')).toEqual([
      { status: 'succeeded', jobs: RESTARTS },
    ]);
    expect(
      await rows('SELECT sum(charged)::int AS charged, sum(lost_workers)::int AS lost FROM tasks'),
    ).toEqual([{ charged: 0, lost: 0 }]);
    const outcomes = await rows<{ outcome: string; attempts: number }>(
      'SELECT outcome, count(*)::int AS attempts FROM attempts GROUP BY outcome ORDER BY outcome',
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['drained', 'succeeded']);
    expect(outcomes[1].attempts).toBe(4 * RESTARTS);
    expect(await rows('SELECT id FROM workers')).toEqual([]);
    expect(await rows('SELECT run_id FROM tasks WHERE lease IS NOT NULL')).toEqual([]);
    expect(Math.max(...drains)).toBeLessThan(DRAINED_WITHIN_MS);
  });
});
