/**
 * Which database errors mean what. SQLSTATEs are those of PostgreSQL's appendix A, the rest are codes of Node's sockets
 * and messages of the `pg` pool, which has no codes for its own.
 */

/** 40001 serialization_failure, 40P01 deadlock_detected: the transaction did nothing and may be tried again. */
const RETRYABLE = new Set(['40001', '40P01']);

const AWAY_STATES = new Set([
  '57014', // query_canceled: by our own timeout, so it waits for locks or the database is overloaded
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '25006', // read_only_sql_transaction: we talk to a standby
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
const AWAY_MESSAGE =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error|cannot use a pool after calling end|connection is not established/i;

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return String(error.code);
}

export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(codeOf(error));
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
  return error instanceof Error && AWAY_MESSAGE.test(error.message);
}

/** 23505 on the named unique index. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  if (codeOf(error) !== '23505' || typeof error !== 'object' || error === null) return false;
  return 'constraint' in error && error.constraint === constraint;
}
