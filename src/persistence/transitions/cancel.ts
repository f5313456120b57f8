import type { SqlDatabase, Statement } from '../sql-database.js';
import { EFFECTS, type Effect, LOGGED, fromJob, fromTask, toJob, toTask } from './fragments.js';

const LOCK: Statement = {
  name: 'cancel-lock',
  text: `SELECT run_id, status FROM jobs WHERE run_id = ANY ($1::uuid[]) ORDER BY run_id FOR UPDATE`,
};

/**
 * Everything open in these jobs → cancelled. Runs behind LOCK in one transaction, so its snapshot is younger than the
 * lock and may read the tasks.
 */
const CANCEL: Statement = {
  name: 'cancel',
  text: `
  WITH held AS MATERIALIZED (
    SELECT run_id, dag_id, last_seq, status FROM jobs WHERE run_id = ANY ($1::uuid[])
  ), before AS MATERIALIZED (
    SELECT j.run_id, j.dag_id, j.last_seq, t.idx, t.name, t.attempt, t.status, t.lease, t.worker_id, t.queued_at,
           t.started_at
    FROM held j JOIN tasks t ON t.run_id = j.run_id
    WHERE j.status IN ${fromJob('cancel')} AND t.status IN ${fromTask('cancel')}
  ), done AS (
    UPDATE tasks t
    SET status = ${toTask('cancel')}, lease = NULL, next_retry_at = NULL, finished_at = clock_timestamp()
    FROM before b WHERE t.run_id = b.run_id AND t.idx = b.idx
  ), history AS (
    INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at)
    SELECT run_id, idx, attempt, 'cancelled', lease, worker_id, queued_at, started_at, clock_timestamp()
    FROM before WHERE status = 'running'
  ), tally AS (
    SELECT run_id, last_seq, count(*)::int AS tasks FROM before GROUP BY run_id, last_seq
  ), counted AS (
    UPDATE jobs j
    SET status = ${toJob('cancel')}, finished_at = clock_timestamp(), tasks_blocked = 0, tasks_queued = 0,
        tasks_running = 0, tasks_retrying = 0, tasks_cancelled = j.tasks_cancelled + n.tasks,
        last_seq = j.last_seq + n.tasks + 1
    FROM tally n WHERE j.run_id = n.run_id
    RETURNING j.run_id, j.dag_id, j.last_seq, n.last_seq AS before_seq
  ), numbered AS (
    SELECT run_id, dag_id, last_seq, 1 AS rank, idx, 'task.cancelled' AS type, name AS task,
           nullif(attempt, 0) AS attempt, '{}'::jsonb AS data
    FROM before
    UNION ALL SELECT run_id, dag_id, before_seq, 9, 0, 'job.cancelled', NULL, NULL, '{}'::jsonb FROM counted
  ), ${LOGGED}
  ${EFFECTS}
  UNION ALL SELECT 'stopped', run_id, idx, attempt, NULL, NULL, NULL, NULL FROM before WHERE status = 'running'`,
};

/** @returns the effects, and the status of each job that exists as it was before */
export async function cancelJobs(
  database: SqlDatabase,
  runIds: readonly string[],
): Promise<{ effects: Effect[]; before: Map<string, string> }> {
  return await database.transaction(async (tx) => {
    const jobs = await tx.query<{ run_id: string; status: string }>(LOCK, [runIds]);
    const before = new Map(jobs.map((job) => [job.run_id, job.status]));
    return { effects: await tx.query<Effect>(CANCEL, [runIds]), before };
  });
}
