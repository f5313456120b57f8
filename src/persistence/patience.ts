import type { ClientConfig } from 'pg';

/**
 * How long whoever serves others waits for PostgreSQL. A server whose disk needs seconds is waited for; one that does
 * not answer at all is given up while a worker with the default lease may still trust itself.
 */
const STATEMENT_MS = 10_000;
/** Longer than the server's, so that it acts only when the server's answer does not come through. */
const ANSWER_MS = 12_000;
const CONNECT_MS = 5_000;
/** Of a transaction between two statements: its locks must not outlive a process that cannot be heard any more. */
const IDLE_IN_TRANSACTION_MS = 10_000;

export const CONNECTION_PATIENCE_MS = CONNECT_MS;

/** For every connection that requests, workers or schedulers wait for. Migrations have the time they need. */
export const PATIENCE: Readonly<ClientConfig> = {
  statement_timeout: STATEMENT_MS,
  query_timeout: ANSWER_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  keepAlive: true,
};
