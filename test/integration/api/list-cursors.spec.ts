import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { DlqModule } from '../../../src/dlq/dlq.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { WorkersModule } from '../../../src/workers/workers.module.js';
import { encodeCursor } from '../../../src/http/cursor.js';
import { type ApiApplication, startApi } from './api-application.js';
import { StandInWorker } from './stand-in-worker.js';

let api: ApiApplication;
const dagIds: number[] = [];
const runIds: string[] = [];

const http = () => request(api.app.getHttpServer());
const get = async (path: string, query: object = {}) => await http().get(path).query(query);

/** Two DAGs with two versions each, three jobs, two of which failed into the DLQ, and two workers. */
beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, DlqModule, WorkersModule]);
  const worker = await StandInWorker.register(api.app);
  await StandInWorker.register(api.app);
  for (const name of ['one', 'two']) {
    const tasks = [{ name: 'a', task_type: 'noop', config: {}, max_retries: 1 }];
    const { body } = await http().post('/dags').send({ name, tasks }).expect(201);
    dagIds.push(body.id);
    await http()
      .patch(`/dags/${body.id}`)
      .send({ tasks: [{ ...tasks[0], max_retries: 0 }] })
      .expect(200);
  }
  for (const isFailing of [true, true, false]) {
    const { body } = await http().post('/jobs').send({ dag_id: dagIds[0] }).expect(201);
    runIds.push(body.run_id);
    if (isFailing) await worker.fail(body.run_id, 0);
  }
});
afterAll(async () => await api.close());

/** Every list: its path, and a filter that narrows it without emptying it. */
const LISTS: [string, () => string, () => Record<string, string | number>][] = [
  ['jobs', () => '/jobs', () => ({ dag_id: dagIds[0] })],
  ['events', () => `/jobs/${runIds[0]}/events`, () => ({ since: 1 })],
  ['DAGs', () => '/dags', () => ({ is_paused: 'false' })],
  ['versions', () => `/dags/${dagIds[0]}/versions`, () => ({})],
  ['workers', () => '/workers', () => ({ status: 'active' })],
  ['DLQ entries', () => '/workers/dlq/entries', () => ({ status: 'pending' })],
];

async function firstCursor(path: string, query: object): Promise<string> {
  const { status, body } = await get(path, { ...query, limit: 1 });
  expect([status, typeof body.next_cursor]).toEqual([200, 'string']);
  return body.next_cursor;
}

function expectRefused(answer: request.Response): void {
  expect(answer.status).toBe(422);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.body).toMatchObject({ code: 'cursor_invalid', errors: [{ pointer: '/cursor' }] });
}

describe.each(LISTS)('a cursor of the list of %s', (_name, path, filter) => {
  test('goes on behind the last item, with the same filter and any limit', async () => {
    const whole = await get(path(), filter());
    const cursor = await firstCursor(path(), filter());
    const rest = await get(path(), { ...filter(), limit: 50, cursor });
    expect(rest.body.items).toEqual(whole.body.items.slice(1));
    expect(rest.body.next_cursor).toBeNull();
  });

  test('is refused by every other list, and by itself with other filters', async () => {
    const cursor = await firstCursor(path(), filter());
    for (const [, other, otherFilter] of LISTS) {
      if (other() === path()) continue;
      expectRefused(await get(other(), { ...otherFilter(), cursor }));
    }
    if (Object.keys(filter()).length > 0) expectRefused(await get(path(), { cursor }));
  });

  test('is refused when a character of it is changed, cut off, or of no cursor at all', async () => {
    const cursor = await firstCursor(path(), filter());
    const swapped = cursor.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    const middle = `${cursor.slice(0, 12)}${cursor[12] === 'x' ? 'y' : 'x'}${cursor.slice(13)}`;
    for (const broken of ['null', '[]', cursor.slice(0, -4), swapped, middle, `${cursor}${cursor}`]) {
      const answer = await get(path(), { ...filter(), cursor: broken });
      // A key changed into another key of the list is a cursor like any other.
      if (broken === middle && answer.status === 200) continue;
      expectRefused(answer);
    }
    const empty = await get(path(), { ...filter(), cursor: '' });
    expect([empty.status, empty.body.errors[0].pointer]).toEqual([422, '/cursor']);
  });

  test('is refused with a key that is none of this list, though its digest is right', async () => {
    for (const key of [-1, 1.5, 2 ** 40, 'x', '9999999999999999/x'])
      expectRefused(await get(path(), { cursor: encodeCursor(key, { list: 'jobs' }) }));
  });
});

describe('the list of attempts', () => {
  test('refuses the cursor of another task', async () => {
    const cursor = encodeCursor(1, { list: 'attempts', runId: runIds[0], task: 'b' });
    expectRefused(await get(`/jobs/${runIds[0]}/tasks/a/attempts`, { cursor }));
  });
});

describe('the time a job was created', () => {
  test('is the one in its run_id, and an end of a range leaves out what is exactly on it', async () => {
    for (const runId of runIds) {
      const { body: job } = await get(`/jobs/${runId}`);
      const createdMs = Date.parse(job.created_at);
      expect(parseInt(runId.replace('-', '').slice(0, 12), 16)).toBe(createdMs);
      const listed = async (after: number, before: number): Promise<boolean> => {
        const query = { created_after: iso(after), created_before: iso(before) };
        const { body } = await get('/jobs', query);
        return body.items.some((item: { run_id: string }) => item.run_id === runId);
      };
      expect(await listed(createdMs - 1, createdMs + 1)).toBe(true);
      expect(await listed(createdMs, createdMs + 1_000)).toBe(false);
      expect(await listed(createdMs - 1_000, createdMs)).toBe(false);
    }
  });

  test('may be asked for with any time there is', async () => {
    const ids = async (query: object): Promise<string[]> =>
      (await get('/jobs', query)).body.items.map((item: { run_id: string }) => item.run_id);
    const all = [...runIds].reverse();
    expect(await ids({ created_after: '0001-01-01T00:00:00Z' })).toEqual(all);
    expect(await ids({ created_before: '9999-12-31T23:59:59Z' })).toEqual(all);
    expect(await ids({ created_before: '1969-12-31T23:59:59Z' })).toEqual([]);
    expect(await ids({ created_after: '9999-12-31T23:59:59Z' })).toEqual([]);
  });
});

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
