import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { connect, dataOf } from '../../../client/index.js';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { type ApiApplication, startApi } from './api-application.js';

let api: ApiApplication;
/** Another process of the same installation. */
let other: ApiApplication;

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule]);
  other = await startApi([DagsModule, JobsModule], {}, undefined, async () => api.database.url);
}, 60_000);
afterAll(async () => {
  await other.close();
  await api.close();
});

const http = (through = api) => request(through.app.getHttpServer());
const post = (body: unknown) =>
  http()
    .post('/jobs/batch')
    .send(body as object);
const postKeyed = (key: string, body: object, through = api) =>
  http(through).post('/jobs/batch').set('Idempotency-Key', key).send(body);

interface Item {
  run_id: string;
  status: string;
}

let serial = 0;
const createDag = async (tasks: object[] = [{ name: 'a', task_type: 'noop' }]): Promise<number> =>
  (
    await http()
      .post('/dags')
      .send({ name: `dag-${(serial += 1)}`, priority: 'low', tasks })
      .expect(201)
  ).body.id;
const jobsOf = async (dagId: number): Promise<Item[]> =>
  (await http().get('/jobs').query({ dag_id: dagId, limit: 200 }).expect(200)).body.items;

describe('POST /jobs/batch', () => {
  test('starts all jobs and answers them in the order of the request, as the list shows them', async () => {
    const one = await createDag();
    const two = await createDag([
      { name: 'a', task_type: 'noop' },
      { name: 'b', task_type: 'noop', dependencies: ['a'] },
    ]);
    const answer = await post({
      jobs: [
        { dag_id: two, params: { n: 0, deep: { constructor: [1.5, null] } } },
        { dag_id: one, priority: 'critical' },
        { dag_id: two, run_at: '2090-01-01T02:00:00+02:00' },
        { dag_id: one, run_at: null, params: { n: 3 } },
      ],
    }).expect(201);
    expect(answer.headers.location).toBeUndefined();
    const { items } = answer.body;
    expect(items).toMatchObject([
      {
        dag_id: two,
        status: 'queued',
        priority: 'low',
        params: { n: 0, deep: { constructor: [1.5, null] } },
      },
      { dag_id: one, status: 'queued', priority: 'critical', params: {} },
      { dag_id: two, status: 'scheduled', scheduled_for: '2090-01-01T00:00:00.000Z' },
      { dag_id: one, status: 'queued', scheduled_for: null, params: { n: 3 } },
    ]);
    expect(items.map((item: { task_counts: object }) => item.task_counts)).toMatchObject([
      { queued: 1, blocked: 1 },
      { queued: 1, blocked: 0 },
      { queued: 0, blocked: 2 },
      { queued: 1, blocked: 0 },
    ]);
    const listed = (await http().get('/jobs').query({ limit: 4 }).expect(200)).body.items;
    expect(items).toEqual(listed.reverse());
  });

  test('takes 500 jobs, through the client made from the document', async () => {
    const dagId = await createDag();
    const client = connect(await api.app.getUrl());
    const jobs = Array.from({ length: 500 }, (_, n) => ({ dag_id: dagId, params: { n } }));
    const { items } = await dataOf(client.POST('/jobs/batch', { body: { jobs } }));
    expect(items.map((item) => item.params)).toEqual(jobs.map((job) => job.params));
  });

  test('names all faults, each at its place, and starts nothing', async () => {
    const dagId = await createDag();
    const { body } = await post({
      jobs: [
        { dag_id: dagId },
        { dag_id: 'one', priority: 'urgent' },
        7,
        { dag_id: dagId, 'what/is~this': 1, run_at: '2026-02-30T00:00:00Z' },
        {},
      ],
      key: 1,
    }).expect(422);
    expect(body.code).toBe('validation_failed');
    expect(body.errors.map((fault: { pointer: string }) => fault.pointer).sort()).toEqual([
      '/jobs/1/dag_id',
      '/jobs/1/priority',
      '/jobs/2',
      '/jobs/3/run_at',
      '/jobs/3/what~1is~0this',
      '/jobs/4/dag_id',
      '/key',
    ]);
    expect(await jobsOf(dagId)).toEqual([]);
  });

  test.each([
    ['no body', undefined, ''],
    ['an array', [], ''],
    ['no jobs', {}, '/jobs'],
    ['null', { jobs: null }, '/jobs'],
    ['an object for the jobs', { jobs: { 0: { dag_id: 1 } } }, '/jobs'],
    ['an empty list', { jobs: [] }, '/jobs'],
    ['501 jobs', { jobs: Array.from({ length: 501 }, () => ({ dag_id: 0 })) }, '/jobs'],
  ])('refuses %s with one fault', async (_what, body, pointer) => {
    const answer = await post(body).expect(422);
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([
      body === undefined ? '/jobs' : pointer,
    ]);
  });

  test('names every job whose DAG is not there, and starts nothing', async () => {
    const [dagId, gone] = [await createDag(), await createDag()];
    await http().delete(`/dags/${gone}`).expect(204);
    const { body } = await post({
      jobs: [{ dag_id: dagId }, { dag_id: gone }, { dag_id: dagId }, { dag_id: 9_007_199_254_740_991 }],
    }).expect(404);
    expect(body.code).toBe('dag_not_found');
    expect(body.errors).toEqual([
      { pointer: '/jobs/1/dag_id', message: `There is no DAG ${gone}.` },
      { pointer: '/jobs/3/dag_id', message: 'There is no DAG 9007199254740991.' },
    ]);
    expect(await jobsOf(dagId)).toEqual([]);
  });

  test('says how many tasks are too many', async () => {
    const tasks = Array.from({ length: 101 }, (_, n) => ({ name: `t${n}`, task_type: 'noop' }));
    const dagId = await createDag(tasks);
    const { body } = await post({ jobs: Array.from({ length: 200 }, () => ({ dag_id: dagId })) }).expect(422);
    expect(body.errors).toEqual([
      {
        pointer: '/jobs',
        message: 'These jobs have 20200 tasks together; one request may start at most 20000.',
      },
    ]);
    expect(await jobsOf(dagId)).toEqual([]);
  });
});

describe('POST /jobs/batch with a key', () => {
  test('sent again answers the same jobs as they are now, in the same order', async () => {
    const dagId = await createDag();
    const key = randomUUID();
    const body = {
      jobs: [{ dag_id: dagId, params: { n: 1 } }, { dag_id: dagId, priority: 'high' }, { dag_id: dagId }],
    };
    const first = await postKeyed(key, body).expect(201);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    const again = await postKeyed(key, body, other).expect(200);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.headers.location).toBeUndefined();
    expect(again.body).toEqual(first.body);

    const runIds = first.body.items.map((item: Item) => item.run_id);
    await http().post(`/jobs/${runIds[1]}/cancel`).expect(200);
    const later = (await postKeyed(key, body).expect(200)).body.items;
    expect(later.map((item: Item) => item.run_id)).toEqual(runIds);
    expect(later.map((item: Item) => item.status)).toEqual(['queued', 'cancelled', 'queued']);
    expect(await jobsOf(dagId)).toHaveLength(3);
  });

  test('and another body is refused', async () => {
    const dagId = await createDag();
    const key = randomUUID();
    await postKeyed(key, { jobs: [{ dag_id: dagId }] }).expect(201);
    const { body } = await postKeyed(key, { jobs: [{ dag_id: dagId }, { dag_id: dagId }] }, other).expect(
      422,
    );
    expect(body.code).toBe('idempotency_key_reused');
    expect(await jobsOf(dagId)).toHaveLength(1);
  });

  test('sent twelve times at once to two processes starts them once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const dagId = await createDag();
      const key = randomUUID();
      const body = { jobs: Array.from({ length: 10 }, (_, n) => ({ dag_id: dagId, params: { n } })) };
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) => postKeyed(key, body, n % 2 ? api : other)),
      );
      const made = answers.filter((answer) => answer.status === 201);
      expect(made).toHaveLength(1);
      for (const answer of answers.filter((one) => one.status !== 201))
        if (answer.status === 409) {
          expect(answer.body.code).toBe('request_in_progress');
          expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        } else expect([answer.status, answer.body]).toEqual([200, made[0].body]);
      expect(await jobsOf(dagId)).toHaveLength(10);
    }
  });

  test('that was refused is not remembered', async () => {
    const dagId = await createDag();
    const key = randomUUID();
    await postKeyed(key, { jobs: [{ dag_id: dagId }, { dag_id: 2_000_000_000 }] }).expect(404);
    await postKeyed(key, { jobs: [] }).expect(422);
    await postKeyed(key, { jobs: [{ dag_id: dagId }] }).expect(201);
    expect(await jobsOf(dagId)).toHaveLength(1);
  });

  test('is another key than the same one of POST /jobs, and a bad one is refused', async () => {
    const dagId = await createDag();
    const key = randomUUID();
    await http().post('/jobs').set('Idempotency-Key', key).send({ dag_id: dagId }).expect(201);
    await postKeyed(key, { jobs: [{ dag_id: dagId }] }).expect(201);
    expect((await postKeyed('two words', { jobs: [{ dag_id: dagId }] }).expect(422)).body.code).toBe(
      'idempotency_key_invalid',
    );
  });
});
