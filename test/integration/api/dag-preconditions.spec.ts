import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { type ApiApplication, startApi } from './api-application.js';

let api: ApiApplication;
beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule]);
}, 60_000);
afterAll(async () => await api.close());

const http = () => request(api.app.getHttpServer());

let serial = 0;
async function create(fields: object = {}): Promise<{ path: string; id: number; etag: string }> {
  const answer = await http()
    .post('/dags')
    .send({ name: `dag-${(serial += 1)}`, tasks: [{ name: 'a', task_type: 'noop' }], ...fields })
    .expect(201);
  return { path: `/dags/${answer.body.id}`, id: answer.body.id, etag: answer.headers.etag };
}

const etagOf = async (path: string): Promise<string> => (await http().get(path).expect(200)).headers.etag;

describe('the ETag of a DAG', () => {
  test('is strong, and the same wherever the same state is answered', async () => {
    const { path, etag } = await create();
    expect(etag).toMatch(/^"[!#-~]+"$/);
    expect(await etagOf(path)).toBe(etag);
    const unchanged = await http().patch(path).send({}).expect(200);
    expect(unchanged.headers.etag).toBe(etag);
    expect((await http().post(`${path}/resume`).expect(200)).headers.etag).toBe(etag);
  });

  test('is another after every change, a pause as well, and never the same again', async () => {
    const { path, etag } = await create({ cron_expression: '@yearly' });
    const seen = [etag];
    seen.push((await http().patch(path).send({ description: 'x' }).expect(200)).headers.etag);
    seen.push((await http().patch(path).send({ description: '' }).expect(200)).headers.etag);
    seen.push((await http().post(`${path}/pause`).expect(200)).headers.etag);
    seen.push((await http().post(`${path}/resume`).expect(200)).headers.etag);
    seen.push(
      (
        await http()
          .patch(path)
          .send({ tasks: [{ name: 'b', task_type: 'noop' }] })
          .expect(200)
      ).headers.etag,
    );
    expect(new Set(seen).size).toBe(6);
    expect(await etagOf(path)).toBe(seen.at(-1));
  });

  test('is of its DAG only', async () => {
    expect((await create()).etag).not.toBe((await create()).etag);
  });
});

describe('reading what one knows already', () => {
  test.each([
    ['the tag', (etag: string) => etag],
    ['the tag as a weak one', (etag: string) => `W/${etag}`],
    ['the tag among others', (etag: string) => `"x", W/"y,z" ,${etag}`],
    ['anything', () => '*'],
  ])('by %s is a 304 without a body', async (_what, header) => {
    const { path, etag } = await create();
    for (const method of ['get', 'head'] as const) {
      const answer = await http()[method](path).set('If-None-Match', header(etag));
      expect({ status: answer.status, text: answer.text ?? '', etag: answer.headers.etag }).toEqual({
        status: 304,
        text: '',
        etag,
      });
      expect(answer.headers['content-type']).toBeUndefined();
    }
  });

  test('is a 304 for clients that mark their conditional requests as uncached, such as fetch', async () => {
    const { path, etag } = await create();
    await http().get(path).set('If-None-Match', etag).set('Cache-Control', 'no-cache').expect(304);
  });

  test.each([['"other"'], ['other'], ['']])('by %j is a 200', async (header) => {
    const { path } = await create();
    const answer = await http().get(path).set('If-None-Match', header).expect(200);
    expect(answer.body.id).toEqual(expect.any(Number));
  });

  test('is a 200 after a change, and after a tick', async () => {
    const { path, id, etag } = await create({ cron_expression: '@yearly' });
    await inDatabase(`UPDATE dags SET next_run_at = next_run_at + interval '1 year' WHERE id = ${id}`);
    const ticked = await http().get(path).set('If-None-Match', etag).expect(200);
    await http().patch(path).send({ description: 'x' }).expect(200);
    await http().get(path).set('If-None-Match', ticked.headers.etag).expect(200);
  });

  test('of a DAG that is not there is a 404', async () => {
    await http().get('/dags/999999').set('If-None-Match', '*').expect(404);
  });
});

const CHANGES = [
  ['PATCH', (path: string) => http().patch(path).send({ description: 'changed' })],
  ['pause', (path: string) => http().post(`${path}/pause`)],
  ['resume', (path: string) => http().post(`${path}/resume`)],
  ['DELETE', (path: string) => http().delete(path)],
] as const;

describe.each(CHANGES)('%s with If-Match', (what, change) => {
  const done = what === 'DELETE' ? 204 : 200;

  test.each([
    ['the tag', (etag: string) => etag],
    ['the tag among others', (etag: string) => `"x",${etag}`],
    ['anything', () => '*'],
  ])('of %s happens', async (_what, header) => {
    const { path, etag } = await create();
    await change(path).set('If-Match', header(etag)).expect(done);
  });

  test.each([
    ['an older tag', (etag: string) => etag],
    ['the tag of another DAG', () => '"999-1-0"'],
    ['a tag that is none of ours', () => '"x"'],
  ])('of %s is a 412 and changes nothing', async (_what, header) => {
    const { path, etag } = await create();
    await http().patch(path).send({ description: 'newer' }).expect(200);
    const newer = await etagOf(path);
    const answer = await change(path).set('If-Match', header(etag)).expect(412);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({
      code: 'precondition_failed',
      status: 412,
    });
    expect(await etagOf(path)).toBe(newer);
  });

  test('of the tag as a weak one is a 412, as changes need strong ones', async () => {
    const { path, etag } = await create();
    await change(path).set('If-Match', `W/${etag}`).expect(412);
  });

  test('that is malformed is a 400, never a change without the precondition', async () => {
    const { path, etag } = await create();
    for (const header of ['x', '"x', '', '"a" "b"', '*, "a"'])
      expect((await change(path).set('If-Match', header).expect(400)).body.code).toBe('malformed_request');
    expect(await etagOf(path)).toBe(etag);
  });

  test('of a DAG that is not there is a 404', async () => {
    await change('/dags/999999').set('If-Match', '*').expect(404);
    await change('/dags/999999').set('If-Match', '"999999-1-0"').expect(404);
  });
});

describe('changes to the same state', () => {
  test('at once: one wins, the others are a 412', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { path, etag } = await create();
      const answers = await Promise.all(
        ['a', 'b', 'c', 'd'].map((description) =>
          http().patch(path).set('If-Match', etag).send({ description }),
        ),
      );
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412, 412, 412]);
      const winner = answers.find((answer) => answer.status === 200)!;
      const { body, headers } = await http().get(path).expect(200);
      expect(body).toEqual(winner.body);
      expect(headers.etag).toBe(winner.headers.etag);
    }
  });

  test('by a PATCH and a DELETE at once: one wins', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { path, etag } = await create();
      const [patched, deleted] = await Promise.all([
        http().patch(path).set('If-Match', etag).send({ description: 'x' }),
        http().delete(path).set('If-Match', etag),
      ]);
      expect([
        [200, 412],
        [404, 204],
      ]).toContainEqual([patched.status, deleted.status]);
    }
  });

  test('a tick in between is nobody’s change', async () => {
    const { path, id, etag } = await create({ cron_expression: '@yearly' });
    await inDatabase(`UPDATE dags SET next_run_at = next_run_at + interval '1 year' WHERE id = ${id}`);
    await http().patch(path).set('If-Match', etag).send({ description: 'x' }).expect(200);
  });

  test('a refused DELETE cancels nothing', async () => {
    const { path, id, etag } = await create();
    const job = await http().post('/jobs').send({ dag_id: id }).expect(201);
    await http().post(`${path}/pause`).expect(200);
    await http().delete(path).set('If-Match', etag).expect(412);
    const { body } = await http().get(`/jobs/${job.body.run_id}`).expect(200);
    expect(body.status).toBe('queued');
  });
});

test('the document knows the headers and their answers', async () => {
  const { paths } = (await http().get('/openapi.json').expect(200)).body;
  const one = paths['/dags/{id}'];
  const headersOf = (operation: { parameters: { in: string; name: string }[] }) =>
    operation.parameters.filter((parameter) => parameter.in === 'header').map((parameter) => parameter.name);
  expect(headersOf(one.get)).toEqual(['If-None-Match']);
  expect(Object.keys(one.get.responses)).toContain('304');
  expect(one.get.responses['200'].headers).toHaveProperty('ETag');
  for (const operation of [
    one.patch,
    one.delete,
    paths['/dags/{id}/pause'].post,
    paths['/dags/{id}/resume'].post,
  ]) {
    expect(headersOf(operation)).toEqual(['If-Match']);
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '412']));
  }
});

test('no other route answers to conditions that it does not document', async () => {
  for (const path of ['/dags', '/openapi.json']) {
    const answer = await http().get(path).set('If-None-Match', '*').expect(200);
    expect(answer.headers.etag).toBeUndefined();
  }
});

async function inDatabase(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: api.database.url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
