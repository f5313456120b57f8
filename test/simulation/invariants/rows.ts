import { MAX_LOST_WORKERS } from '../../../src/domain/poison.js';
import { countsOf } from '../rules/rule.js';
import type { AttemptRow, JobRow, TaskRow } from '../rows.js';
import type { Tables } from '../tables.js';
import { Violation, type Witness } from '../witness.js';

/** Of an ended job: it ended as its tasks say (I1), and its counters are the counts. */
export function checkJob(db: Tables, job: JobRow): void {
  const counts = countsOf(db, job.run_id);
  for (const [column, tasks] of Object.entries(counts)) {
    const counted = job[column as keyof typeof counts];
    if (counted !== tasks)
      throw new Violation(`${column} of ${job.run_id} is ${counted}, and should be ${tasks}`);
  }
  const hasFailed = counts.tasks_failed + counts.tasks_upstream_failed > 0;
  if (job.status !== 'cancelled' && (job.status === 'failed') !== hasFailed)
    throw new Violation(`${job.run_id} is ${job.status} with ${JSON.stringify(counts)}`);
}

/** Every attempt has one end (I2), under the lease under which it was begun (I6); what is not its fault is free (I7). */
export function checkTask(db: Tables, witness: Witness, task: TaskRow, hasDlq: boolean): void {
  const attempts = db.attempts
    .all()
    .filter((row) => row.run_id === task.run_id && row.idx === task.idx)
    .sort((one, other) => one.attempt - other.attempt);
  const name = `${task.run_id}.${task.idx}`;
  for (const row of attempts) checkAttempt(witness, row);
  // One that was cancelled while it was queued, or between a retry and its time, was none.
  const missing = task.attempt - attempts.length;
  if (missing !== 0 && !(missing === 1 && task.status === 'cancelled'))
    throw new Violation(`${name} has ${attempts.length} attempts of ${task.attempt}`);
  checkCharges(db, task, attempts);
  checkEntries(db, task, hasDlq);
}

function checkAttempt(witness: Witness, row: AttemptRow): void {
  const id = `${row.run_id}.${row.idx}.${row.attempt}`;
  const begun = witness.begun.get(id);
  const isResult = row.outcome === 'succeeded' || (row.outcome === 'failed' && begun !== undefined);
  if (begun !== undefined && begun.lease !== row.lease)
    throw new Violation(`${id} ended under another lease`);
  if (isResult && begun === undefined) throw new Violation(`${id} ${row.outcome} and was never begun`);
  const accepted = witness.accepted.get(id);
  if (accepted !== undefined && accepted.outcome.kind !== row.outcome)
    throw new Violation(`${id} is told to have ${accepted.outcome.kind}, and is ${row.outcome}`);
}

/** Failures since the last replay are what is charged; lost workers in a row are what makes a task poison. */
function checkCharges(db: Tables, task: TaskRow, attempts: readonly AttemptRow[]): void {
  const replayedAt = db.entries
    .all()
    .filter((entry) => entry.run_id === task.run_id && entry.idx === task.idx && entry.status !== 'pending')
    .filter((entry) => entry.status === 'replayed' || task.status === 'succeeded')
    .reduce((latest, entry) => Math.max(latest, entry.attempts), 0);
  const own = attempts.filter((row) => row.attempt > replayedAt);
  const failed = own.filter((row) => row.outcome === 'failed').length;
  if (task.charged !== failed)
    throw new Violation(`${task.name} is charged ${task.charged} for ${failed} failures`);
  if (failed > task.max_retries + 1) throw new Violation(`${task.name} failed ${failed} times`);
  let inARow = 0;
  for (const { outcome } of own) {
    if (inARow >= MAX_LOST_WORKERS) throw new Violation(`${task.name} goes on after ${inARow} lost workers`);
    if (outcome === 'lost') inARow += 1;
    else if (outcome !== 'drained') inARow = 0;
  }
  const error = task.error as { code: string; retryable: boolean } | null;
  if (task.status !== 'failed') return;
  const isExhausted = failed === task.max_retries + 1 || error?.retryable === false;
  if (error?.code === 'worker_lost' ? inARow !== MAX_LOST_WORKERS : !isExhausted)
    throw new Violation(`${task.name} is given up after ${failed} failures and ${inARow} lost workers`);
}

/** Every exhausted task has one entry of its last attempt, pending or resolved; nothing else has a pending one (I5). */
function checkEntries(db: Tables, task: TaskRow, hasDlq: boolean): void {
  const entries = db.entries.all().filter((entry) => entry.run_id === task.run_id && entry.idx === task.idx);
  const pending = entries.filter((entry) => entry.status === 'pending');
  if (pending.length > 0 && task.status !== 'failed')
    throw new Violation(`${task.name} is ${task.status} with a pending entry`);
  if (pending.length > 1) throw new Violation(`${task.name} has ${pending.length} pending entries`);
  if (task.status !== 'failed' || !hasDlq) return;
  const own = entries.filter((entry) => entry.attempts === task.attempt && entry.status !== 'replayed');
  if (own.length !== 1) throw new Violation(`${task.name} has ${own.length} entries of its last attempt`);
}
