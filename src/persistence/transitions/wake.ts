import type { SqlDatabase, Statement } from '../sql-database.js';
import { EFFECTS, type Effect, LOGGED, fromJob, fromTask, isLeaving, toJob, toTask } from './fragments.js';

/*
 * What becomes due by time. Any number of schedulers run these at once: jobs that somebody else holds are skipped, and
 * the guard in the UPDATE re-reads what it changes.
 */

/** retrying → queued for up to $1 tasks whose stored time has come by the database clock; never before. */
const WAKE: Statement = {
  name: 'wake',
  text: `
  WITH due AS MATERIALIZED (
    SELECT run_id, idx FROM tasks
    WHERE status = 'retrying' AND next_retry_at <= now() ORDER BY next_retry_at LIMIT $1
  ), locked AS MATERIALIZED (
    -- Wrapped, so that no index that begins with the status fits: as in isLeaving.
    SELECT run_id, dag_id, priority, last_seq FROM jobs
    WHERE run_id IN (SELECT run_id FROM due) AND coalesce(status, '') = 'running'
    ORDER BY run_id FOR UPDATE SKIP LOCKED
  ), done AS (
    UPDATE tasks t
    SET status = ${toTask('wake')}, next_retry_at = NULL, attempt = t.attempt + 1, queued_at = clock_timestamp()
    FROM due d JOIN locked l ON l.run_id = d.run_id
    WHERE t.run_id = d.run_id AND t.idx = d.idx AND ${isLeaving('t', 'wake')} AND t.next_retry_at <= now()
    RETURNING t.run_id, t.idx, t.attempt, t.name, l.dag_id, l.priority, l.last_seq
  ), numbered AS (
    SELECT run_id, dag_id, last_seq, 1 AS rank, idx, 'task.queued' AS type, name AS task, attempt,
           jsonb_build_object('reason', 'retry') AS data
    FROM done
  ), tally AS (
    SELECT run_id, last_seq, count(*)::int AS tasks FROM numbered GROUP BY run_id, last_seq
  ), counted AS (
    UPDATE jobs j
    SET tasks_retrying = j.tasks_retrying - n.tasks, tasks_queued = j.tasks_queued + n.tasks,
        last_seq = j.last_seq + n.tasks
    FROM tally n WHERE j.run_id = n.run_id
    RETURNING j.run_id, j.dag_id, j.last_seq, n.last_seq AS before_seq
  ), ${LOGGED}
  ${EFFECTS}
  UNION ALL SELECT 'ready', run_id, idx, attempt, priority, NULL, NULL, NULL FROM done`,
};

/** scheduled → queued for up to $1 jobs whose `scheduled_for` has come, and their roots blocked → queued. */
const RELEASE: Statement = {
  name: 'release',
  text: `
  WITH locked AS MATERIALIZED (
    SELECT run_id, dag_id, priority, last_seq FROM jobs
    WHERE status IN ${fromJob('release')} AND scheduled_for <= now()
    ORDER BY scheduled_for LIMIT $1 FOR UPDATE SKIP LOCKED
  ), done AS (
    UPDATE tasks t SET status = ${toTask('queue')}, attempt = t.attempt + 1, queued_at = clock_timestamp()
    FROM locked l
    WHERE t.run_id = l.run_id AND t.open_upstreams = 0 AND t.status IN ${fromTask('queue')}
    RETURNING t.run_id, t.idx, t.attempt, t.name, l.dag_id, l.priority, l.last_seq
  ), numbered AS (
    SELECT run_id, dag_id, last_seq, 1 AS rank, idx, 'task.queued' AS type, name AS task, attempt, '{}'::jsonb AS data
    FROM done
  ), tally AS (
    SELECT run_id, last_seq, count(*)::int AS tasks FROM numbered GROUP BY run_id, last_seq
  ), counted AS (
    UPDATE jobs j
    SET status = ${toJob('release')}, tasks_blocked = j.tasks_blocked - n.tasks,
        tasks_queued = j.tasks_queued + n.tasks, last_seq = j.last_seq + n.tasks
    FROM tally n WHERE j.run_id = n.run_id
    RETURNING j.run_id, j.dag_id, j.last_seq, n.last_seq AS before_seq
  ), ${LOGGED}
  ${EFFECTS}
  UNION ALL SELECT 'ready', run_id, idx, attempt, priority, NULL, NULL, NULL FROM done`,
};

export async function wakeTasks(database: SqlDatabase, atMost: number): Promise<Effect[]> {
  return await database.query<Effect>(WAKE, [atMost]);
}

export async function releaseJobs(database: SqlDatabase, atMost: number): Promise<Effect[]> {
  return await database.query<Effect>(RELEASE, [atMost]);
}
