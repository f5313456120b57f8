import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { TaskQueue } from '../../../src/queue/task-queue.js';
import { eventually } from '../../support/eventually.js';
import { describeWithRedis, uniquePrefix } from '../../support/redis.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { type WorkerFactory, workerFactory } from './worker-application.js';

jest.setTimeout(120_000);

interface Task {
  name: string;
  task_type: string;
  config?: object;
  dependencies: string[];
  max_retries: number;
}

interface Shape {
  many: number;
  fewer: number;
  fails: number[];
  stride: number;
}

const anyShape: fc.Arbitrary<Shape> = fc.record({
  many: fc.integer({ min: 80, max: 150 }),
  fewer: fc.integer({ min: 20, max: 60 }),
  fails: fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 2 }),
  stride: fc.integer({ min: 1, max: 1_000 }),
});

/** From one task to many, to fewer, to one, so that many become ready at once; some fail for good. */
function wideDag({ many, fewer, fails, stride }: Shape): Task[] {
  const middle = Array.from({ length: many }, (_, index) =>
    fails.includes(index) ? failing(`m${index}`, ['root']) : noop(`m${index}`, ['root']),
  );
  const late = Array.from({ length: fewer }, (_, index) =>
    noop(`l${index}`, [`m${(index * stride) % many}`, `m${(index * 7 + stride) % many}`]),
  );
  const ends = late.map(({ name }) => name);
  return [noop('root', []), ...middle, ...late, noop('end', ends)];
}

function noop(name: string, dependencies: string[]): Task {
  return { name, task_type: 'noop', dependencies: [...new Set(dependencies)], max_retries: 0 };
}

function failing(name: string, dependencies: string[]): Task {
  return { ...noop(name, dependencies), task_type: 'shell', config: { command: 'exit 3' } };
}

/** An installation of its own, with two workers of so few slots that bundles do not fit all the time. */
class Plant {
  /** How many messages were handed over to travel in bundles. */
  bundled = 0;

  private constructor(
    private readonly api: ApiApplication,
    private readonly workers: readonly ApiApplication[],
    private readonly client: pg.Client,
  ) {}

  static async start(
    factory: WorkerFactory,
    environment: Record<string, string>,
    isPlain: boolean,
  ): Promise<Plant> {
    const env = { ...environment, QUEUE_PREFIX: uniquePrefix() };
    const api = await startApi([DagsModule, JobsModule], env);
    const workers = await Promise.all(
      ['10', '12'].map((slots) => factory.start(api.database.url, { ...env, MAX_CONCURRENT_JOBS: slots })),
    );
    const client = new pg.Client({ connectionString: api.database.url });
    await client.connect();
    const plant = new Plant(api, workers, client);
    for (const { app } of [api, ...workers]) plant.watch(app.get(TaskQueue, { strict: false }), isPlain);
    return plant;
  }

  async run(tasks: readonly Task[], priority: string): Promise<{ status: string; history: string[] }> {
    const http = request(this.api.app.getHttpServer());
    const dag = await http.post('/dags').send({ name: 'wide', tasks }).expect(201);
    const job = await http.post('/jobs').send({ dag_id: dag.body.id, priority }).expect(201);
    const runId: string = job.body.run_id;
    let status = '';
    await eventually(
      async () => {
        status = (await http.get(`/jobs/${runId}`).expect(200)).body.status;
        expect(['succeeded', 'failed']).toContain(status);
      },
      { timeoutMs: 60_000 },
    );
    await http.delete(`/dags/${dag.body.id}`);
    return { status, history: await this.historyOf(runId) };
  }

  /** What happened to each task, in its order, whoever did it and whenever. */
  private async historyOf(runId: string): Promise<string[]> {
    const { rows } = await this.client.query<{ line: string }>(
      `SELECT concat_ws(' ', coalesce(task, '-'), type, attempt) AS line FROM events
       WHERE run_id = $1 ORDER BY coalesce(task, '-'), seq`,
      [runId],
    );
    const attempts = await this.client.query<{ line: string }>(
      `SELECT concat_ws(' ', t.name, a.attempt, a.outcome) AS line
       FROM attempts a JOIN tasks t USING (run_id, idx) WHERE run_id = $1 ORDER BY t.name, a.attempt`,
      [runId],
    );
    return [...rows, ...attempts.rows].map(({ line }) => line);
  }

  private watch(queue: TaskQueue, isPlain: boolean): void {
    const inBundles = queue.enqueueInBundles.bind(queue);
    queue.enqueueInBundles = async (messages) => {
      if (isPlain) return await queue.enqueue(messages);
      this.bundled += messages.length;
      return await inBundles(messages);
    };
  }

  async close(): Promise<void> {
    await this.client.end();
    await Promise.all(this.workers.map((worker) => worker.close()));
    await this.api.close();
  }
}

function behavesAsWithout(environment: () => Record<string, string>): void {
  let factory: WorkerFactory;
  let bundling: Plant;
  let plain: Plant;

  beforeAll(async () => {
    factory = await workerFactory();
    bundling = await Plant.start(factory, environment(), false);
    plain = await Plant.start(factory, environment(), true);
  });
  afterAll(async () => {
    await plain.close();
    await bundling.close();
    await factory.close();
  });

  it('ends every job as the plain path does, with the same history of every task', async () => {
    await fc.assert(
      fc.asyncProperty(anyShape, fc.constantFrom('critical', 'normal', 'low'), async (shape, priority) => {
        const tasks = wideDag(shape);
        const [one, other] = await Promise.all([bundling.run(tasks, priority), plain.run(tasks, priority)]);
        expect(one).toEqual(other);
      }),
      { numRuns: 6, endOnFailure: true },
    );
    expect(bundling.bundled).toBeGreaterThan(100);
    expect(plain.bundled).toBe(0);
  });
}

describeWithRedis('A backlog in bundles on Redis', (redisUrl) => {
  behavesAsWithout(() => ({ QUEUE_BACKEND: 'redis', REDIS_URL: redisUrl }));
});

describe('A backlog in bundles on PostgreSQL', () => {
  behavesAsWithout(() => ({ QUEUE_BACKEND: 'postgres' }));
});
