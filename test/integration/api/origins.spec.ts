import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { EventsModule } from '../../../src/events/events.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { type ApiApplication, startApi } from './api-application.js';

const LISTED = 'https://board.example.org';
const STRANGER = 'http://evil.example';
const DAG = { tasks: [{ name: 'a', task_type: 'noop' }] };

let api: ApiApplication;
let dagId: number;
beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, EventsModule], {
    CORS_ORIGINS: LISTED,
    ALLOWED_HOSTS: 'tasks.example.org',
  });
  dagId = (
    await http()
      .post('/dags')
      .send({ ...DAG, name: 'first' })
      .expect(201)
  ).body.id;
}, 60_000);
afterAll(async () => await api.close());

const http = () => request(api.app.getHttpServer());
const host = () => `127.0.0.1:${(api.app.getHttpServer().address() as AddressInfo).port}`;

describe('a page of another site', () => {
  test('may not have anything changed, not even without a body', async () => {
    const { run_id: runId } = (await http().post('/jobs').send({ dag_id: dagId }).expect(201)).body;
    for (const [method, path] of [
      ['post', `/jobs/${runId}/cancel`],
      ['post', `/dags/${dagId}/pause`],
      ['patch', `/dags/${dagId}`],
      ['delete', `/dags/${dagId}`],
      ['post', '/no/such/route'],
    ] as const)
      for (const headers of [{ Origin: STRANGER }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
        const answer = await http()
          [method](path)
          .set({ Host: host(), ...headers });
        expect({ path, headers, status: answer.status, type: answer.type, code: answer.body.code }).toEqual({
          path,
          headers,
          status: 403,
          type: 'application/problem+json',
          code: 'origin_not_allowed',
        });
      }
    expect((await http().get(`/jobs/${runId}`).expect(200)).body.status).toBe('queued');
    expect((await http().get(`/dags/${dagId}`).expect(200)).body.is_paused).toBe(false);
  });

  test('gets no leave to read anything', async () => {
    const answer = await http().get('/dags').set('Origin', STRANGER).expect(200);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('a program, a page of the server itself, and one of a listed origin', () => {
  test('may', async () => {
    for (const [index, origin] of [undefined, `http://${host()}`, LISTED].entries()) {
      const post = http().post('/dags').set('Host', host());
      if (origin !== undefined) post.set('Origin', origin).set('Sec-Fetch-Site', 'cross-site');
      await post.send({ ...DAG, name: `by-${index}` }).expect(201);
    }
  });

  test('of a listed origin: may read answers, and ask first', async () => {
    const answer = await http().get('/dags').set('Origin', LISTED).expect(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': LISTED,
      vary: expect.stringContaining('Origin'),
    });
    const preflight = await http()
      .options('/dags')
      .set({ Origin: LISTED, 'Access-Control-Request-Method': 'POST' })
      .expect(204);
    expect(preflight.headers['access-control-allow-methods']).toContain('POST');
  });
});

describe('a page whose own name was made to point here', () => {
  test.each([
    ['get', '/dags'],
    ['post', '/dags'],
    ['get', '/events'],
    ['get', '/openapi.json'],
    ['get', '/docs'],
  ] as const)('gets nothing by %s %s', async (method, path) => {
    const rebound = { Host: 'evil.example:8000', Origin: 'http://evil.example:8000' };
    const answer = await http()[method](path).set(rebound).expect(403);
    expect(answer.body).toMatchObject({ code: 'host_not_allowed' });
  });

  test('opens no socket', async () => {
    const rebound = { Host: 'evil.example:8000', Origin: 'http://evil.example:8000' };
    await http().get('/socket.io/?EIO=4&transport=polling').set(rebound).expect(403);
    await http().get('/dags').set('Host', 'tasks.example.org').expect(200);
  });
});
