import { DomainError, ERRORS, type ErrorCode, type ErrorKind } from '../domain/errors.js';
import type { Fault } from '../domain/faults.js';
import { isDatabaseAway } from '../persistence/database-faults.js';
import { QueueUnavailableError } from '../queue/queue-unavailable-error.js';

/** An error as every client sees it: RFC 9457 with our `code`, `errors` and `request_id`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ErrorCode;
  errors: Fault[];
  request_id: string | null;
}

const STATUS_OF_KIND: Record<ErrorKind, number> = {
  malformed: 400,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  timeout: 408,
  conflict: 409,
  precondition: 412,
  too_large: 413,
  unsupported_media: 415,
  invalid: 422,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  busy: 503,
  unavailable: 503,
};

/** Most faults one answer lists: a body may hold a million of them. `detail` says how many there were. */
const MAX_FAULTS = 1_000;

/** What time alone may mend. */
const WORTH_REPEATING: ReadonlySet<ErrorKind> = new Set(['busy', 'unavailable', 'rate_limited']);
/** Seconds after which a client may ask again when we know nothing better. */
const RETRY_AFTER_SECONDS = 2;

/** The status of a code, for documents and tests. */
export function statusOf(code: ErrorCode): number {
  return STATUS_OF_KIND[ERRORS[code].kind];
}

/** What a client is told of an error: our own errors as they are, known faults of others by kind, the rest nothing. */
export function domainErrorOf(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof QueueUnavailableError)
    return new DomainError('queue_unavailable', 'The queue does not answer. Please try again.');
  if (isDatabaseAway(error))
    return new DomainError('database_unavailable', 'The database does not answer. Please try again.');
  return frameworkError(error) ?? new DomainError('internal', ERRORS.internal.title, [], { cause: error });
}

export function problemOf(error: DomainError, request: { path: string; id: string | null }): Problem {
  return {
    type: `urn:dts:problem:${error.code}`,
    title: error.title,
    status: STATUS_OF_KIND[error.kind],
    detail: error.detail,
    instance: request.path,
    code: error.code,
    errors: error.faults.slice(0, MAX_FAULTS),
    request_id: request.id,
  };
}

/** Seconds for `Retry-After`; null for errors that trying again does not mend. */
export function retryAfterOf(error: DomainError): number | null {
  if (error.retryAfterSeconds !== null) return Math.max(1, Math.ceil(error.retryAfterSeconds));
  return WORTH_REPEATING.has(error.kind) ? RETRY_AFTER_SECONDS : null;
}

/** Errors that Nest and Express make of a bad request carry a status; those from 500 on are ours to explain. */
function frameworkError(error: unknown): DomainError | null {
  const status = property(error, 'status') ?? property(error, 'statusCode');
  switch (status) {
    case 404:
      return new DomainError('route_not_found');
    case 405:
      return new DomainError('method_not_allowed');
    case 413:
      return new DomainError('body_too_large');
    case 415:
      return new DomainError('unsupported_media_type');
    default:
      return typeof status === 'number' && status >= 400 && status < 500
        ? new DomainError('malformed_request', ERRORS.malformed_request.title, [], { cause: error })
        : null;
  }
}

function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;
}
