/**
 * The registry of errors: every code a client may meet, with its kind and its title.
 *
 * Codes are part of the API and never change their meaning. HTTP is not known here: one filter maps kinds to statuses.
 * What is expected inside (a lost claim, a stale lease, a failed task) is a return value, not an error.
 */
import type { Fault } from './faults.js';

/** What sort of error; decides the HTTP status. */
export type ErrorKind =
  | 'malformed'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'precondition'
  | 'timeout'
  | 'too_large'
  | 'unsupported_media'
  | 'invalid'
  | 'rate_limited'
  | 'headers_too_large'
  | 'busy'
  | 'unavailable'
  | 'internal';

/** Kind and title (RFC 9457 `title`: the same text for every occurrence) of one code. */
interface ErrorEntry {
  kind: ErrorKind;
  title: string;
}

/** Every code. */
export const ERRORS = {
  malformed_json: { kind: 'malformed', title: 'The request body is not valid JSON' },
  malformed_request: { kind: 'malformed', title: 'The request cannot be understood' },

  origin_not_allowed: { kind: 'forbidden', title: 'Pages of this origin may not do this' },
  host_not_allowed: { kind: 'forbidden', title: 'This server does not go by that name' },

  route_not_found: { kind: 'not_found', title: 'There is nothing at this address' },
  dag_not_found: { kind: 'not_found', title: 'No such DAG' },
  job_not_found: { kind: 'not_found', title: 'No such job' },
  task_not_found: { kind: 'not_found', title: 'No such task in this job' },
  attempt_not_found: { kind: 'not_found', title: 'No such attempt of this task' },
  dlq_entry_not_found: { kind: 'not_found', title: 'No such DLQ entry' },
  dlq_operation_not_found: { kind: 'not_found', title: 'No such bulk operation on the DLQ' },

  method_not_allowed: { kind: 'method_not_allowed', title: 'This address does not take this method' },

  dag_name_taken: { kind: 'conflict', title: 'Another DAG has this name' },
  dag_deleted: { kind: 'conflict', title: 'The DAG has been deleted' },
  job_already_ended: { kind: 'conflict', title: 'The job has already ended' },
  job_not_ended: { kind: 'conflict', title: 'The job has not ended yet' },
  nothing_to_rerun: { kind: 'conflict', title: 'Nothing of the job is left to run again' },
  dlq_entry_not_pending: { kind: 'conflict', title: 'The DLQ entry is no longer pending' },
  dlq_operation_ended: { kind: 'conflict', title: 'The bulk operation has already ended' },
  request_in_progress: {
    kind: 'conflict',
    title: 'A request with this idempotency key is still in progress',
  },

  precondition_failed: { kind: 'precondition', title: 'The state is not the one the request expects' },
  request_timeout: { kind: 'timeout', title: 'The request took too long to arrive' },
  body_too_large: { kind: 'too_large', title: 'The request body is too large' },
  unsupported_media_type: { kind: 'unsupported_media', title: 'The request body must be application/json' },

  validation_failed: { kind: 'invalid', title: 'The request does not pass validation' },
  idempotency_key_invalid: { kind: 'invalid', title: 'The idempotency key is malformed' },
  idempotency_key_reused: { kind: 'invalid', title: 'The idempotency key was used with another request' },
  cursor_invalid: { kind: 'invalid', title: 'The cursor does not belong to this list' },

  headers_too_large: { kind: 'headers_too_large', title: 'The request headers are too large' },
  too_many_streams: { kind: 'busy', title: 'No more event streams can be served now' },
  rate_limited: { kind: 'rate_limited', title: 'Too many requests' },

  overloaded: { kind: 'busy', title: 'This process has more requests than it can work on' },
  database_unavailable: { kind: 'unavailable', title: 'The database does not answer' },
  shutting_down: { kind: 'unavailable', title: 'This process is shutting down' },
  queue_unavailable: { kind: 'unavailable', title: 'The queue does not answer' },

  internal: { kind: 'internal', title: 'Something went wrong on our side' },
} as const satisfies Record<string, ErrorEntry>;

/** A registered code. */
export type ErrorCode = keyof typeof ERRORS;

/** An error that a client may be told about. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  /** What happened this time, for the client. */
  readonly detail: string;
  /** Every fault of the request; empty when the error is not about single fields. */
  readonly faults: readonly Fault[];
  /** When trying again makes sense, in seconds; null when it is not known. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ErrorCode,
    detail: string = ERRORS[code].title,
    faults: readonly Fault[] = [],
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(detail, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'DomainError';
    this.code = code;
    this.detail = detail;
    this.faults = faults;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code].kind;
  }

  get title(): string {
    return ERRORS[this.code].title;
  }
}

/** The error for a request with faults; its detail counts them. */
export function validationFailed(faults: readonly Fault[]): DomainError {
  const [first] = faults;
  if (faults.length === 1 && first !== undefined)
    return new DomainError('validation_failed', first.message, faults);
  return new DomainError('validation_failed', `The request has ${faults.length} faults.`, faults);
}
