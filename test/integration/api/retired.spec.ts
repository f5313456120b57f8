import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { DlqModule } from '../../../src/dlq/dlq.module.js';
import { Upkeep } from '../../../src/engine/upkeep.js';
import { EventsModule } from '../../../src/events/events.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { type ApiApplication, startApi } from './api-application.js';
import { StandInWorker } from './stand-in-worker.js';

let api: ApiApplication;
let dagId: number;
let gone: string;
let goneEntry: number;
let failed: string;
let open: string;

const http = () => request(api.app.getHttpServer());

async function start(): Promise<string> {
  return (await http().post('/jobs').send({ dag_id: dagId }).expect(201)).body.run_id;
}

async function pendingEntries(): Promise<{ id: number; run_id: string }[]> {
  return (await http().get('/workers/dlq/entries?status=pending').expect(200)).body.items;
}

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, DlqModule, EventsModule]);
  const worker = await StandInWorker.register(api.app);
  const dag = { name: 'history', tasks: [{ name: 'a', task_type: 'noop' }] };
  dagId = (await http().post('/dags').send(dag).expect(201)).body.id;
  gone = await start();
  await worker.fail(gone, 0);
  [{ id: goneEntry }] = await pendingEntries();
  await http().post(`/workers/dlq/${goneEntry}/resolve`).send({ note: 'seen to' }).expect(200);
  failed = await start();
  await worker.fail(failed, 0);
  open = await start();
  // As if it were tomorrow: whatever has ended is old enough.
  expect(await api.app.get(Upkeep, { strict: false }).retire(-1)).toEqual({ retired: 1, isAll: true });
}, 60_000);
afterAll(async () => await api.close());

describe('A job past the retention', () => {
  test.each([
    ['get', '', 'job_not_found'],
    ['get', '/events', 'job_not_found'],
    ['get', '/tasks/a/attempts', 'job_not_found'],
    ['get', '/tasks/a/logs', 'job_not_found'],
    ['post', '/cancel', 'job_not_found'],
    ['post', '/rerun', 'job_not_found'],
  ] as const)(
    'is not found by %s of /jobs/{run_id}%s, whatever of its history is still there',
    async (method, path, code) => {
      const asked = http()[method](`/jobs/${gone}${path}`);
      const answer = await (path === '/rerun' ? asked.send({ from: 'start' }) : asked);
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({ status: 404, code });
    },
  );

  test('is not found by a stream of its events', async () => {
    await http().get(`/jobs/${gone}/events`).set('accept', 'text/event-stream').expect(404);
  });

  test('took its closed DLQ entry along', async () => {
    await http().get(`/workers/dlq/${goneEntry}`).expect(404);
    await http().post(`/workers/dlq/${goneEntry}/replay`).expect(404);
  });

  test('is on no list, and everything else is', async () => {
    for (const query of ['', `?dag_id=${dagId}`, '?trigger=manual']) {
      const { items } = (await http().get(`/jobs${query}`).expect(200)).body;
      expect(items.map((job: { run_id: string }) => job.run_id)).toEqual([open, failed]);
    }
    expect((await http().get('/jobs?status=failed').expect(200)).body.items).toMatchObject([
      { run_id: failed },
    ]);
    expect(await pendingEntries()).toMatchObject([{ run_id: failed }]);
  });
});
