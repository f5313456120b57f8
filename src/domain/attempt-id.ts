/**
 * Attempt ids: `<run_id>.<idx>.<attempt>`, which is also the id of the message in the queue.
 *
 * New for each attempt, because a queue drops a message whose id it has seen; without `:`, which BullMQ forbids.
 */
import { isUuid } from './ids.js';

/** One attempt: the task at `idx` of the job's DAG version, tried for the `attempt`-th time (from 1). */
export interface AttemptRef {
  runId: string;
  idx: number;
  attempt: number;
}

const PATTERN = /^([0-9a-f-]{36})\.(0|[1-9]\d{0,9})\.([1-9]\d{0,9})$/;
/** Both numbers are PostgreSQL integers. */
const MAX_INTEGER = 2_147_483_647;

/** Writes an attempt's id. */
export function formatAttemptId(ref: AttemptRef): string {
  return `${ref.runId}.${ref.idx}.${ref.attempt}`;
}

/** Reads an attempt's id; null for anything formatAttemptId does not write. */
export function parseAttemptId(text: string): AttemptRef | null {
  const match = PATTERN.exec(text);
  if (match === null) return null;
  const [, runId, idx, attempt] = match as unknown as [string, string, string, string];
  const ref = { runId, idx: Number(idx), attempt: Number(attempt) };
  return isUuid(runId) && ref.idx <= MAX_INTEGER && ref.attempt <= MAX_INTEGER ? ref : null;
}
