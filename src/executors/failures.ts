import { cleanError, type Outcome } from '../domain/outcome.js';
import type { Json } from '../domain/json.js';
import type { StopReason } from './executor.js';

/**
 * Every code an executor gives a failed attempt, with what it says and whether another try may help.
 * An executor may narrow `retryable` (a 404, an exit code named in `non_retryable_exit_codes`), never widen it.
 */
export const FAILURES = {
  bad_config: {
    retryable: false,
    when: 'a rendered config value does not fit: wrong type, impossible header, missing cwd',
  },
  timeout: {
    retryable: true,
    when: 'the attempt took longer than its timeout_seconds; http: the exchange did',
  },
  cancelled: { retryable: false, when: 'the job was cancelled' },
  shutdown: { retryable: true, when: 'the worker shuts down and its grace is over' },
  lease_lost: {
    retryable: true,
    when: 'the worker lost its lease, so the attempt may already run elsewhere',
  },
  executor_lost: { retryable: true, when: 'the task host died or could not be started' },
  exit_code: { retryable: true, when: 'a shell or python process ended with an exit code other than 0' },
  signal: {
    retryable: true,
    when: 'a shell or python process was killed by a signal, for example by the OOM killer',
  },
  exception: { retryable: true, when: 'python code raised an exception' },
  no_result: { retryable: true, when: 'the python interpreter ended before the code did (os._exit)' },
  interpreter_missing: { retryable: true, when: 'no usable python3 was found on PATH' },
  spawn_failed: { retryable: true, when: 'the operating system refused to start the process' },
  non_json_output: { retryable: false, when: 'the value of python code cannot be written as JSON' },
  malformed_output: { retryable: true, when: 'what a command wrote to $DTS_OUTPUT is not JSON' },
  output_too_large: { retryable: false, when: 'the output, or an http response body, is over its limit' },
  output_too_deep: { retryable: false, when: 'the output is nested too deeply to be stored' },
  http_status: { retryable: true, when: 'the response status is not an expected one' },
  network: { retryable: true, when: 'no complete HTTP response came: DNS, connection, TLS or protocol' },
  too_many_redirects: { retryable: false, when: 'more than 5 redirects' },
  forbidden_target: { retryable: false, when: 'the URL leads to an address that tasks may not call' },
  internal: { retryable: true, when: 'a defect of the executor itself' },
} as const satisfies Record<string, { retryable: boolean; when: string }>;

export type FailureCode = keyof typeof FAILURES;

/** What an executor may add to a failure. */
export interface FailureNotes {
  /** Narrows what {@link FAILURES} says: false wins. */
  retryable?: boolean;
  details?: Json;
  /** Earliest useful moment of the next try, from now, in milliseconds (`Retry-After`). */
  retryAfterMs?: number;
}

/** A failed outcome with the registry's retryability; message and details are cleaned and capped. */
export function failed(
  code: FailureCode,
  message: string,
  notes: FailureNotes = {},
): Outcome & { kind: 'failed' } {
  const retryable = FAILURES[code].retryable && notes.retryable !== false;
  const error = cleanError({
    code,
    message,
    retryable,
    ...(notes.details === undefined ? {} : { details: notes.details }),
  });
  return {
    kind: 'failed',
    error,
    ...(retryable && notes.retryAfterMs !== undefined ? { retryAfterMs: notes.retryAfterMs } : {}),
  };
}

/** The outcome of an attempt that was stopped from outside or by its own clock. */
export function stopped(
  reason: StopReason,
  timeoutSeconds: number,
  details?: Json,
): Outcome & { kind: 'failed' } {
  return failed(reason, STOP_MESSAGES[reason](timeoutSeconds), details === undefined ? {} : { details });
}

const STOP_MESSAGES: Record<StopReason, (timeoutSeconds: number) => string> = {
  timeout: (seconds) => `The attempt did not end within ${seconds} s (timeout_seconds) and was stopped.`,
  cancelled: () => 'The attempt was stopped because its job was cancelled.',
  shutdown: () => 'The attempt was stopped because its worker shut down.',
  lease_lost: () => 'The attempt was stopped because its worker lost the lease.',
};
