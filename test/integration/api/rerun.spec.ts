import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { MOST_TASKS } from '../../../src/domain/graph.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { type ApiApplication, startApi } from './api-application.js';
import { StandInWorker } from './stand-in-worker.js';

let api: ApiApplication;
let worker: StandInWorker;

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule]);
  worker = await StandInWorker.register(api.app);
}, 60_000);
afterAll(async () => await api.close());

const http = () => request(api.app.getHttpServer());

let serial = 0;

/** A job of the chain `a -> b -> c` that has ended: all of it succeeded, or `b` failed. */
const ended = async (how: 'succeeded' | 'failed') => {
  const tasks = ['a', 'b', 'c'].map((name, index, names) => ({
    name,
    task_type: 'noop',
    dependencies: names.slice(Math.max(0, index - 1), index),
  }));
  const dag = await http()
    .post('/dags')
    .send({ name: `dag-${(serial += 1)}`, tasks })
    .expect(201);
  const body = { dag_id: dag.body.id, priority: 'high', params: { day: 7 } };
  const { run_id: runId } = (await http().post('/jobs').send(body).expect(201)).body;
  await worker.succeed(runId, 0, { rows: 3 });
  if (how === 'failed') await worker.fail(runId, 1);
  else for (const idx of [1, 2]) await worker.succeed(runId, idx, idx);
  return { runId, dagId: dag.body.id as number };
};

const rerun = (runId: string, body?: object) => http().post(`/jobs/${runId}/rerun`).send(body);

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('rerunning a job', () => {
  test('answers the new job and its address, with what is reused already succeeded', async () => {
    const { runId, dagId } = await ended('failed');
    const answer = await rerun(runId, { from: 'failed' }).expect(201);
    const { run_id: newId } = answer.body;
    expect(newId).not.toBe(runId);
    expect(answer.headers.location).toBe(`/jobs/${newId}`);
    expect(answer.body).toMatchObject({
      dag_id: dagId,
      dag_version: 1,
      status: 'queued',
      trigger: 'manual',
      priority: 'high',
      params: { day: 7 },
      rerun_of: runId,
      task_counts: { succeeded: 1, queued: 1, blocked: 1 },
      tasks: [
        {
          name: 'a',
          status: 'succeeded',
          attempt: 0,
          output: { rows: 3 },
          started_at: null,
          finished_at: TIME,
          worker_id: null,
        },
        { name: 'b', status: 'queued', attempt: 1, error: null },
        { name: 'c', status: 'blocked', attempt: 0 },
      ],
    });
    expect((await http().get(`/jobs/${newId}`).expect(200)).body).toEqual(answer.body);
    expect((await http().get(`/jobs?dag_id=${dagId}`).expect(200)).body.items).toMatchObject([
      { run_id: newId, rerun_of: runId },
      { run_id: runId, rerun_of: null },
    ]);
    expect((await http().get(`/jobs/${newId}/tasks/a/attempts`).expect(200)).body.items).toEqual([]);
    await worker.succeed(newId, 1);
    await worker.succeed(newId, 2);
    expect((await http().get(`/jobs/${newId}`).expect(200)).body.status).toBe('succeeded');
    expect((await http().get(`/jobs/${runId}`).expect(200)).body.status).toBe('failed');
  });

  test.each([
    ['start', ['queued', 'blocked', 'blocked']],
    [['b'], ['succeeded', 'queued', 'blocked']],
    [
      ['c', 'c'],
      ['succeeded', 'succeeded', 'queued'],
    ],
  ])('from %j runs what is asked for and what is below it', async (from, statuses) => {
    const { runId } = await ended('succeeded');
    const { body } = await rerun(runId, { from }).expect(201);
    expect(body.tasks.map((task: { status: string }) => task.status)).toEqual(statuses);
  });

  test('from a task below one that failed runs that one first', async () => {
    const { runId } = await ended('failed');
    const { body } = await rerun(runId, { from: ['c'] }).expect(201);
    expect(body.tasks).toMatchObject([{ status: 'succeeded' }, { status: 'queued' }, { status: 'blocked' }]);
  });

  test.each([
    [undefined, ['/from']],
    [{}, ['/from']],
    [{ from: null }, ['/from']],
    [{ from: 'end' }, ['/from']],
    [{ from: [] }, ['/from']],
    [{ from: [1] }, ['/from']],
    [{ from: { task: 'a' } }, ['/from']],
    [{ from: ['x'] }, ['/from/0']],
    [{ from: ['a', 'x', '__proto__'] }, ['/from/1', '/from/2']],
    [{ from: 'start', task: 'a' }, ['/task']],
  ])('refuses the body %j', async (body, pointers) => {
    const { runId } = await ended('succeeded');
    const answer = await rerun(runId, body).expect(422);
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual(pointers);
  });

  test('refuses more names than any DAG may have tasks', async () => {
    const { runId } = await ended('succeeded');
    const names = Array.from({ length: MOST_TASKS + 1 }, () => 'a');
    const { body } = await rerun(runId, { from: names }).expect(422);
    expect(body.errors).toMatchObject([{ pointer: '/from' }]);
  });

  test('is refused where the state does not allow it', async () => {
    const { runId, dagId } = await ended('succeeded');
    expect((await rerun(runId, { from: 'failed' }).expect(409)).body.code).toBe('nothing_to_rerun');
    const { run_id: open } = (await http().post('/jobs').send({ dag_id: dagId }).expect(201)).body;
    expect((await rerun(open, { from: 'start' }).expect(409)).body.code).toBe('job_not_ended');
    const nobody = '01890000-0000-7000-8000-000000000000';
    expect((await rerun(nobody, { from: 'start' }).expect(404)).body.code).toBe('job_not_found');
    expect((await rerun('nonsense', { from: 'start' }).expect(404)).body.code).toBe('job_not_found');
    await http().delete(`/dags/${dagId}`).expect(204);
    expect((await rerun(runId, { from: 'start' }).expect(409)).body.code).toBe('dag_deleted');
  });

  test('of a job that was cancelled while it waited for its time starts at once', async () => {
    const { dagId } = await ended('succeeded');
    const run_at = '2090-01-01T00:00:00Z';
    const { run_id: runId } = (await http().post('/jobs').send({ dag_id: dagId, run_at }).expect(201)).body;
    await http().post(`/jobs/${runId}/cancel`).expect(200);
    const { body } = await rerun(runId, { from: 'failed' }).expect(201);
    expect(body).toMatchObject({ status: 'queued', scheduled_for: '2090-01-01T00:00:00.000Z' });
    await worker.succeed(body.run_id, 0);
  });

  test('has examples that work when pasted', async () => {
    const { body } = await http().get('/openapi.json').expect(200);
    const { examples } = body.paths['/jobs/{run_id}/rerun'].post.requestBody.content['application/json'];
    for (const name of ['failed', 'start']) {
      const { runId } = await ended('failed');
      await rerun(runId, examples[name].value).expect(201);
    }
  });
});
