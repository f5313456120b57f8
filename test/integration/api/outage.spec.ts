import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import request, { type Response } from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { HealthModule } from '../../../src/health/health.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { PATIENCE } from '../../../src/persistence/patience.js';
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

test('connections that have fallen silent are given up for new ones, after the patience of one statement', async () => {
  const dag = await http()
    .post('/dags')
    .send({ name: 'heard', tasks: [{ name: 'a', task_type: 'noop' }] })
    .expect(201);
  const requests = (): Promise<Response[]> =>
    Promise.all([
      http().get(`/dags/${dag.body.id}`),
      http().patch(`/dags/${dag.body.id}`).send({ description: 'new' }),
      http().post('/jobs').send({ dag_id: dag.body.id }),
    ]);
  expect((await requests()).map(({ status }) => status)).toEqual([200, 200, 201]);

  cable.freezeExisting();
  const startedAt = performance.now();
  const silent = await requests();
  expect(performance.now() - startedAt).toBeLessThan(PATIENCE.query_timeout! + 2_000);
  expect(silent.map(({ status, body }) => `${status} ${body.code}`)).toEqual(
    Array.from({ length: 3 }, () => '503 database_unavailable'),
  );
  const mendedAt = performance.now();
  expect((await requests()).map(({ status }) => status)).toEqual([200, 200, 201]);
  // One that met a silent connection would have taken its whole patience.
  expect(performance.now() - mendedAt).toBeLessThan(PATIENCE.query_timeout! - 2_000);
}, 60_000);

test('a change that is cut off in the middle is a 503 as well, and has changed nothing', async () => {
  const dag = await http()
    .post('/dags')
    .send({ name: 'untouched', tasks: [{ name: 'a', task_type: 'noop' }] })
    .expect(201);
  const admin = new pg.Client({ connectionString: api.database.url });
  await admin.connect();
  try {
    await admin.query('BEGIN');
    await admin.query('SELECT FROM dags WHERE id = $1 FOR UPDATE', [dag.body.id]);
    const patch = http().patch(`/dags/${dag.body.id}`).send({ description: 'new' });
    const answer = patch.then((response) => response);
    await eventually(async () => {
      const { rowCount } = await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(rowCount).toBe(1);
    });
    expect(await answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
  } finally {
    await admin.end();
  }
  const after = await http().get(`/dags/${dag.body.id}`).expect(200);
  expect(after.body).toMatchObject({ description: dag.body.description });
});
