import { afterAll, beforeAll, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { HealthModule } from '../../../src/health/health.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { eventually } from '../../support/eventually.js';
import { type CuttableProxy, cuttableProxy } from '../queue/cuttable-proxy.js';
import { type ApiApplication, startApi } from './api-application.js';

let api: ApiApplication;
let cable: CuttableProxy;

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, HealthModule], {}, undefined, async (url) => {
    cable = await cuttableProxy(url);
    return cable.url;
  });
}, 60_000);

afterAll(async () => {
  await api.close();
  await cable.close();
});

const http = () => request(api.app.getHttpServer());

test('while the database is away every request is a 503 that says when to come back, and afterwards all is well', async () => {
  const definition = { name: 'survivor', tasks: [{ name: 'a', task_type: 'noop' }] };
  const dag = await http().post('/dags').send(definition).expect(201);

  await cable.cut();
  for (const answer of [
    await http().get('/dags'),
    await http()
      .post('/dags')
      .send({ ...definition, name: 'other' }),
    await http().post('/jobs').send({ dag_id: dag.body.id }),
    await http().get('/jobs/01890000-0000-7000-8000-000000000000'),
  ]) {
    expect({ status: answer.status, code: answer.body.code }).toEqual({
      status: 503,
      code: 'database_unavailable',
    });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body.detail).not.toMatch(/ECONN|pg|socket/i);
  }
  const health = await http().get('/health').expect(503);
  expect(health.body).toMatchObject({
    status: 'failed',
    checks: { database: { status: 'failed' }, loops: { status: 'ok' } },
  });
  await http().get('/health/ready').expect(503);
  await http().get('/health/live').expect(200);
  // What needs no database is answered as ever.
  await http().post('/jobs').send({}).expect(422);

  await cable.mend();
  const job = await eventually(
    async () => await http().post('/jobs').send({ dag_id: dag.body.id }).expect(201),
  );
  await http().get(`/jobs/${job.body.run_id}`).expect(200);
  await eventually(async () => await http().get('/health').expect(200));
}, 60_000);

test('when nothing comes through any more, health says so in time instead of waiting with it', async () => {
  await http().get('/health').expect(200);
  cable.freeze();
  const startedAt = performance.now();
  const health = await http().get('/health').expect(503);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(health.body.checks.database).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('No answer'),
  });
  await cable.mend();
  await eventually(async () => await http().get('/health').expect(200));
}, 60_000);
