import { Agent, request as send } from 'undici';
import { acceptOutput, cleanText, cutText, type Outcome } from '../domain/outcome.js';
import { monotonicMs, onDeadline } from './deadline.js';
import { stopReasonOf, type AttemptWork, type Executor } from './executor.js';
import { failed, stopped } from './failures.js';
import type { LogKeeper } from './host-process.js';
import { readHttpRequest, redirected, shownUrl, type HttpTaskRequest } from './http-request.js';
import {
  BodyTooLarge,
  bodyValue,
  headersValue,
  headerText,
  readBodyWithin,
  retryAfterMs,
} from './http-response.js';
import type { ResponseHeaders } from './http-response.js';
import { ForbiddenTarget, guardedLookup, refuseClosedLiteral, type ResolveAll } from './http-target.js';

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** 4xx that another try may cure: a slow client, too early, too many. */
const RETRYABLE_4XX = [408, 425, 429];
/** Shorter than servers usually keep an idle connection, so that a kept one is rarely dead when it is used again. */
const KEEP_ALIVE_MS = 1_000;
/** Of an unexpected response's body, how much goes into the error. */
const ERROR_BODY_BYTES = 4_000;

export interface HttpExecutorOptions {
  allowPrivate: boolean;
  /** Stands in for the system's resolver. */
  resolveAll?: ResolveAll;
  /** Gets a line for each exchange. */
  logs?: LogKeeper;
}

interface HttpResponse {
  request: HttpTaskRequest;
  status: number;
  headers: ResponseHeaders;
  body: Buffer;
}

/**
 * Sends the request of an http task. One clock runs over the whole exchange, redirects and body included; redirects
 * are followed by hand, so that every hop passes the same checks. Proxy variables are not looked at.
 */
export class HttpExecutor implements Executor {
  private readonly agent: Agent;

  constructor(private readonly options: HttpExecutorOptions) {
    this.agent = new Agent({
      ...(options.allowPrivate ? {} : { connect: { lookup: guardedLookup(options.resolveAll) } }),
      // The exchange's own clock rules.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
  }

  async execute(work: AttemptWork, signal: AbortSignal): Promise<Outcome> {
    const request = readHttpRequest(work);
    if (typeof request === 'string') return failed('bad_config', request);
    const startedAtMs = monotonicMs();
    const lines: string[] = [];
    const outcome = await this.attempt(work, request, signal, (line) =>
      lines.push(`${line} (after ${Math.round(monotonicMs() - startedAtMs)} ms)\n`),
    );
    const text = cleanText(lines.join(''));
    if (text !== '')
      this.options.logs?.take(work.attemptId, [
        { stream: 'system', atMs: Date.now(), text, leftOutBytes: 0 },
      ]);
    return outcome;
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async attempt(
    work: AttemptWork,
    request: HttpTaskRequest,
    signal: AbortSignal,
    log: (line: string) => void,
  ): Promise<Outcome> {
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    const cancelTimeout = onDeadline(monotonicMs() + request.timeoutSeconds * 1_000, stop);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      // Raced, because undici does not look at the signal before it is connected.
      const response = await Promise.race([
        this.exchange(request, abort.signal, log),
        rejectedWhenAborted(abort.signal),
      ]);
      return judge(response);
    } catch (error) {
      const failure = signal.aborted
        ? stopped(stopReasonOf(signal), work.timeoutSeconds)
        : abort.signal.aborted
          ? timedOut(request)
          : explain(error, request);
      log(failure.error.message);
      return failure;
    } finally {
      cancelTimeout();
      signal.removeEventListener('abort', stop);
    }
  }

  private async exchange(
    first: HttpTaskRequest,
    signal: AbortSignal,
    log: (line: string) => void,
  ): Promise<HttpResponse> {
    let request = first;
    for (let hops = 0; ; hops++) {
      if (!this.options.allowPrivate) refuseClosedLiteral(request.url);
      const { method, url, headers, body } = request;
      const response = await send(url, { method, headers, body, signal, dispatcher: this.agent });
      // Read to its end or destroyed below; a break in between surfaces there.
      response.body.on('error', () => undefined);
      const { statusCode: status } = response;
      const location = headerText(response.headers, 'location');
      if (
        !request.followRedirects ||
        location === null ||
        !REDIRECTS.includes(status) ||
        isExpected(request, status)
      ) {
        const bytes = await readBodyWithin(response.body, request.maxResponseBytes);
        log(`${described(request)}: ${status}, ${bytes.length} bytes`);
        return { request, status, headers: response.headers, body: bytes };
      }
      response.body.destroy();
      if (hops === MAX_REDIRECTS) throw new TooManyRedirects();
      const next = redirected(request, status, location);
      if (typeof next === 'string') throw new ForbiddenTarget(next);
      log(`${described(request)}: ${status}, on to ${shownUrl(next.url)}`);
      request = next;
    }
  }
}

class TooManyRedirects extends Error {}

function isExpected(request: HttpTaskRequest, status: number): boolean {
  return request.expectedStatus?.includes(status) ?? (status >= 200 && status < 300);
}

function judge({ request, status, headers, body }: HttpResponse): Outcome {
  const value = bodyValue(body, headerText(headers, 'content-type') ?? '');
  if (isExpected(request, status))
    return acceptOutput({ status, headers: headersValue(headers), body: value });
  const expected = request.expectedStatus?.join(' or ') ?? '2xx';
  const waitMs = retryAfterMs(headerText(headers, 'retry-after'), Date.now());
  return failed('http_status', `${described(request)} was answered with ${status}; expected ${expected}.`, {
    retryable: status < 400 || status >= 500 || RETRYABLE_4XX.includes(status),
    details: { status, body: cutText(body.toString('utf8', 0, ERROR_BODY_BYTES), ERROR_BODY_BYTES) },
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
  });
}

function timedOut(request: HttpTaskRequest): Outcome & { kind: 'failed' } {
  return failed(
    'timeout',
    `${described(request)} had no complete response within ${request.timeoutSeconds} s.`,
  );
}

function explain(error: unknown, request: HttpTaskRequest): Outcome & { kind: 'failed' } {
  const what = described(request);
  if (error instanceof BodyTooLarge) {
    const limit = `at most ${request.maxResponseBytes} are read (max_response_bytes)`;
    return failed('output_too_large', `The response to ${what} has more bytes than allowed; ${limit}.`);
  }
  if (error instanceof TooManyRedirects) {
    return failed('too_many_redirects', `${what} was redirected more than ${MAX_REDIRECTS} times.`);
  }
  if (error instanceof ForbiddenTarget)
    return failed('forbidden_target', `${what} is not allowed: ${error.message}.`);
  return failed('network', `${what} got no response: ${reasonOf(error)}.`);
}

/** Node hides the reason in a cause, or, when it tried several addresses, in a list without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(reasonOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  if (error.message === '' && error.cause !== undefined) return reasonOf(error.cause);
  return error.message || error.name;
}

function described(request: HttpTaskRequest): string {
  return `${request.method} ${shownUrl(request.url)}`;
}

function rejectedWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(new Error('aborted'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
