import { request as rawRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { DlqModule } from '../../../src/dlq/dlq.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { WorkersModule } from '../../../src/workers/workers.module.js';
import { type ApiApplication, startApi } from './api-application.js';

const UNKNOWN_RUN = '01890000-0000-7000-8000-000000000000';

let api: ApiApplication;

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, DlqModule, WorkersModule], { BODY_LIMIT_BYTES: '1048576' });
}, 60_000);

afterAll(async () => {
  await api.close();
});

const http = () => request(api.app.getHttpServer());

/** Every problem has the same form, and says nothing about our insides. */
function expectProblem(answer: request.Response, status: number, code: string): void {
  expect({ status: answer.status, body: answer.body }).toEqual({
    status,
    body: {
      type: `urn:dts:problem:${code}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
      instance: expect.stringMatching(/^\//),
      code,
      errors: expect.any(Array),
      request_id: answer.headers['x-request-id'],
    },
  });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(JSON.stringify(answer.body)).not.toMatch(/\\n +at |node_modules|\.ts:|\.js:|SELECT|constraint/);
}

const postText = (path: string, body: string, type = 'application/json') =>
  http().post(path).set('Content-Type', type).send(body);

describe('bodies', () => {
  test.each(['/dags', '/jobs', '/dags/validate'])('that are not JSON are a 400 at %s', async (path) => {
    expectProblem(await postText(path, '{"name": '), 400, 'malformed_json');
  });

  test('that are not UTF-8 are a 400', async () => {
    const answer = await http()
      .post('/dags')
      .set('Content-Type', 'application/json')
      .serialize((body) => body as string)
      .send(Buffer.from([0x22, 0xff, 0xfe, 0x22]) as never);
    expectProblem(answer, 400, 'malformed_json');
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
  ])('of type %s are a 415', async (type) => {
    expectProblem(await postText('/jobs', 'dag_id=1', type), 415, 'unsupported_media_type');
  });

  test('with an encoding nobody knows are a 415', async () => {
    const answer = await http()
      .post('/jobs')
      .set('Content-Encoding', 'zip')
      .set('Content-Type', 'application/json')
      .send('{}');
    expectProblem(answer, 415, 'unsupported_media_type');
  });

  test('that are not what their encoding says are a 400', async () => {
    const answer = await http()
      .post('/jobs')
      .set('Content-Encoding', 'gzip')
      .set('Content-Type', 'application/json')
      .send('{}');
    expectProblem(answer, 400, 'malformed_request');
  });

  test('of 30 MB are a 413 at once, with and without a length, and the connection goes on', async () => {
    for (const withLength of [true, false]) {
      const startedAt = performance.now();
      const { status, code } = await sendLarge(30 * 1024 * 1024, withLength);
      expect({ status, code }).toEqual({ status: 413, code: 'body_too_large' });
      expect(performance.now() - startedAt).toBeLessThan(3_000);
    }
    await http().get('/dags').expect(200);
  });

  test.each([
    [
      'a key that would replace a prototype',
      '{"dag_id": 1, "params": {"a": {"__proto__": {"x": 1}}}}',
      '/params/a',
    ],
    ['the same key in disguise', '{"dag_id": 1, "params": {"\\u005f_proto__": 1}}', '/params'],
    ['NUL in a text', '{"dag_id": 1, "params": {"a": "x\\u0000"}}', '/params/a'],
    ['half a surrogate pair', '{"dag_id": 1, "params": {"a": ["\\ud800"]}}', '/params/a/0'],
    ['a number beyond a double', '{"dag_id": 1, "params": {"a": 1e999}}', '/params/a'],
  ])('with %s are a 422', async (_what, body, pointer) => {
    const answer = await postText('/jobs', body);
    expectProblem(answer, 422, 'validation_failed');
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([pointer]);
  });

  test('nested without end are a 422', async () => {
    const deep = `{"dag_id": 1, "params": {"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    expectProblem(await postText('/jobs', deep), 422, 'validation_failed');
    expectProblem(await postText('/dags', deep), 422, 'validation_failed');
  });

  test('with a million faults are answered with a thousand', async () => {
    const body = JSON.stringify(
      Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, 1])),
    );
    const answer = await postText('/jobs', body);
    expectProblem(answer, 422, 'validation_failed');
    expect(answer.body.errors).toHaveLength(1_000);
    expect(answer.body.detail).toContain('50001');
  });

  test.each([
    [{ dag_id: 'one' }, '/dag_id'],
    [{ dag_id: 1.5 }, '/dag_id'],
    [{ dag_id: -1 }, '/dag_id'],
    [{ dag_id: true }, '/dag_id'],
    [{ dag_id: [1] }, '/dag_id'],
    [{}, '/dag_id'],
    [{ dag_id: 1, params: [] }, '/params'],
    [{ dag_id: 1, params: null }, '/params'],
    [{ dag_id: 1, priority: 'urgent' }, '/priority'],
    [{ dag_id: 1, run_at: 'tomorrow' }, '/run_at'],
    [{ dag_id: 1, run_at: '2026-02-30T00:00:00Z' }, '/run_at'],
    [{ dag_id: 1, run_at: '2026-01-31' }, '/run_at'],
    [{ dag_id: 1, dagId: 1 }, '/dagId'],
    [{ dag_id: 1, constructor: 1 }, '/constructor'],
  ])('of a job like %j are a 422', async (body, pointer) => {
    const answer = await http().post('/jobs').send(body);
    expectProblem(answer, 422, 'validation_failed');
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([pointer]);
  });
});

describe('addresses', () => {
  test.each(['/', '/nowhere', '/dags/1/nowhere', '/workers/dlq'])('like %s are a 404', async (path) => {
    expectProblem(await http().get(path), 404, 'route_not_found');
  });

  test.each([
    ['/dags/0', 'dag_not_found'],
    ['/dags/999999', 'dag_not_found'],
    ['/dags/2147483648', 'dag_not_found'],
    ['/dags/99999999999999999999', 'dag_not_found'],
    ['/dags/one', 'dag_not_found'],
    ['/dags/1.5', 'dag_not_found'],
    ['/dags/1e3', 'dag_not_found'],
    ['/dags/-1', 'dag_not_found'],
    ['/dags/%00', 'dag_not_found'],
    ["/dags/1';--", 'dag_not_found'],
    ['/dags/999999/versions', 'dag_not_found'],
    [`/jobs/${UNKNOWN_RUN}`, 'job_not_found'],
    ['/jobs/not-a-uuid', 'job_not_found'],
    ['/jobs/%00', 'job_not_found'],
    [`/jobs/${UNKNOWN_RUN}/events`, 'job_not_found'],
    [`/jobs/${UNKNOWN_RUN}/tasks/a/attempts`, 'job_not_found'],
    [`/jobs/${UNKNOWN_RUN}/tasks/%00/attempts`, 'task_not_found'],
  ])('GET %s is a 404', async (path, code) => {
    expectProblem(await http().get(path), 404, code);
  });

  test.each([
    ['post', '/dags/999999/pause', 'dag_not_found'],
    ['delete', '/dags/99999999999', 'dag_not_found'],
    ['post', `/jobs/${UNKNOWN_RUN}/cancel`, 'job_not_found'],
    ['post', '/jobs/nope/cancel', 'job_not_found'],
    ['post', '/workers/dlq/1/replay', 'dlq_entry_not_found'],
    ['post', '/workers/dlq/99999999999/resolve', 'dlq_entry_not_found'],
    ['post', '/workers/dlq/x/replay', 'dlq_entry_not_found'],
  ] as const)('%s %s is a 404', async (method, path, code) => {
    expectProblem(await http()[method](path), 404, code);
  });

  test.each([1, 2_147_483_647, 2_147_483_648, 1e300])(
    'a job of the unknown DAG %d is a 404',
    async (dagId) => {
      expectProblem(await http().post('/jobs').send({ dag_id: dagId }), 404, 'dag_not_found');
    },
  );

  test.each(['/dags/%ff', '/dags/%', '/dags/%e0%a4%a/versions', '/jobs/%zz', '/jobs/%ff/tasks/a/attempts'])(
    'that cannot be decoded, like %s, are a 400',
    async (path) => {
      expectProblem(await http().get(path), 400, 'malformed_request');
    },
  );

  test.each([
    ['put', '/dags', 'GET, HEAD, POST'],
    ['delete', '/jobs', 'GET, HEAD, POST'],
    ['put', '/dags/1', 'DELETE, GET, HEAD, PATCH'],
    ['get', '/dags/1/pause', 'POST'],
    ['post', '/jobs/queue/stats', 'GET, HEAD'],
    ['delete', '/workers/dlq/entries', 'GET, HEAD'],
    ['post', '/openapi.json', 'GET, HEAD'],
    ['propfind', '/dags', 'GET, HEAD, POST'],
    ['put', '/dags/validate', 'DELETE, GET, HEAD, PATCH, POST'],
  ] as const)('%s %s is a 405 with what is allowed', async (method, path, allow) => {
    const answer = await http()[method](path);
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.allow).toBe(allow);
  });
});

describe('query strings', () => {
  test.each([
    ['/jobs?status=running,odd', '/status'],
    ['/jobs?status=', '/status'],
    ['/jobs?dag_id=x', '/dag_id'],
    ['/jobs?dag_id=99999999999', '/dag_id'],
    ['/jobs?created_after=yesterday', '/created_after'],
    ['/jobs?trigger=me', '/trigger'],
    ['/jobs?limit=1e2', '/limit'],
    ['/jobs?__proto__=1', '/__proto__'],
    ['/jobs?limit[a]=1', '/limit[a]'],
    [`/jobs?cursor=${Buffer.from('["x","y"]').toString('base64url')}`, '/cursor'],
    ['/workers?limit=0', '/limit'],
    ['/workers?cursor=AAAA', '/cursor'],
    ['/workers/dlq/entries?status=odd', '/status'],
    ['/workers/dlq/entries?error_code=%00', '/error_code'],
    [`/jobs/${UNKNOWN_RUN}/events?since=-1`, '/since'],
  ])('like %s are a 422', async (path, pointer) => {
    const answer = await http().get(path);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([pointer]);
  });
});

describe('request ids', () => {
  test('are the caller’s own where they are acceptable, in the answer and in its problem', async () => {
    const answer = await http().get('/nowhere').set('X-Request-Id', 'mine-1');
    expect(answer.headers['x-request-id']).toBe('mine-1');
    expect(answer.body.request_id).toBe('mine-1');
  });

  test('are made where they are missing or could break a log', async () => {
    for (const id of ['two words', 'x'.repeat(200)])
      expect((await http().get('/dags').set('X-Request-Id', id)).headers['x-request-id']).toMatch(
        /^[0-9a-f-]{36}$/,
      );
  });

  test('come without a word about what the server runs on', async () => {
    expect((await http().get('/dags')).headers['x-powered-by']).toBeUndefined();
  });
});

describe('requests that are not HTTP', () => {
  /** What comes back for some bytes, until the connection is closed. */
  const exchange = (bytes: string | Buffer): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port } = api.app.getHttpServer().address() as AddressInfo;
      let answer = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
      socket.on('close', () => resolve(answer)).on('error', reject);
    });

  const HEAD = 'GET /dags HTTP/1.1\r\nHost: localhost\r\n';

  test.each([
    ['an unknown method', 'FETCH /dags HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'malformed_request'],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n', 400, 'malformed_request'],
    ['a space in the path', 'GET /da gs HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'malformed_request'],
    ['another version', 'GET /dags HTTP/9.9\r\nHost: x\r\n\r\n', 400, 'malformed_request'],
    ['NUL in a header', `${HEAD}X-A: a\x00b\r\n\r\n`, 400, 'malformed_request'],
    ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400, 'malformed_request'],
    ['no Host', 'GET /dags HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed_request'],
    ['a wish for a tunnel', 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n', 400, 'malformed_request'],
    ['headers of 20 kB', `${HEAD}X-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    [
      'an address of 20 kB',
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      431,
      'headers_too_large',
    ],
  ])('%s is answered with a problem', async (_what, bytes, status, code) => {
    const answer = await exchange(Buffer.from(bytes, 'latin1'));
    const [head, body] = answer.split('\r\n\r\n', 2);
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/^content-type: application\/problem\+json/im);
    expect(head).toMatch(/^connection: close/im);
    const problem = JSON.parse(body);
    expect(problem).toMatchObject({ type: `urn:dts:problem:${code}`, status, code, errors: [] });
    expect(head).toMatch(new RegExp(`^x-request-id: ${problem.request_id}`, 'im'));
    expect(Number(/^content-length: (\d+)/im.exec(head)?.[1])).toBe(Buffer.byteLength(body));
  });

  test('a request that does not arrive in time is a 408', async () => {
    const server = api.app.getHttpServer();
    server.once('connection', (socket: Socket) =>
      // What Node says when its own time is up, which is minutes.
      server.emit('clientError', Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket),
    );
    const answer = await exchange('GET /');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
  });

  test('a chunk that is none is answered once, and the next connection is fine', async () => {
    const answer = await exchange(
      'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    await http().get('/dags').expect(200);
  });

  test('an expectation that nobody knows does no harm', async () => {
    expect(await exchange(`${HEAD}Expect: wonders\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('the document', () => {
  test('is OpenAPI 3.1 and knows every route with its errors', async () => {
    const { body } = await http().get('/openapi.json').expect(200);
    expect(body.openapi).toMatch(/^3\.1\./);
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/dags',
        '/dags/{id}',
        '/dags/{id}/versions',
        '/jobs/{run_id}/cancel',
        '/workers/dlq/{id}/replay',
      ]),
    );
    for (const [path, operations] of Object.entries<Record<string, { responses: object }>>(body.paths))
      for (const [method, { responses }] of Object.entries(operations))
        expect({ path, method, statuses: Object.keys(responses) }).toEqual({
          path,
          method,
          statuses: expect.arrayContaining(['500', '503']),
        });
    expect(Object.keys(body.paths['/dags'].post.responses)).toEqual(
      expect.arrayContaining(['201', '400', '409', '413', '415', '422']),
    );
  });

  test('shows a UI that loads nothing from elsewhere', async () => {
    const page = await http().get('/docs').expect(200);
    expect(page.text).toContain('swagger-ui');
    expect(page.text).not.toMatch(/(?:src|href)="https?:/);
    for (const [, path] of page.text.matchAll(/(?:src|href)="\.\/([^"]+)"/g))
      await http().get(`/${path}`).expect(200);
  });

  test('has examples that work when pasted', async () => {
    const { body } = await http().get('/openapi.json').expect(200);
    const { examples } = body.paths['/dags'].post.requestBody.content['application/json'];
    for (const { value } of Object.values<{ value: object }>(examples)) {
      const verdict = await http().post('/dags/validate').send(value).expect(200);
      expect(verdict.body.errors).toEqual([]);
    }
    const dag = await http().post('/dags').send(examples.pipeline.value).expect(201);
    const patches = body.paths['/dags/{id}'].patch.requestBody.content['application/json'].examples;
    for (const { value } of Object.values<{ value: object }>(patches))
      await http().patch(`/dags/${dag.body.id}`).send(value).expect(200);
    const jobs = body.paths['/jobs'].post.requestBody.content['application/json'].examples;
    for (const { value } of Object.values<{ value: object }>(jobs))
      await http()
        .post('/jobs')
        .send({ ...value, dag_id: dag.body.id })
        .expect(201);
  });
});

/** Sends a large body over a socket of its own and reads the answer as soon as it comes. */
function sendLarge(bytes: number, withLength: boolean): Promise<{ status: number; code: string }> {
  const { port } = api.app.getHttpServer().address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (withLength) headers['Content-Length'] = String(bytes);
    const sending = rawRequest(
      { port, host: '127.0.0.1', method: 'POST', path: '/dags', headers },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const { code } = JSON.parse(Buffer.concat(chunks).toString()) as { code: string };
          sending.destroy();
          resolve({ status: answer.statusCode ?? 0, code });
        });
      },
    );
    sending.on('error', reject);
    const chunk = Buffer.alloc(256 * 1024, ' ');
    let sent = 0;
    const pump = (): void => {
      while (sent < bytes && !sending.destroyed) {
        sent += chunk.length;
        if (!sending.write(chunk)) {
          sending.once('drain', pump);
          return;
        }
      }
      if (!sending.destroyed) sending.end();
    };
    pump();
  });
}

test('a connection that nobody uses is kept for longer than the proxies in front of us keep it', async () => {
  const { headers } = await http().get('/dags').set('Connection', 'keep-alive').expect(200);
  expect(headers['keep-alive']).toBe('timeout=75');
});
