import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import type { LookupAddress } from 'node:dns';
import type { Json } from '../../../src/domain/json.js';
import type { Outcome } from '../../../src/domain/outcome.js';
import type { AttemptWork } from '../../../src/executors/executor.js';
import { HttpExecutor } from '../../../src/executors/http.js';
import { eventually } from '../../support/eventually.js';
import { attemptOf } from './workbench.js';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server whose answers each test writes; counts what reached it. */
class Site {
  answer: Answer = (_request, response) => response.end();
  readonly seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  connections = 0;
  private constructor(readonly server: Server) {
    server.on('connection', () => (this.connections += 1));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        this.seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
        this.answer(request, response, body);
      });
    });
  }
  static async open(): Promise<Site> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Site(server);
  }
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
  url(path = '/', host = '127.0.0.1'): string {
    return `http://${host}:${this.port}${path}`;
  }
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const never = new AbortController().signal;
let site: Site;
let http: HttpExecutor;
beforeEach(async () => {
  site = await Site.open();
  http = new HttpExecutor({ allowPrivate: true });
});
afterEach(async () => {
  await http.close();
  await site.close();
});

function call(config: AttemptWork['config'], rest: Partial<AttemptWork> = {}): Promise<Outcome> {
  return http.execute(attemptOf('http', config, rest), never);
}

function outputOf(outcome: Outcome): { status: number; headers: Record<string, Json>; body: Json } {
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return outcome.output as ReturnType<typeof outputOf>;
}

describe('the output of an http task', () => {
  it.each([
    ['application/json', '{"a":[1]}', { a: [1] }],
    ['application/problem+json; charset=utf-8', '3', 3],
    ['application/json', '{"a":', '{"a":'],
    ['text/plain', ' [1]', [1]],
    ['text/plain', '3', '3'],
    ['text/html', '<p>', '<p>'],
    ['text/plain; charset=latin1', Buffer.from([0xfc]), 'ü'],
    ['text/plain', 'a\0b', 'ab'],
    ['text/plain', '', null],
  ])('has status, headers and, for %s %j, the body %j', async (type, sent, body) => {
    site.answer = (_request, response) => {
      response.setHeader('x-twice', ['a', 'b']);
      response.writeHead(201, { 'content-type': type }).end(sent);
    };
    const output = outputOf(await call({ url: site.url() }));
    expect(output).toMatchObject({
      status: 201,
      body,
      headers: { 'content-type': type, 'x-twice': ['a', 'b'] },
    });
  });

  it('is refused above the limit while it streams, not after', async () => {
    let closed = false;
    site.answer = (_request, response) => {
      response.on('close', () => (closed = true));
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', pour);
      pour();
    };
    const outcome = await call({ url: site.url(), max_response_bytes: 100_000 });
    expect(outcome).toMatchObject({ error: { code: 'output_too_large', retryable: false } });
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining('100000') } });
    await eventually(() => expect(closed).toBe(true));
  });

  it('is refused above 1 MiB when nothing else is said', async () => {
    site.answer = (_request, response) => response.end('x'.repeat(1_100_000));
    expect(await call({ url: site.url() })).toMatchObject({ error: { code: 'output_too_large' } });
  });
});

describe('the request of an http task', () => {
  it('is made from the config', async () => {
    await call({
      url: site.url('/a?b=1#c'),
      method: 'post',
      headers: { 'X-One': 'a', 'X-Two': 2 },
      body: { rows: [1] },
    });
    expect(site.seen).toMatchObject([
      {
        method: 'POST',
        url: '/a?b=1',
        body: '{"rows":[1]}',
        headers: {
          'x-one': 'a',
          'x-two': '2',
          'content-type': 'application/json',
          host: `127.0.0.1:${site.port}`,
        },
      },
    ]);
  });

  it('is a GET without a body when only a URL is given', async () => {
    await call({ url: site.url() });
    expect(site.seen).toMatchObject([{ method: 'GET', body: '' }]);
  });

  it('sends text as it is, and credentials of the URL as a header', async () => {
    const url = site.url().replace('http://', 'http://user:p%40ss@');
    await call({ url, method: 'PUT', body: 'plain', headers: { 'Content-Type': 'text/csv' } });
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(site.seen).toMatchObject([
      { body: 'plain', headers: { 'content-type': 'text/csv', authorization } },
    ]);
  });

  it('carries the same Idempotency-Key on every try of a task, and another for another task', async () => {
    const config = { url: site.url() };
    await call(config, { attempt: 1 });
    await call(config, { attempt: 2 });
    await call(config, { taskName: 'other' });
    const keys = site.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([
      '0190f5c0-7b1c-7000-8000-000000000001.load',
      '0190f5c0-7b1c-7000-8000-000000000001.load',
      '0190f5c0-7b1c-7000-8000-000000000001.other',
    ]);
  });

  it.each<[AttemptWork['config']]>([
    [{ url: 3 }],
    [{ url: 'file:///etc/passwd' }],
    [{ url: '/relative' }],
    [{ method: 'TRACE' }],
    [{ headers: { Host: 'other' } }],
    [{ headers: { 'Transfer-Encoding': 'chunked' } }],
    [{ headers: { 'content-length': '3' } }],
    [{ headers: { 'X-A': 'a\r\nX-Evil: 1' } }],
    [{ headers: { 'X-A\r\nX-Evil': '1' } }],
    [{ headers: { 'X-A': 'a\0' } }],
  ])('is refused as bad_config before anything is sent: %j', async (config) => {
    const outcome = await call({ url: site.url(), ...config });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'bad_config', retryable: false } });
    expect(site.connections).toBe(0);
  });
});

describe('an http task fails', () => {
  it.each([
    [400, false],
    [404, false],
    [408, true],
    [425, true],
    [429, true],
    [500, true],
    [503, true],
  ])('for status %i, retryable: %s', async (status, retryable) => {
    site.answer = (_request, response) => response.writeHead(status).end('why');
    expect(await call({ url: site.url('/x?token=s3cret') })).toEqual({
      kind: 'failed',
      error: {
        code: 'http_status',
        message: `GET ${site.url('/x')} was answered with ${status}; expected 2xx.`,
        retryable,
        details: { status, body: 'why' },
      },
    });
  });

  it('for a status that is not among the expected ones, and succeeds for one that is', async () => {
    site.answer = (_request, response) => response.writeHead(404).end();
    expect(outputOf(await call({ url: site.url(), expected_status: [200, 404] })).status).toBe(404);
    site.answer = (_request, response) => response.writeHead(200).end();
    expect(await call({ url: site.url(), expected_status: [404] })).toMatchObject({
      error: { code: 'http_status' },
    });
  });

  it('with the wait that Retry-After asks for, in seconds or until a date', async () => {
    site.answer = (_request, response) => response.writeHead(429, { 'retry-after': '7' }).end();
    expect(await call({ url: site.url() })).toMatchObject({ retryAfterMs: 7_000 });
    const date = new Date(Date.now() + 60_000).toUTCString();
    site.answer = (_request, response) => response.writeHead(503, { 'retry-after': date }).end();
    const { retryAfterMs } = (await call({ url: site.url() })) as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    site.answer = (_request, response) => response.writeHead(400, { 'retry-after': '7' }).end();
    expect(await call({ url: site.url() })).not.toHaveProperty('retryAfterMs');
  });

  it('as network when nobody listens, and says so', async () => {
    const free = await Site.open();
    const url = free.url();
    await free.close();
    const outcome = await call({ url });
    expect(outcome).toMatchObject({ error: { code: 'network', retryable: true } });
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining('ECONNREFUSED') } });
  });

  it('as network when the connection breaks before or in the response', async () => {
    site.answer = (request) => request.socket.destroy();
    expect(await call({ url: site.url() })).toMatchObject({ error: { code: 'network' } });
    site.answer = (request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setImmediate(() => request.socket.destroy());
    };
    expect(await call({ url: site.url() })).toMatchObject({ error: { code: 'network' } });
  });

  it('as network for a name that does not exist', async () => {
    expect(await call({ url: 'http://no-such-name.invalid/' })).toMatchObject({ error: { code: 'network' } });
  });

  it.each<[string, Answer]>([
    ['no answer comes', () => undefined],
    ['the body never ends', (_request, response) => void response.writeHead(200).write('x')],
    [
      'the body trickles',
      (_request, response) => {
        const timer = setInterval(() => response.write('x'), 50);
        response.on('close', () => clearInterval(timer));
      },
    ],
  ])('as timeout when %s', async (_name, answer) => {
    site.answer = answer;
    const outcome = await call({ url: site.url(), timeout_seconds: 0.3 });
    expect(outcome).toMatchObject({ error: { code: 'timeout', retryable: true } });
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining('0.3 s') } });
    const byTask = await call({ url: site.url(), timeout_seconds: 9 }, { timeoutSeconds: 0.2 });
    expect(byTask).toMatchObject({ error: { code: 'timeout', message: expect.stringContaining('0.2 s') } });
  });

  it('at once, with the reason, when it is stopped', async () => {
    site.answer = () => undefined;
    const controller = new AbortController();
    const outcome = http.execute(attemptOf('http', { url: site.url() }), controller.signal);
    await eventually(() => expect(site.seen).toHaveLength(1));
    controller.abort('cancelled');
    expect(await outcome).toMatchObject({ error: { code: 'cancelled', retryable: false } });
  });
});

describe('redirects', () => {
  it('are followed, with the method and body that the status keeps', async () => {
    site.answer = (request, response) => {
      if (request.url === '/end') response.end('"there"');
      else response.writeHead(Number(request.url!.slice(1)), { location: '/end' }).end();
    };
    for (const status of [301, 302, 303])
      await call({ url: site.url(`/${status}`), method: 'POST', body: { a: 1 } });
    for (const status of [307, 308])
      await call({ url: site.url(`/${status}`), method: 'POST', body: { a: 1 } });
    const ends = site.seen.filter(({ url }) => url === '/end');
    expect(ends.map(({ method, body }) => [method, body])).toEqual([
      ['GET', ''],
      ['GET', ''],
      ['GET', ''],
      ['POST', '{"a":1}'],
      ['POST', '{"a":1}'],
    ]);
    expect(ends[0].headers['content-type']).toBeUndefined();
  });

  it('are the answer when they are not to be followed, or expected', async () => {
    site.answer = (_request, response) => response.writeHead(302, { location: '/end' }).end();
    expect(await call({ url: site.url(), follow_redirects: false })).toMatchObject({
      error: { code: 'http_status' },
    });
    expect(outputOf(await call({ url: site.url(), expected_status: [302] })).status).toBe(302);
    expect(site.seen).toHaveLength(2);
  });

  it('end after five', async () => {
    site.answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
    expect(await call({ url: site.url() })).toMatchObject({
      error: { code: 'too_many_redirects', retryable: false },
    });
    expect(site.seen).toHaveLength(6);
  });

  it('take Authorization and cookies to the same origin only', async () => {
    const other = await Site.open();
    site.answer = (request, response) => {
      if (request.url === '/end') response.end();
      else response.writeHead(302, { location: request.url === '/here' ? '/end' : other.url('/end') }).end();
    };
    const headers = { Authorization: 'Bearer s3cret', Cookie: 'a=b', 'X-Kept': '1' };
    await call({ url: site.url('/here'), headers });
    await call({ url: site.url('/there'), headers });
    expect(site.seen[1]).toMatchObject({
      url: '/end',
      headers: { authorization: 'Bearer s3cret', cookie: 'a=b' },
    });
    expect(other.seen[0].headers).toMatchObject({ 'x-kept': '1' });
    expect(other.seen[0].headers).not.toHaveProperty('authorization');
    expect(other.seen[0].headers).not.toHaveProperty('cookie');
    await other.close();
  });

  it('do not lead out of http', async () => {
    site.answer = (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    expect(await call({ url: site.url() })).toMatchObject({
      error: { code: 'forbidden_target', retryable: false },
    });
  });
});

describe('private targets, when they are not allowed', () => {
  /** Says what each name resolves to, in turn. */
  function resolver(answers: string[][]): { calls: number; executor: HttpExecutor } {
    const state = { calls: 0, executor: undefined as unknown as HttpExecutor };
    state.executor = new HttpExecutor({
      allowPrivate: false,
      resolveAll: (_hostname, _options, callback) => {
        const addresses = answers[Math.min(state.calls, answers.length - 1)];
        state.calls += 1;
        callback(
          null,
          addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      },
    });
    return state;
  }

  it.each([
    '127.0.0.1',
    '[::1]',
    '2130706433',
    '0x7f.1',
    '[::ffff:127.0.0.1]',
    '169.254.169.254',
    '10.1.2.3',
  ])('are refused by address, before a connection: %s', async (host) => {
    const { executor } = resolver([[]]);
    const outcome = await executor.execute(attemptOf('http', { url: site.url('/', host) }), never);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'forbidden_target', retryable: false } });
    expect(site.connections).toBe(0);
    await executor.close();
  });

  it('are refused by name when any address of it is private', async () => {
    const { executor } = resolver([['93.184.216.34', '127.0.0.1']]);
    const outcome = await executor.execute(attemptOf('http', { url: site.url('/', 'mixed.test') }), never);
    expect(outcome).toMatchObject({
      error: { code: 'forbidden_target', message: expect.stringContaining('mixed.test is 127.0.0.1') },
    });
    expect(site.connections).toBe(0);
    await executor.close();
  });

  it('cannot be reached by a name that changes its mind: it is resolved once', async () => {
    // A reserved address nobody answers; then the address of the site.
    const state = resolver([['198.51.100.1'], ['127.0.0.1']]);
    const outcome = await state.executor.execute(
      attemptOf('http', { url: site.url('/', 'flips.test') }),
      never,
    );
    expect(outcome).toMatchObject({ error: { code: 'forbidden_target' } });
    expect(state.calls).toBe(1);
    expect(site.connections).toBe(0);
    await state.executor.close();
  });

  it('can be reached when they are allowed', async () => {
    expect(outputOf(await call({ url: site.url('/', 'localhost') })).status).toBe(200);
  });
});
