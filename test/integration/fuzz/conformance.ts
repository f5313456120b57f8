/** Holds one answer to the document and to what was asked. */
import type { DocumentedApi } from '../../support/documented-api.js';
import { type Operation, Router } from './document.js';

export interface Sent {
  method: string;
  /** Path and query, as on the wire. */
  target: string;
  headers: [name: string, value: string][];
  body: string | null;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Of a stream only the beginning. */
  text: string;
  isStream: boolean;
}

/** Statuses that a request earns by its form alone, before or beside any operation. */
const BY_FORM = [400, 404, 405, 413, 415, 422, 431];
const STACK_TRACE = /\\n\s+at |node_modules|\.[jt]s:\d+|node:internal/;
const ACCEPTABLE_ID = /^[\w.:=+/@-]{1,128}$/;
/** Not counted by the checks of lengths, so that texts with them may be longer than the document says. */
const VARIATION_SELECTORS = /[\ufe0e\ufe0f]/g;

export class Conformance {
  private readonly router: Router;

  constructor(
    private readonly judge: DocumentedApi,
    operations: readonly Operation[],
  ) {
    this.router = new Router(operations);
  }

  operationOf({ method, target }: Sent): Operation | undefined {
    return this.router.find(method, target.split('?', 1)[0]);
  }

  /** Everything about the answer that the document does not allow; in few words, so that equal faults read equal. */
  faultsOf(sent: Sent, answer: Answer): string[] {
    const operation = this.operationOf(sent);
    return [
      ...this.generalFaults(sent, answer),
      ...(operation === undefined
        ? this.faultsOfUndocumented(sent, answer)
        : this.faultsOfDocumented(operation, sent, answer)),
    ];
  }

  private *generalFaults({ method, headers }: Sent, answer: Answer): Iterable<string> {
    if (answer.status >= 500) yield `status ${answer.status}`;
    const id = answer.headers['x-request-id'];
    const given = headers.find(([name]) => name === 'x-request-id')?.[1];
    if (id === undefined) yield 'no X-Request-Id';
    else if (given !== undefined && ACCEPTABLE_ID.test(given) && id !== given)
      yield 'X-Request-Id is not echoed';
    if (STACK_TRACE.test(answer.text)) yield 'a stack trace';
    if (answer.status >= 400) yield* this.problemFaults(answer, method);
  }

  private *faultsOfUndocumented({ method }: Sent, { status }: Answer): Iterable<string> {
    if (status < 400) yield `${method} is answered ${status}, which the document does not have`;
  }

  private *faultsOfDocumented(operation: Operation, sent: Sent, answer: Answer): Iterable<string> {
    const { status, text } = answer;
    if (isOffForm(operation, sent) && BY_FORM.includes(status)) return;
    if (operation.responses[status] === undefined) {
      yield `status ${status} is not documented`;
      return;
    }
    if (status === 304 && !sent.headers.some(([name]) => name.toLowerCase() === 'if-none-match'))
      yield 'status 304, though no If-None-Match was sent';
    if (sent.method !== 'HEAD') {
      const contentType = answer.headers['content-type'];
      const faults = this.judge.faultsOf(operation.documented, {
        status,
        contentType: contentType === undefined ? null : String(contentType),
        body: text === '' && contentType === undefined ? undefined : bodyOf(answer),
      });
      if (faults.length > 0) yield `the answer is not as documented: ${general(faults[0])}`;
    }
    if (status < 300) yield* this.accepted(operation, sent, answer);
  }

  private *problemFaults(answer: Answer, method: string): Iterable<string> {
    // The checks of health answer 503 with what is wrong, which is what they are asked for.
    if (answer.status === 503 && mediaTypeOf(answer) === 'application/json') return;
    if (mediaTypeOf(answer) !== 'application/problem+json')
      yield `status ${answer.status} with content type "${mediaTypeOf(answer)}" is no problem`;
    if (method === 'HEAD') return;
    const body = parsed(answer.text) as { status?: unknown; request_id?: unknown } | undefined;
    const [fault] = this.judge.faultsOfProblem(body);
    if (fault !== undefined) yield `the problem is not as documented: ${general(fault)}`;
    if (body?.status !== answer.status) yield 'the problem names another status';
    if (body?.request_id !== answer.headers['x-request-id']) yield 'the problem names another request';
  }

  /** A success must not have been asked for with what the document forbids. */
  private *accepted({ documented, requestBody }: Operation, sent: Sent, { text }: Answer): Iterable<string> {
    // `POST /dags/validate` answers with success that something is wrong.
    if (text.startsWith('{"valid":false')) return;
    if (requestBody !== undefined && sent.body !== null && sent.body !== '') {
      const [fault] = this.judge.faultsOfBody(documented, parsed(sent.body.replace(VARIATION_SELECTORS, '')));
      if (fault !== undefined) yield `accepted a body the document forbids: ${general(fault)}`;
    }
    for (const [key, value] of new URLSearchParams(sent.target.split('?')[1] ?? '')) {
      const faults = readings(value).map((one) => this.judge.faultsOfParameter(documented, key, one));
      if (faults.every(({ length }) => length > 0))
        yield `accepted a query the document forbids: ${key}: ${general(faults[0][0])}`;
    }
  }
}

/** Whether a request has a form that no operation speaks of: the document cannot list what any path may answer. */
function isOffForm(operation: Operation, { target, body, method }: Sent): boolean {
  if (body !== null && operation.requestBody === undefined) return true;
  if (method === 'HEAD') return true;
  try {
    decodeURIComponent(target.split('?', 1)[0]);
    return false;
  } catch {
    return true;
  }
}

/** What the text of a query may stand for. */
function readings(value: string): unknown[] {
  const all: unknown[] = [value.replace(VARIATION_SELECTORS, ''), value.split(',')];
  if (/^-?\d+(\.\d+)?$/.test(value)) all.push(Number(value));
  if (value === 'true' || value === 'false') all.push(value === 'true');
  return all;
}

/** A fault without the numbers that make it one of many. */
function general(fault: string): string {
  return fault.replace(/\/\d+/g, '/n').slice(0, 300);
}

function mediaTypeOf({ headers }: Answer): string {
  return String(headers['content-type'] ?? '')
    .split(';', 1)[0]
    .trim()
    .toLowerCase();
}

function bodyOf(answer: Answer): unknown {
  return mediaTypeOf(answer).endsWith('json') ? parsed(answer.text) : answer.text;
}

/** A byte order mark may be there: it says nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}
