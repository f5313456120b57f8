import type { SqlDatabase, Statement } from '../sql-database.js';
import {
  EFFECTS,
  ENDED_LINE,
  type Effect,
  LOGGED,
  fromTask,
  isLeaving,
  lockedInput,
  openTasks,
  toJob,
  toTask,
} from './fragments.js';

export interface BuryInput {
  runId: string;
  idx: number;
  lease: string;
  /** JSON text of a TaskError. */
  error: string;
  /** How the attempt ended: by its own failure, or by the last of too many lost workers. */
  outcome: 'failed' | 'lost';
  /** Indexes of all tasks below this one. */
  descendants: readonly number[];
}

/**
 * running → failed under the lease, with one DLQ entry when the DLQ is on, and everything below it upstream_failed. Ends
 * the jobs whose last open task this was.
 */
const BURY: Statement = {
  name: 'bury',
  text: `
  WITH input AS MATERIALIZED (
    -- Descendants may be thousands: they stay where they are until each input's are looked at.
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[], $5::text[]) WITH ORDINALITY
      AS i (run_id, idx, lease, error, outcome, place)
  ), ${lockedInput(`('running')`)}, done AS (
    UPDATE tasks t
    SET status = ${toTask('bury')}, error = l.error::jsonb, lease = NULL, finished_at = clock_timestamp(),
        charged = t.charged + (l.outcome = 'failed')::int, lost_workers = t.lost_workers + (l.outcome = 'lost')::int
    FROM locked l
    WHERE t.run_id = l.run_id AND t.idx = l.idx AND t.lease = l.lease AND ${isLeaving('t', 'bury')}
    RETURNING t.run_id, t.idx, t.attempt, t.name, t.task_type, t.worker_id, t.queued_at, t.started_at, t.finished_at,
              t.error, l.lease, l.outcome, ($6::text[])[l.place::int]::int[] AS descendants, l.dag_id, l.last_seq,
              l.tasks_blocked, l.tasks_running, l.tasks_failed, l.tasks_upstream_failed, ${openTasks('l')} AS open
  ), history AS (
    INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at, error)
    SELECT run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at, error FROM done
  ), entries AS (
    INSERT INTO dlq_entries (run_id, idx, dag_id, task_name, task_type, attempts, error)
    SELECT run_id, idx, dag_id, name, task_type, attempt, error FROM done WHERE $7::boolean
    RETURNING id, run_id, idx
  ), below AS (
    SELECT DISTINCT d.run_id, b.idx, d.dag_id, d.last_seq
    FROM done d CROSS JOIN LATERAL unnest(d.descendants) AS b (idx)
  ), newest AS MATERIALIZED (
    -- No look at the status here: a replay committed since our snapshot may have made a doomed task wait again.
    SELECT t.run_id, t.idx, t.status, b.dag_id, b.last_seq
    FROM below b JOIN tasks t ON t.run_id = b.run_id AND t.idx = b.idx
    FOR UPDATE OF t
  ), doomed AS (
    UPDATE tasks t SET status = ${toTask('doom')}, finished_at = clock_timestamp()
    FROM newest b
    WHERE t.run_id = b.run_id AND t.idx = b.idx AND b.status IN ${fromTask('doom')}
    RETURNING t.run_id, t.idx, t.name, b.dag_id, b.last_seq
  ), lines AS (
    SELECT run_id, dag_id, last_seq, 1 AS rank, idx, 'task.failed' AS type, name AS task, attempt,
           jsonb_build_object('error', error) AS data
    FROM done
    UNION ALL
    SELECT d.run_id, d.dag_id, d.last_seq, 2, d.idx, 'dlq.added', d.name, d.attempt, jsonb_build_object('entry_id', e.id)
    FROM entries e JOIN done d ON d.run_id = e.run_id AND d.idx = e.idx
    UNION ALL
    SELECT run_id, dag_id, last_seq, 3, idx, 'task.upstream_failed', name, NULL, '{}'::jsonb FROM doomed
  ), tally AS (
    -- What a job had before is the same in each of its rows.
    SELECT run_id, max(last_seq) AS last_seq, sum(failed)::int AS failed, sum(doomed)::int AS doomed,
           max(tasks_blocked) AS tasks_blocked, max(tasks_running) AS tasks_running, max(tasks_failed) AS tasks_failed,
           max(tasks_upstream_failed) AS tasks_upstream_failed, max(open) = sum(failed) + sum(doomed) AS ends
    FROM (SELECT run_id, last_seq, 1 AS failed, 0 AS doomed, tasks_blocked, tasks_running, tasks_failed,
                 tasks_upstream_failed, open
          FROM done
          UNION ALL
          SELECT run_id, last_seq, 0, 1, NULL, NULL, NULL, NULL, NULL FROM doomed) AS moved
    GROUP BY run_id
  ), counted AS (
    UPDATE jobs j
    SET tasks_running = n.tasks_running - n.failed, tasks_failed = n.tasks_failed + n.failed,
        tasks_blocked = n.tasks_blocked - n.doomed, tasks_upstream_failed = n.tasks_upstream_failed + n.doomed,
        status = CASE WHEN n.ends THEN ${toJob('fail')} ELSE 'running' END,
        finished_at = CASE WHEN n.ends THEN clock_timestamp() END,
        last_seq = n.last_seq + n.failed * (1 + $7::boolean::int) + n.doomed + n.ends::int
    FROM tally n WHERE j.run_id = n.run_id
    RETURNING j.run_id, j.dag_id, j.status, j.last_seq, n.last_seq AS before_seq, j.finished_at IS NOT NULL AS just_ended
  ), numbered AS (
    SELECT * FROM lines UNION ALL ${ENDED_LINE}
  ), ${LOGGED}
  ${EFFECTS}
  UNION ALL SELECT 'done', run_id, idx, attempt, NULL, NULL, NULL, NULL FROM done`,
};

export async function buryTasks(
  database: SqlDatabase,
  dlqEnabled: boolean,
  inputs: readonly BuryInput[],
): Promise<Effect[]> {
  return await database.query<Effect>(BURY, [
    inputs.map((input) => input.runId),
    inputs.map((input) => input.idx),
    inputs.map((input) => input.lease),
    inputs.map((input) => input.error),
    inputs.map((input) => input.outcome),
    inputs.map((input) => `{${input.descendants.join(',')}}`),
    dlqEnabled,
  ]);
}
