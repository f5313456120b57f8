import {
  redirected,
  readHttpRequest,
  shownUrl,
  type HttpTaskRequest,
} from '../../../src/executors/http-request.js';
import type { AttemptWork } from '../../../src/executors/executor.js';

function read(config: AttemptWork['config'], rest: Partial<AttemptWork> = {}): HttpTaskRequest | string {
  return readHttpRequest({
    runId: 'run',
    taskName: 'a b',
    timeoutSeconds: 30,
    config,
    ...rest,
  } as AttemptWork);
}
function valid(config: AttemptWork['config']): HttpTaskRequest {
  const request = read(config);
  if (typeof request === 'string') throw new Error(request);
  return request;
}

describe('an http request', () => {
  it('has the shorter of both timeouts', () => {
    expect(valid({ url: 'http://a/', timeout_seconds: 5 }).timeoutSeconds).toBe(5);
    expect(valid({ url: 'http://a/', timeout_seconds: 60 }).timeoutSeconds).toBe(30);
    expect(valid({ url: 'http://a/' }).timeoutSeconds).toBe(30);
  });

  it('lets a header of the config win over what is made', () => {
    const { headers } = valid({
      url: 'http://u:p@a/',
      headers: { Authorization: 'Bearer t', 'IDEMPOTENCY-KEY': 'mine', 'User-Agent': 'me' },
    });
    expect(headers).toMatchObject({
      authorization: 'Bearer t',
      'idempotency-key': 'mine',
      'user-agent': 'me',
    });
  });

  it('has an idempotency key that fits into a header, whatever the task is called', () => {
    expect(valid({ url: 'http://a/' }).headers['idempotency-key']).toBe('run.a%20b');
  });

  it('shows neither credentials nor query nor fragment', () => {
    expect(shownUrl(new URL('https://u:p@a.test:8443/path?token=1#x'))).toBe('https://a.test:8443/path');
    expect(valid({ url: 'https://u:p@a.test/path#x' }).url.href).toBe('https://a.test/path');
  });

  it('refuses what a template made of a value', () => {
    expect(read({ url: null })).toContain('url');
    expect(read({ url: 'http://a/', headers: ['x'] })).toContain('headers');
    expect(read({ url: 'http://a/', headers: { 'X-A': 'snow \u2603' } })).toContain('X-A');
  });
});

describe('a redirected request', () => {
  it('is relative to the one before', () => {
    expect(redirected(valid({ url: 'http://a/b/c?d' }), 302, '../e')).toMatchObject({
      url: new URL('http://a/e'),
    });
  });

  it('never carries credentials that a Location brings', () => {
    const next = redirected(valid({ url: 'http://a/' }), 302, 'http://u:p@a/x') as HttpTaskRequest;
    expect(next.url.href).toBe('http://a/x');
  });

  it('stays HEAD after a 303', () => {
    expect(redirected(valid({ url: 'http://a/', method: 'HEAD' }), 303, '/x')).toMatchObject({
      method: 'HEAD',
    });
    expect(redirected(valid({ url: 'http://a/', method: 'PUT' }), 303, '/x')).toMatchObject({
      method: 'GET',
    });
    expect(redirected(valid({ url: 'http://a/', method: 'PUT' }), 302, '/x')).toMatchObject({
      method: 'PUT',
    });
  });

  it.each(['ftp://a/', 'javascript:1', 'http://[', 'data:,x'])('is refused for %s', (location) => {
    expect(typeof redirected(valid({ url: 'http://a/' }), 302, location)).toBe('string');
  });

  it('drops secrets when only the port or the scheme differs', () => {
    const request = valid({ url: 'https://a/', headers: { authorization: 'x' } });
    for (const location of ['https://a:444/', 'http://a/', 'https://b/']) {
      expect((redirected(request, 302, location) as HttpTaskRequest).headers).not.toHaveProperty(
        'authorization',
      );
    }
    expect((redirected(request, 302, '/b') as HttpTaskRequest).headers).toHaveProperty('authorization');
  });
});
