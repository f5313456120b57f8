import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { DlqModule } from '../../../src/dlq/dlq.module.js';
import { HealthModule } from '../../../src/health/health.module.js';
import { Readiness } from '../../../src/health/readiness.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { WorkersModule } from '../../../src/workers/workers.module.js';
import { eventually } from '../../support/eventually.js';
import { type ApiApplication, startApi } from './api-application.js';
import { StandInWorker } from './stand-in-worker.js';

let api: ApiApplication;
let worker: StandInWorker;

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, DlqModule, WorkersModule, HealthModule]);
  worker = await StandInWorker.register(api.app);
}, 60_000);

afterAll(async () => {
  await api.close();
});

const http = () => request(api.app.getHttpServer());

let serial = 0;

/** A chain `a -> b`. */
const createDag = async (fields: object = {}): Promise<number> => {
  const { body } = await http()
    .post('/dags')
    .send({
      name: `dag-${(serial += 1)}`,
      tasks: [
        { name: 'a', task_type: 'noop' },
        { name: 'b', task_type: 'noop', dependencies: ['a'] },
      ],
      ...fields,
    })
    .expect(201);
  return body.id;
};

const createJob = async (dagId: number, fields: object = {}) =>
  (
    await http()
      .post('/jobs')
      .send({ dag_id: dagId, ...fields })
      .expect(201)
  ).body;

const getJob = async (runId: string) => (await http().get(`/jobs/${runId}`).expect(200)).body;

const NO_TASKS = {
  blocked: 0,
  queued: 0,
  running: 0,
  retrying: 0,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  upstream_failed: 0,
  cancelled: 0,
};
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('starting a job', () => {
  test('answers the whole job and its address', async () => {
    const dagId = await createDag({ priority: 'low' });
    const answer = await http()
      .post('/jobs')
      .send({ dag_id: dagId, params: { day: [1, null] } })
      .expect(201);
    expect(answer.headers.location).toBe(`/jobs/${answer.body.run_id}`);
    const waiting = {
      task_type: 'noop',
      max_retries: 3,
      started_at: null,
      finished_at: null,
      next_retry_at: null,
      output: null,
      error: null,
      worker_id: null,
    };
    expect(answer.body).toEqual({
      run_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      dag_id: dagId,
      dag_name: expect.stringMatching(/^dag-/),
      dag_version: 1,
      status: 'queued',
      priority: 'low',
      trigger: 'manual',
      params: { day: [1, null] },
      scheduled_for: null,
      rerun_of: null,
      created_at: TIME,
      started_at: null,
      finished_at: null,
      task_counts: { ...NO_TASKS, queued: 1, blocked: 1 },
      tasks: [
        { ...waiting, name: 'a', status: 'queued', attempt: 1 },
        { ...waiting, name: 'b', status: 'blocked', attempt: 0 },
      ],
    });
    expect(await getJob(answer.body.run_id.toUpperCase())).toEqual(answer.body);
  });

  test('lets it wait for its time', async () => {
    const job = await createJob(await createDag(), {
      run_at: '2090-01-01T02:00:00+02:00',
      priority: 'critical',
    });
    expect(job).toMatchObject({
      status: 'scheduled',
      scheduled_for: '2090-01-01T00:00:00.000Z',
      priority: 'critical',
      tasks: [{ status: 'blocked' }, { status: 'blocked' }],
    });
    expect(await getJob(job.run_id)).toEqual(job);
  });

  test('keeps the version it began with', async () => {
    const dagId = await createDag();
    const { run_id: runId } = await createJob(dagId);
    await http()
      .patch(`/dags/${dagId}`)
      .send({ tasks: [{ name: 'other', task_type: 'noop' }] })
      .expect(200);
    expect((await createJob(dagId)).tasks).toMatchObject([{ name: 'other' }]);
    expect(await getJob(runId)).toMatchObject({ dag_version: 1, tasks: [{ name: 'a' }, { name: 'b' }] });
  });
});

describe('a job on its way', () => {
  test('shows what runs and what came of it, event by event and attempt by attempt', async () => {
    const { run_id: runId } = await createJob(await createDag());
    const finish = await worker.claim(runId, 0);
    expect(await getJob(runId)).toMatchObject({
      status: 'running',
      started_at: TIME,
      task_counts: { ...NO_TASKS, running: 1, blocked: 1 },
      tasks: [
        { status: 'running', attempt: 1, worker_id: worker.id, started_at: TIME },
        { status: 'blocked' },
      ],
    });
    const attempts = `/jobs/${runId}/tasks/a/attempts`;
    expect((await http().get(attempts).expect(200)).body).toEqual({
      items: [
        {
          attempt: 1,
          status: 'running',
          worker_id: worker.id,
          queued_at: TIME,
          started_at: TIME,
          finished_at: null,
          error: null,
        },
      ],
      next_cursor: null,
    });
    await finish({ kind: 'succeeded', output: { rows: 3 } });
    await worker.succeed(runId, 1);
    expect(await getJob(runId)).toMatchObject({
      status: 'succeeded',
      finished_at: TIME,
      task_counts: { ...NO_TASKS, succeeded: 2 },
      tasks: [{ output: { rows: 3 }, error: null }, { output: null }],
    });
    expect((await http().get(attempts).expect(200)).body.items).toMatchObject([
      { status: 'succeeded', finished_at: TIME },
    ]);

    const { body } = await http().get(`/jobs/${runId}/events`).expect(200);
    expect(body.items.map((event: { seq: number }) => event.seq)).toEqual(
      body.items.map((_event: unknown, index: number) => index + 1),
    );
    expect(body.items[0]).toEqual({
      seq: 1,
      type: 'job.created',
      run_id: runId,
      dag_id: expect.any(Number),
      task: null,
      attempt: null,
      at: TIME,
      data: expect.anything(),
    });
    expect(body.items.at(-1)).toMatchObject({ type: 'job.succeeded' });
    const rest = await http().get(`/jobs/${runId}/events?since=3&limit=2`).expect(200);
    expect(rest.body.items.map((event: { seq: number }) => event.seq)).toEqual([4, 5]);
    const more = await http()
      .get(`/jobs/${runId}/events`)
      .query({ since: 3, limit: 2, cursor: rest.body.next_cursor });
    expect(more.body.items[0].seq).toBe(6);
  });

  test('knows no attempts of a task it does not have', async () => {
    const { run_id: runId } = await createJob(await createDag());
    expect((await http().get(`/jobs/${runId}/tasks/b/attempts`).expect(200)).body.items).toEqual([]);
    expect((await http().get(`/jobs/${runId}/tasks/z/attempts`).expect(404)).body.code).toBe(
      'task_not_found',
    );
  });
});

describe('cancelling a job', () => {
  test('ends everything open, and is idempotent', async () => {
    const { run_id: runId } = await createJob(await createDag());
    await worker.claim(runId, 0);
    const cancelled = await http().post(`/jobs/${runId}/cancel`).expect(200);
    expect(cancelled.body).toMatchObject({
      status: 'cancelled',
      finished_at: TIME,
      task_counts: { ...NO_TASKS, cancelled: 2 },
      tasks: [{ status: 'cancelled' }, { status: 'cancelled' }],
    });
    const again = await http().post(`/jobs/${runId}/cancel`).expect(200);
    expect(again.body).toEqual(cancelled.body);
  });

  test('is refused once the job has ended by itself', async () => {
    const { run_id: runId } = await createJob(await createDag());
    await worker.fail(runId, 0);
    const answer = await http().post(`/jobs/${runId}/cancel`).expect(409);
    expect(answer.body.code).toBe('job_already_ended');
    expect((await getJob(runId)).status).toBe('failed');
  });

  test('happens to the open jobs of a DAG that is deleted, and they stay readable', async () => {
    const dagId = await createDag();
    const { run_id: open } = await createJob(dagId);
    const { run_id: done } = await createJob(dagId);
    await worker.succeed(done, 0);
    await worker.succeed(done, 1);
    await http().delete(`/dags/${dagId}`).expect(204);
    expect(await getJob(open)).toMatchObject({ status: 'cancelled', dag_id: dagId });
    expect(await getJob(done)).toMatchObject({
      status: 'succeeded',
      dag_name: expect.stringMatching(/^dag-/),
    });
    expect((await http().post('/jobs').send({ dag_id: dagId }).expect(404)).body.code).toBe('dag_not_found');
  });
});

describe('listing jobs', () => {
  const idsOf = async (query: object): Promise<string[]> =>
    (await http().get('/jobs').query(query).expect(200)).body.items.map(
      (job: { run_id: string }) => job.run_id,
    );

  test('pages newest first, with counts instead of tasks', async () => {
    const dagId = await createDag();
    const runIds: string[] = [];
    for (let index = 0; index < 5; index += 1) runIds.unshift((await createJob(dagId)).run_id);
    const first = await http().get('/jobs').query({ dag_id: dagId, limit: 3 }).expect(200);
    expect(first.body.items[0]).toMatchObject({
      task_counts: { ...NO_TASKS, queued: 1, blocked: 1 },
      dag_id: dagId,
    });
    expect(first.body.items[0]).not.toHaveProperty('tasks');
    const second = await http()
      .get('/jobs')
      .query({ dag_id: dagId, limit: 3, cursor: first.body.next_cursor })
      .expect(200);
    const seen = [...first.body.items, ...second.body.items].map((job) => job.run_id);
    expect(seen).toEqual(runIds);
    expect(second.body.next_cursor).toBeNull();
    await http().get('/jobs').query({ limit: 3, cursor: first.body.next_cursor }).expect(422);
  });

  test('filters by all the contract names', async () => {
    const dag_id = await createDag();
    const before = new Date(Date.now() - 60_000).toISOString();
    const after = new Date(Date.now() + 60_000).toISOString();
    const queued = (await createJob(dag_id, { priority: 'high' })).run_id;
    const cancelled = (await createJob(dag_id)).run_id;
    await http().post(`/jobs/${cancelled}/cancel`).expect(200);
    const scheduled = (await createJob(dag_id, { run_at: '2090-01-01T00:00:00Z' })).run_id;

    expect(await idsOf({ dag_id, status: 'queued' })).toEqual([queued]);
    expect(await idsOf({ dag_id, status: 'scheduled,cancelled' })).toEqual([scheduled, cancelled]);
    expect(await idsOf({ dag_id, priority: 'high' })).toEqual([queued]);
    expect(await idsOf({ dag_id, trigger: 'manual' })).toHaveLength(3);
    expect(await idsOf({ dag_id, trigger: 'cron' })).toEqual([]);
    expect(await idsOf({ dag_id, created_after: before, created_before: after })).toHaveLength(3);
    expect(await idsOf({ dag_id, created_after: after })).toEqual([]);
    expect(await idsOf({ dag_id, created_before: before })).toEqual([]);
  });
});

describe('the dead-letter queue', () => {
  const failJob = async (code = 'exit_code', dagId?: number) => {
    const { run_id: runId } = await createJob(dagId ?? (await createDag()));
    await worker.fail(runId, 0, code);
    const { body } = await http()
      .get('/workers/dlq/entries')
      .query({ status: 'pending', limit: 1 })
      .expect(200);
    return { runId, entry: body.items[0] };
  };

  test('shows what used up its attempts', async () => {
    const { runId, entry } = await failJob();
    expect(entry).toEqual({
      id: expect.any(Number),
      run_id: runId,
      dag_id: expect.any(Number),
      dag_name: expect.stringMatching(/^dag-/),
      task_name: 'a',
      task_type: 'noop',
      attempts: 1,
      error: { code: 'exit_code', message: 'exit 1', retryable: false },
      status: 'pending',
      created_at: TIME,
      resolved_at: null,
      resolved_by: null,
      note: null,
    });
    expect(await getJob(runId)).toMatchObject({
      status: 'failed',
      task_counts: { ...NO_TASKS, failed: 1, upstream_failed: 1 },
    });
  });

  test('filters and pages', async () => {
    const dag_id = await createDag();
    for (const code of ['timeout', 'timeout', 'exit_code']) await failJob(code, dag_id);
    const find = async (query: object) =>
      (await http().get('/workers/dlq/entries').query(query).expect(200)).body;
    expect((await find({ dag_id, error_code: 'timeout' })).items).toHaveLength(2);
    expect((await find({ dag_id, status: 'resolved' })).items).toEqual([]);
    const first = await find({ dag_id, limit: 2 });
    const second = await find({ dag_id, limit: 2, cursor: first.next_cursor });
    expect([...first.items, ...second.items].map((entry) => entry.error.code)).toEqual([
      'exit_code',
      'timeout',
      'timeout',
    ]);
    expect(second.next_cursor).toBeNull();
  });

  test('replays a task: its job runs again and may succeed; a second replay is refused', async () => {
    const { runId, entry } = await failJob();
    const { body } = await http().post(`/workers/dlq/${entry.id}/replay`).expect(200);
    expect(body).toMatchObject({
      entry: { id: entry.id, status: 'replayed', resolved_at: TIME, resolved_by: 'api' },
      job: {
        run_id: runId,
        status: 'running',
        finished_at: null,
        tasks: [{ status: 'queued', attempt: 2 }, { status: 'blocked' }],
      },
    });
    for (const verb of ['replay', 'resolve'])
      expect((await http().post(`/workers/dlq/${entry.id}/${verb}`).expect(409)).body.code).toBe(
        'dlq_entry_not_pending',
      );
    await worker.succeed(runId, 0, null, 2);
    await worker.succeed(runId, 1);
    expect((await getJob(runId)).status).toBe('succeeded');
  });

  test('is closed by hand without an output, and nothing else happens', async () => {
    const { runId, entry } = await failJob();
    const { body } = await http()
      .post(`/workers/dlq/${entry.id}/resolve`)
      .send({ note: 'not needed' })
      .expect(200);
    expect(body).toMatchObject({
      entry: { status: 'resolved', note: 'not needed' },
      job: { run_id: runId, status: 'failed' },
    });
  });

  test.each([[{ rows: 3 }], [null]])('is closed with the output %j: what waits goes on', async (output) => {
    const { runId, entry } = await failJob();
    const { body } = await http().post(`/workers/dlq/${entry.id}/resolve`).send({ output }).expect(200);
    expect(body).toMatchObject({
      entry: { status: 'resolved', note: null },
      job: {
        run_id: runId,
        status: 'running',
        tasks: [{ status: 'succeeded', output }, { status: 'queued' }],
      },
    });
  });

  test('may be closed without any body', async () => {
    const { entry } = await failJob();
    await http().post(`/workers/dlq/${entry.id}/resolve`).expect(200);
  });

  test.each([
    [{ note: 5 }, '/note'],
    [{ reason: 'x' }, '/reason'],
    [{ output: 'x'.repeat(1_048_576) }, '/output'],
  ])('refuses a resolve with a wrong body', async (body, pointer) => {
    const { entry } = await failJob();
    const answer = await http().post(`/workers/dlq/${entry.id}/resolve`).send(body).expect(422);
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([pointer]);
  });
});

describe('queue, workers and health', () => {
  test('queue stats count what waits and what runs by priority', async () => {
    const dagId = await createDag();
    const stats = async () => (await http().get('/jobs/queue/stats').expect(200)).body;
    const before = await stats();
    await createJob(dagId, { priority: 'critical' });
    const { run_id: running } = await createJob(dagId, { priority: 'high' });
    await worker.claim(running, 0);
    // The message follows the answer.
    await eventually(async () => expect((await stats()).queues.critical.waiting).toBeGreaterThan(0));
    const after = await stats();
    expect(after).toEqual({
      backend: 'postgres',
      queues: Object.fromEntries(
        ['critical', 'high', 'normal', 'low'].map((priority) => [
          priority,
          {
            waiting: expect.any(Number),
            active: expect.any(Number),
            oldest_age_seconds: after.queues[priority].oldest_age_seconds,
          },
        ]),
      ),
      tasks: Object.fromEntries(Object.keys(NO_TASKS).map((status) => [status, expect.any(Number)])),
    });
    expect(after.queues.critical.waiting).toBeGreaterThan(0);
    expect(after.queues.critical.oldest_age_seconds).toBeGreaterThanOrEqual(0);
    expect(after.queues.high.active).toBe(before.queues.high.active + 1);
    expect(after.tasks.running).toBe(before.tasks.running + 1);
  });

  test('workers are listed with what they run, page by page', async () => {
    const other = await StandInWorker.register(api.app, 3);
    const { run_id: runId } = await createJob(await createDag());
    await other.claim(runId, 0);
    const first = await http().get('/workers?limit=1').expect(200);
    expect(first.body.items).toEqual([
      {
        id: other.id,
        hostname: 'here',
        pid: 1,
        status: 'active',
        slots: 3,
        running: 1,
        last_heartbeat_at: TIME,
        started_at: TIME,
        version: '0',
      },
    ]);
    const second = await http()
      .get('/workers')
      .query({ limit: 1, cursor: first.body.next_cursor })
      .expect(200);
    expect(second.body.items).toMatchObject([{ id: worker.id }]);
    expect(second.body.next_cursor).toBeNull();
    expect((await http().get('/workers?status=lost').expect(200)).body.items).toEqual([]);
  });

  test('worker stats say how busy they are and how much fails', async () => {
    // Ends are counted beside the transitions: up to a second late.
    await eventually(async () => {
      const { body } = await http().get('/workers/stats').expect(200);
      expect(body.workers).toMatchObject({ draining: 0, lost: 0 });
      expect(body.slots.total).toBe(body.slots.busy + body.slots.free);
      expect(body.slots.busy).toBeGreaterThan(0);
      expect(body.throughput['1h']).toBeGreaterThanOrEqual(body.throughput['1m']);
      expect(body.throughput['1m']).toBeGreaterThan(0);
      expect(body.failure_rate['1h']).toBeGreaterThan(0);
      expect(body.failure_rate['1h']).toBeLessThanOrEqual(1);
    });
  });

  test('health checks what the process needs; leaving turns only readiness off', async () => {
    const health = await http().get('/health').expect(200);
    const ok = { status: 'ok', detail: null, latency_ms: expect.any(Number) };
    expect(health.body).toEqual({
      status: 'ok',
      role: 'api',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      checks: { database: ok, queue: ok, loops: ok },
    });
    await http().get('/health/ready').expect(200);
    api.app.get(Readiness, { strict: false }).leave();
    const ready = await http().get('/health/ready').expect(503);
    expect(ready.body).toMatchObject({ status: 'failed', checks: { shutdown: { status: 'failed' } } });
    await http().get('/health/live').expect(200);
    await http().get('/health').expect(200);
  });
});
