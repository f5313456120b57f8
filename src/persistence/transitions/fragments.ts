import { JOB_TRANSITIONS, type JobEvent } from '../../domain/job-state.js';
import { TASK_TRANSITIONS, type TaskEvent } from '../../domain/task-state.js';

/*
 * Parts that the transition statements share.
 *
 * Every statement has the same shape, and must keep it:
 *   input    the rows asked for
 *   locked   their jobs, FOR UPDATE in the order of run_id: the job before its tasks, always. From here on nobody else
 *            changes any task of these jobs. The statement's snapshot may be older than the lock, so nothing below may
 *            *read* a row that others change, except as the target of an UPDATE (which re-reads it) or through `locked`.
 *            In a batch it has one row per input, which brings its job's columns along: two lists of hundreds are
 *            never joined to each other, which with nested loops alone would compare each with each
 *   …        the guarded updates, each returning what the events need, with the job's columns carried along
 *   lines    one row per event: (run_id, dag_id, last_seq, rank, idx, type, task, attempt, data)
 *   counted  UPDATE jobs: counters, status, last_seq. Where what is subtracted may be younger than the snapshot, from the
 *            values of `locked`: constraints are checked on the row as the snapshot has it before the newest is read
 *   logged   INSERT INTO events
 */

/** The states an event may leave, as literals: the guard of its UPDATE. */
export function fromTask(event: TaskEvent): string {
  return literals(TASK_TRANSITIONS[event].from);
}

export function fromJob(event: JobEvent): string {
  return literals(JOB_TRANSITIONS[event].from);
}

/**
 * The guard of an UPDATE that looks its task up by key: the task is in a state that the event leaves. Wrapped, so that
 * no partial index of that state fits: while the statistics of a young database call such an index empty, the planner
 * would walk it from end to end for each batch.
 */
export function isLeaving(task: string, event: TaskEvent): string {
  return `coalesce(${task}.status, '') IN ${fromTask(event)}`;
}

export function toTask(event: TaskEvent): string {
  return `'${TASK_TRANSITIONS[event].to}'`;
}

export function toJob(event: JobEvent): string {
  return `'${JOB_TRANSITIONS[event].to}'`;
}

function literals(states: readonly string[]): string {
  return `(${states.map((state) => `'${state}'`).join(', ')})`;
}

/** Of a job, what transitions need to know beside its id and its status. */
const JOB_COLUMNS = [
  'dag_id',
  'dag_version_id',
  'priority',
  'last_seq',
  'tasks_blocked',
  'tasks_queued',
  'tasks_running',
  'tasks_retrying',
  'tasks_succeeded',
  'tasks_failed',
  'tasks_upstream_failed',
];

/**
 * One job; `runId` is the placeholder of its id. The status is looked at apart from the lock: next to it, a job that did not
 * match in the statement's snapshot would be left out, and the planner of a young database reads the whole index of open
 * jobs instead of the key.
 */
export function lockedJob(runId: string, states: string): string {
  return `held AS MATERIALIZED (
    SELECT run_id, ${JOB_COLUMNS.join(', ')}, status AS job_status FROM jobs WHERE run_id = ${runId}::uuid FOR UPDATE
  ), locked AS MATERIALIZED (
    SELECT * FROM held WHERE job_status IN ${states})`;
}

/**
 * As `lockedJob`, for a batch: each row of `input`, with the columns of its job. A job of several inputs is locked once
 * and then found locked.
 */
export function lockedInput(states: string): string {
  return `held AS MATERIALIZED (
    SELECT i.*, ${JOB_COLUMNS.map((column) => `j.${column}`).join(', ')}, j.status AS job_status
    FROM input i JOIN jobs j ON j.run_id = i.run_id
    ORDER BY i.run_id FOR UPDATE OF j
  ), locked AS MATERIALIZED (
    SELECT * FROM held WHERE job_status IN ${states})`;
}

/** What ends a job when `open` (an SQL expression over `j` and the tally `n`) is zero. */
export function endedStatus(failedAfter: string): string {
  return `CASE WHEN ${failedAfter} > 0 THEN ${toJob('fail')} ELSE ${toJob('succeed')} END`;
}

/** Open tasks of the job row of this alias, before the statement. */
export function openTasks(job: string): string {
  return `(${job}.tasks_blocked + ${job}.tasks_queued + ${job}.tasks_running + ${job}.tasks_retrying)`;
}

/** The line of a job that `counted` (returning run_id, dag_id, before_seq, status, just_ended) has ended. */
export const ENDED_LINE = `
  SELECT run_id, dag_id, before_seq, 9, 0, 'job.' || status, NULL::text, NULL::int, '{}'::jsonb
  FROM counted WHERE just_ended`;

/** Numbers the lines behind `last_seq` and appends them. */
export const LOGGED = `logged AS (
    INSERT INTO events (run_id, seq, dag_id, type, task, attempt, at, data)
    SELECT run_id, last_seq + row_number() OVER (PARTITION BY run_id ORDER BY rank, idx), dag_id, type, task, attempt,
           clock_timestamp(), data
    FROM numbered)`;

/** One list of what a batch changed, for the dispatcher: see `Effect`. */
export const EFFECTS = `
  SELECT 'events' AS what, run_id, NULL::int AS idx, NULL::int AS attempt, NULL::text AS priority,
         dag_id, before_seq + 1 AS from_seq, last_seq AS to_seq FROM counted`;

/** A row of every transition's answer: either the events of one job, or one task that moved in a way others act on. */
export interface Effect {
  what: 'events' | 'ready' | 'done' | 'stopped';
  run_id: string;
  idx: number | null;
  attempt: number | null;
  priority: string | null;
  dag_id: number | null;
  from_seq: number | null;
  to_seq: number | null;
}
