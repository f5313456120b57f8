/** The request an http task asks for, read from its rendered config, and the request a redirect turns it into. */
import { isJsonObject, type Json } from '../domain/json.js';
import { MAX_OUTPUT_BYTES } from '../domain/outcome.js';
import { HTTP_METHODS } from '../domain/task-config.js';
import type { AttemptWork } from './executor.js';

export type HttpMethod = (typeof HTTP_METHODS)[number];

export interface HttpTaskRequest {
  method: HttpMethod;
  /** http or https, without credentials and fragment. */
  url: URL;
  /** By lower-case name. */
  headers: Record<string, string>;
  body: string | null;
  /** Whole exchange, redirects included. */
  timeoutSeconds: number;
  /** null expects any 2xx. */
  expectedStatus: readonly number[] | null;
  maxResponseBytes: number;
  followRedirects: boolean;
}

/** Headers that say how the message travels: ours to write, and a way to smuggle a second request when they are not. */
const TRAVEL_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** What must not follow a redirect to another origin. */
const SECRET_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** One line of Latin-1. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Reads the request; a text says what does not fit. Templates may have changed what was valid when it was stored. */
export function readHttpRequest(work: AttemptWork): HttpTaskRequest | string {
  const { config } = work;
  const url = readUrl(config['url']);
  if (typeof url === 'string') return url;
  const method = HTTP_METHODS.find((known) => known === String(config['method'] ?? 'GET').toUpperCase());
  if (method === undefined) return `The config value \`method\` is none of ${HTTP_METHODS.join(', ')}.`;
  const own = readHeaders(config['headers']);
  if (typeof own === 'string') return own;
  const { body, contentType } = readBody(config['body']);
  const headers: Record<string, string> = {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'distributed-task-scheduler',
    // The same for every try of the task, so that the other side can tell a retry from a new request.
    'idempotency-key': encodeURIComponent(`${work.runId}.${work.taskName}`),
    ...(contentType === null ? {} : { 'content-type': contentType }),
    ...basicAuthorization(url),
    ...own,
  };
  const { timeout_seconds: timeout, expected_status: expected, max_response_bytes: maxBytes } = config;
  return {
    method,
    url: withoutCredentials(url),
    headers,
    body,
    timeoutSeconds:
      typeof timeout === 'number' ? Math.min(timeout, work.timeoutSeconds) : work.timeoutSeconds,
    expectedStatus: Array.isArray(expected) ? expected.filter((status) => typeof status === 'number') : null,
    maxResponseBytes: typeof maxBytes === 'number' ? maxBytes : MAX_OUTPUT_BYTES,
    followRedirects: config['follow_redirects'] !== false,
  };
}

/** The request that follows a redirect, by the Fetch standard's rules; a text says why it may not be followed. */
export function redirected(
  request: HttpTaskRequest,
  status: number,
  location: string,
): HttpTaskRequest | string {
  let url: URL;
  try {
    url = new URL(location, request.url);
  } catch {
    return `a redirect leads to ${JSON.stringify(location.slice(0, 200))}, which is no URL`;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return `a redirect leads to the scheme ${url.protocol}`;
  const headers = { ...request.headers };
  if (url.origin !== request.url.origin) for (const name of SECRET_HEADERS) delete headers[name];
  const becomesGet =
    (status === 303 && request.method !== 'HEAD') ||
    ((status === 301 || status === 302) && request.method === 'POST');
  if (!becomesGet) return { ...request, url: withoutCredentials(url), headers };
  for (const name of Object.keys(headers)) if (name.startsWith('content-')) delete headers[name];
  return { ...request, url: withoutCredentials(url), headers, method: 'GET', body: null };
}

/** A URL as it may be shown: without credentials and query, which may be secret. */
export function shownUrl(url: URL): string {
  return url.origin + url.pathname;
}

function readUrl(value: Json | undefined): URL | string {
  if (typeof value !== 'string' || !URL.canParse(value))
    return 'The config value `url` is not an absolute URL.';
  const url = new URL(value);
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  return `The config value \`url\` has the scheme ${url.protocol} expected http: or https:.`;
}

function readHeaders(value: Json | undefined): Record<string, string> | string {
  const headers: Record<string, string> = {};
  if (value == null) return headers;
  if (!isJsonObject(value)) return 'The config value `headers` is not an object.';
  for (const [given, content] of Object.entries(value)) {
    const name = given.toLowerCase();
    if (!HEADER_NAME.test(name)) return `${JSON.stringify(given)} is not the name of a header.`;
    if (TRAVEL_HEADERS.has(name))
      return `The header ${given} may not be set: it is made from the request itself.`;
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    if (!HEADER_VALUE.test(text))
      return `The header ${given} holds a character that no header can: a line break, perhaps.`;
    headers[name] = text;
  }
  return headers;
}

/** Text goes as it is; every other JSON value as JSON. */
function readBody(value: Json | undefined): { body: string | null; contentType: string | null } {
  if (value == null) return { body: null, contentType: null };
  if (typeof value === 'string') return { body: value, contentType: 'text/plain; charset=utf-8' };
  return { body: JSON.stringify(value), contentType: 'application/json' };
}

function basicAuthorization(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function withoutCredentials(url: URL): URL {
  const clean = new URL(url);
  clean.username = '';
  clean.password = '';
  clean.hash = '';
  return clean;
}
