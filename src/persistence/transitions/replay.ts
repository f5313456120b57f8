import type { SqlDatabase, SqlTransaction, Statement } from '../sql-database.js';
import {
  type Effect,
  LOGGED,
  endedStatus,
  fromJob,
  fromTask,
  openTasks,
  toJob,
  toTask,
} from './fragments.js';

/** A task's place in the decision what a replay or resolve brings back. */
export interface TaskState {
  idx: number;
  status: string;
}

export interface LockedEntry {
  id: number;
  run_id: string;
  idx: number;
  status: string;
  task_status: string;
  job_status: string;
  is_dag_deleted: boolean;
  dag_version_id: number;
}

/** What brings a buried task back, decided by the domain from the states under the lock. */
export interface Revival {
  entryId: number;
  runId: string;
  idx: number;
  by: string;
  note: string | null;
  /** JSON text when the task is to count as succeeded; null when it is to run again. */
  output: string | null;
  /** Tasks below it that wait again, with the number of their upstreams that are still open. */
  revived: readonly { idx: number; openUpstreams: number }[];
}

/** What to do with a locked entry: bring its task back, only close it, or nothing. */
export type Decision = Revival | { by: string; note: string | null } | null;

const ENTRY_RUN: Statement = {
  name: 'entry-run',
  text: `SELECT e.run_id, j.dag_version_id FROM dlq_entries e JOIN jobs j ON j.run_id = e.run_id WHERE e.id = $1`,
};
/** The share lock on the DAG makes a replay and a deletion take turns. */
const LOCK_JOB: Statement = {
  name: 'replay-lock',
  text: 'SELECT 1 FROM jobs j JOIN dags d ON d.id = j.dag_id WHERE j.run_id = $1 FOR UPDATE OF j FOR SHARE OF d',
};
const ENTRY: Statement = {
  name: 'entry-locked',
  text: `SELECT e.id, e.run_id, e.idx, e.status, t.status AS task_status, j.status AS job_status,
                d.deleted_at IS NOT NULL AS is_dag_deleted, j.dag_version_id
         FROM dlq_entries e JOIN jobs j ON j.run_id = e.run_id JOIN tasks t ON t.run_id = e.run_id AND t.idx = e.idx
              JOIN dags d ON d.id = e.dag_id
         WHERE e.id = $1`,
};
/** Of a job whose row is locked: its tasks cannot change meanwhile. */
export const TASK_STATES: Statement = {
  name: 'task-states',
  text: 'SELECT idx, status FROM tasks WHERE run_id = $1 ORDER BY idx',
};

/**
 * failed → queued (or → succeeded with an output), upstream_failed → blocked (or queued where nothing is open), the
 * entry closed and the job running again, or ended at once when nothing of it is left open. All of it hangs on `root`:
 * a task that is not failed leaves everything as it is.
 */
const REVIVE: Statement = {
  name: 'revive',
  text: `
  WITH before AS MATERIALIZED (
    SELECT run_id, dag_id, priority, last_seq FROM jobs WHERE run_id = $1::uuid
  ), root AS (
    UPDATE tasks t
    SET status = CASE WHEN $4::jsonb IS NULL THEN ${toTask('replay')} ELSE ${toTask('resolve')} END,
        output = $4::jsonb, error = NULL, charged = 0, lost_workers = 0,
        attempt = t.attempt + ($4::jsonb IS NULL)::int,
        queued_at = CASE WHEN $4::jsonb IS NULL THEN clock_timestamp() ELSE t.queued_at END,
        started_at = CASE WHEN $4::jsonb IS NULL THEN NULL ELSE t.started_at END,
        finished_at = CASE WHEN $4::jsonb IS NULL THEN NULL ELSE clock_timestamp() END
    WHERE t.run_id = $1::uuid AND t.idx = $2 AND t.status IN ${fromTask('replay')}
    RETURNING t.run_id, t.idx, t.name, t.status, t.attempt
  ), entry AS (
    UPDATE dlq_entries e
    SET status = CASE WHEN $4::jsonb IS NULL THEN 'replayed' ELSE 'resolved' END, resolved_at = clock_timestamp(),
        resolved_by = $5, note = coalesce($6, e.note)
    WHERE e.id = $3 AND e.status = 'pending' AND EXISTS (SELECT FROM root)
    RETURNING e.id, e.status, e.task_name
  ), below AS MATERIALIZED (
    -- With the job in each row every task is looked up by its key. Else a planner that takes jobs for small would compare
    -- each task with each of these.
    SELECT $1::uuid AS run_id, v.idx, v.open_upstreams FROM unnest($7::int[], $8::int[]) AS v (idx, open_upstreams)
  ), revived AS (
    UPDATE tasks t
    SET status = CASE WHEN v.open_upstreams = 0 THEN ${toTask('queue')} ELSE ${toTask('revive')} END,
        open_upstreams = v.open_upstreams, finished_at = NULL,
        attempt = t.attempt + (v.open_upstreams = 0)::int,
        queued_at = CASE WHEN v.open_upstreams = 0 THEN clock_timestamp() END
    FROM below v
    WHERE t.run_id = v.run_id AND t.idx = v.idx AND t.status IN ${fromTask('revive')}
      AND EXISTS (SELECT FROM root)
    RETURNING t.run_id, t.idx, t.name, t.status, t.attempt
  ), ready AS (
    SELECT run_id, idx, name, attempt FROM root WHERE status = ${toTask('queue')}
    UNION ALL SELECT run_id, idx, name, attempt FROM revived WHERE status = ${toTask('queue')}
  ), lines AS (
    SELECT b.run_id, b.dag_id, b.last_seq, 1 AS rank, 0 AS idx, 'dlq.' || e.status AS type, e.task_name AS task,
           NULL::int AS attempt, jsonb_build_object('entry_id', e.id) AS data
    FROM before b, entry e
    UNION ALL
    SELECT b.run_id, b.dag_id, b.last_seq, 2, r.idx, 'task.succeeded', r.name, r.attempt,
           jsonb_build_object('reason', 'resolved')
    FROM before b, root r WHERE r.status = ${toTask('resolve')}
    UNION ALL
    SELECT b.run_id, b.dag_id, b.last_seq, 3, r.idx, 'task.queued', r.name, r.attempt,
           jsonb_build_object('reason', 'replay')
    FROM before b, ready r
  ), tally AS (
    SELECT b.run_id, b.last_seq, (SELECT count(*)::int FROM lines) AS events, (SELECT count(*)::int FROM ready) AS ready,
           (SELECT count(*)::int FROM root WHERE status = ${toTask('resolve')}) AS resolved,
           (SELECT count(*)::int FROM revived) AS revived,
           (SELECT count(*)::int FROM revived WHERE status = ${toTask('revive')}) AS blocked
    FROM before b
  ), judged AS (
    SELECT n.*, ${openTasks('j')} + n.ready + n.blocked = 0 AND j.status IN ('running', 'failed') AS ends
    FROM tally n JOIN jobs j ON j.run_id = n.run_id WHERE EXISTS (SELECT FROM root)
  ), counted AS (
    UPDATE jobs j
    SET tasks_failed = j.tasks_failed - 1, tasks_succeeded = j.tasks_succeeded + n.resolved,
        tasks_upstream_failed = j.tasks_upstream_failed - n.revived, tasks_queued = j.tasks_queued + n.ready,
        tasks_blocked = j.tasks_blocked + n.blocked,
        status = CASE WHEN n.ends THEN ${endedStatus('(j.tasks_failed - 1)')}
                      WHEN j.status IN ${fromJob('reopen')} THEN ${toJob('reopen')} ELSE j.status END,
        finished_at = CASE WHEN n.ends THEN clock_timestamp() END,
        last_seq = j.last_seq + n.events + n.ends::int
    FROM judged n WHERE j.run_id = n.run_id
    RETURNING j.run_id, j.dag_id, j.priority, j.status, j.last_seq, n.last_seq AS before_seq, n.ends
  ), numbered AS (
    SELECT * FROM lines
    UNION ALL SELECT run_id, dag_id, before_seq, 9, 0, 'job.' || status, NULL, NULL, '{}'::jsonb FROM counted WHERE ends
  ), ${LOGGED}
  SELECT 'events' AS what, run_id, NULL::int AS idx, NULL::int AS attempt, NULL::text AS priority, dag_id,
         before_seq + 1 AS from_seq, last_seq AS to_seq
  FROM counted
  UNION ALL SELECT 'ready', r.run_id, r.idx, r.attempt, b.priority, NULL, NULL, NULL FROM ready r, before b`,
};

/** The entry closed by hand, nothing else touched. */
const CLOSE: Statement = {
  name: 'close-entry',
  text: `
  WITH entry AS (
    UPDATE dlq_entries SET status = 'resolved', resolved_at = clock_timestamp(), resolved_by = $2, note = $3
    WHERE id = $1 AND status = 'pending' RETURNING id, run_id, task_name
  ), counted AS (
    UPDATE jobs j SET last_seq = j.last_seq + 1 FROM entry e WHERE j.run_id = e.run_id
    RETURNING j.run_id, j.dag_id, j.last_seq, j.last_seq - 1 AS before_seq
  ), numbered AS (
    SELECT c.run_id, c.dag_id, c.before_seq AS last_seq, 1 AS rank, 0 AS idx, 'dlq.resolved' AS type, e.task_name AS task,
           NULL::int AS attempt, jsonb_build_object('entry_id', e.id) AS data
    FROM counted c, entry e
  ), ${LOGGED}
  SELECT 'events' AS what, run_id, NULL::int AS idx, NULL::int AS attempt, NULL::text AS priority, dag_id,
         before_seq + 1 AS from_seq, last_seq AS to_seq
  FROM counted`,
};

/** The DAG version an entry belongs to; null when there is no such entry. Both never change. */
export async function findEntryVersion(database: SqlDatabase, entryId: number): Promise<number | null> {
  const [row] = await database.query<{ dag_version_id: number }>(ENTRY_RUN, [entryId]);
  return row?.dag_version_id ?? null;
}

/**
 * Locks the job of a DLQ entry (job first, as everywhere) and hands the entry and the states of all tasks to `decide`;
 * what it answers is written in the same transaction.
 */
export async function closeEntry(
  database: SqlDatabase,
  entryId: number,
  decide: (entry: LockedEntry, states: TaskState[]) => Decision,
): Promise<Effect[] | null> {
  return await database.transaction(async (tx) => {
    const entry = await lockEntry(tx, entryId);
    if (entry === undefined) return null;
    const decision = decide(entry, await tx.query<TaskState>(TASK_STATES, [entry.run_id]));
    if (decision === null) return null;
    if (!('revived' in decision)) return await tx.query<Effect>(CLOSE, [entryId, decision.by, decision.note]);
    return await tx.query<Effect>(REVIVE, [
      decision.runId,
      decision.idx,
      decision.entryId,
      decision.output,
      decision.by,
      decision.note,
      decision.revived.map((task) => task.idx),
      decision.revived.map((task) => task.openUpstreams),
    ]);
  });
}

async function lockEntry(tx: SqlTransaction, entryId: number): Promise<LockedEntry | undefined> {
  const [run] = await tx.query<{ run_id: string }>(ENTRY_RUN, [entryId]);
  if (run === undefined) return undefined;
  await tx.query(LOCK_JOB, [run.run_id]);
  const [entry] = await tx.query<LockedEntry>(ENTRY, [entryId]);
  return entry;
}
