import { type OriginRules, requestRefusal, streamRefusal } from '../../../src/http/origin.js';

const ANY_HOST: OriginRules = { corsOrigins: [], allowedHosts: null };
const LOOPBACK: OriginRules = { corsOrigins: [], allowedHosts: [] };

const codeOf = (headers: Record<string, string | undefined>, rules = ANY_HOST) =>
  streamRefusal(headers, rules)?.code ?? null;

it.each([
  ['http://127.0.0.1:8000', '127.0.0.1:8000'],
  ['http://[::1]:8000', '[::1]:8000'],
  ['https://tasks.example.org', 'tasks.example.org'],
  ['https://tasks.example.org', 'tasks.example.org:443'],
  ['http://tasks.example.org', 'Tasks.Example.org:80'],
])('lets a page of %s connect to its own host %s', (origin, host) => {
  expect(codeOf({ origin, host })).toBeNull();
});

it.each([
  ['http://evil.example', '127.0.0.1:8000'],
  ['http://127.0.0.1:8001', '127.0.0.1:8000'],
  ['http://127.0.0.1', '127.0.0.1:8000'],
  ['http://localhost:8000', '127.0.0.1:8000'],
  ['http://127.0.0.1:8000.evil.example', '127.0.0.1:8000'],
  ['http://127.0.0.1:8000@evil.example', '127.0.0.1:8000'],
  ['https://tasks.example.org', 'tasks.example.org:80'],
  ['null', '127.0.0.1:8000'],
  ['null', 'null'],
  ['', '127.0.0.1:8000'],
  ['file://', '127.0.0.1:8000'],
  ['chrome-extension://abcdef', 'abcdef'],
  ['http://127.0.0.1:8000', undefined],
])('keeps a page of %s from connecting to %s', (origin, host) => {
  expect(codeOf({ origin, host })).toBe('origin_not_allowed');
});

it('lets pages of listed origins connect, and no others', () => {
  const corsOrigins = ['https://board.example.org', 'http://localhost:5173'];
  const may = (origin: string) =>
    codeOf({ origin, host: '127.0.0.1:8000' }, { ...ANY_HOST, corsOrigins }) === null;
  expect(corsOrigins.map(may)).toEqual([true, true]);
  expect(may('http://board.example.org')).toBe(false);
  expect(may('http://localhost:5174')).toBe(false);
  expect(may('https://board.example.org.evil.example')).toBe(false);
});

it('asks nothing of what is no browser', () => {
  expect(codeOf({ host: '127.0.0.1:8000' })).toBeNull();
  expect(codeOf({})).toBeNull();
});

it('believes a browser that says a page is of another site although its origin was taken away', () => {
  const host = '127.0.0.1:8000';
  expect(codeOf({ host, 'sec-fetch-site': 'cross-site' })).toBe('origin_not_allowed');
  for (const site of ['same-origin', 'same-site', 'none'])
    expect(codeOf({ host, 'sec-fetch-site': site })).toBeNull();
});

it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('keeps pages of other sites from a %s', (method) => {
  const headers = { origin: 'http://evil.example', host: '127.0.0.1:8000' };
  expect(requestRefusal(method, headers, ANY_HOST)?.code).toBe('origin_not_allowed');
  expect(requestRefusal(method, { ...headers, origin: undefined }, ANY_HOST)).toBeNull();
});

it.each(['GET', 'HEAD', 'OPTIONS'])('lets any page send a %s, whose answer it cannot read', (method) => {
  const headers = { origin: 'http://evil.example', host: '127.0.0.1:8000' };
  expect(requestRefusal(method, headers, ANY_HOST)).toBeNull();
});

describe('a server that goes by certain names', () => {
  it.each(['localhost:8000', 'tasks.localhost', '127.0.0.1:8000', '127.8.0.1', '[::1]:8000', 'LOCALHOST'])(
    'always answers to %s',
    (host) => {
      expect(codeOf({ host }, LOOPBACK)).toBeNull();
    },
  );

  it.each(['evil.example:8000', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.5', 'a b', ''])(
    'does not answer to %j, even to a page that is of the same origin then',
    (host) => {
      expect(codeOf({ host, origin: `http://${host}` }, LOOPBACK)).toBe('host_not_allowed');
      expect(requestRefusal('GET', { host }, LOOPBACK)?.code).toBe('host_not_allowed');
    },
  );

  it('answers to those that are listed', () => {
    const rules = { ...LOOPBACK, allowedHosts: ['tasks.example.org', '[fd00::1]'] };
    expect(codeOf({ host: 'Tasks.example.org:443' }, rules)).toBeNull();
    expect(codeOf({ host: '[fd00::1]:8000' }, rules)).toBeNull();
    expect(codeOf({ host: 'other.example.org' }, rules)).toBe('host_not_allowed');
  });
});
