/**
 * Which database errors mean what, whoever threw them. SQLSTATEs are those of PostgreSQL's appendix A, the rest are codes
 * of Node's sockets and messages of `pg` and TypeORM, which have no codes for their own.
 */

/**
 * 40001 serialization_failure, 40P01 deadlock_detected, 55P03 lock_not_available: the transaction did nothing and may be
 * tried again.
 */
const RETRYABLE = new Set(['40001', '40P01', '55P03']);

const AWAY_STATES = new Set([
  '57014', // query_canceled: by our own timeout, so it waits for locks or the database is overloaded
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '25006', // read_only_sql_transaction: we talk to a standby
  '25P03', // idle_in_transaction_session_timeout: the transaction was cut off half-way
]);
const AWAY_SOCKET = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const SILENCE = 'Query read timeout';
const AWAY_MESSAGE = new RegExp(
  [
    SILENCE,
    'connection terminated',
    'timeout exceeded when trying to connect',
    'client has encountered a connection error',
    'client was closed and is not queryable',
    'cannot use a pool after calling end',
    'connection is not established',
    // TypeORM lets go of a connection that breaks, whoever still needs it.
    'query runner already released',
  ].join('|'),
  'i',
);

function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;
}

function codeOf(error: unknown): string {
  return String(property(error, 'code') ?? '');
}

export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(codeOf(error));
}

/** Not even the server's own timeout came through: the connection, or the way to the server, is dead without a word. */
export function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === SILENCE;
}

/**
 * True when the database could not be reached, is going away or cannot cope: nothing is known about what the statement
 * did, and nothing says that what it was to store is at fault.
 */
export function isDatabaseAway(error: unknown): boolean {
  const code = codeOf(error);
  // Classes 08 (connection) and 53 (out of connections, memory or disk).
  if (/^(08|53)/.test(code) || AWAY_STATES.has(code) || AWAY_SOCKET.has(code)) return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  if (error instanceof Error && AWAY_MESSAGE.test(error.message)) return true;
  // TypeORM wraps what the driver threw.
  const wrapped = property(error, 'driverError');
  return wrapped !== undefined && wrapped !== error && isDatabaseAway(wrapped);
}

/** 23505 on the named unique index. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return codeOf(error) === '23505' && property(error, 'constraint') === constraint;
}
