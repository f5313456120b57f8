import type { SqlDatabase, Statement } from '../sql-database.js';
import { EFFECTS, type Effect, LOGGED, isLeaving, lockedInput, toTask } from './fragments.js';

export interface RetryInput {
  runId: string;
  idx: number;
  lease: string;
  /** JSON text of a TaskError. */
  error: string;
  /** Drawn once by the caller, stored here as a moment of the database clock. */
  delayMs: number;
}

/** running → retrying under the lease: charged to the task, the time of the next attempt stored. */
const RETRY: Statement = {
  name: 'retry',
  text: `
  WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[], $5::bigint[])
      AS i (run_id, idx, lease, error, delay_ms)
  ), ${lockedInput(`('running')`)}, done AS (
    UPDATE tasks t
    SET status = ${toTask('retry')}, error = l.error::jsonb, lease = NULL, charged = t.charged + 1, lost_workers = 0,
        finished_at = clock_timestamp(), next_retry_at = clock_timestamp() + l.delay_ms * interval '1 millisecond'
    FROM locked l
    WHERE t.run_id = l.run_id AND t.idx = l.idx AND t.lease = l.lease AND ${isLeaving('t', 'retry')}
    RETURNING t.run_id, t.idx, t.attempt, t.name, t.worker_id, t.queued_at, t.started_at, t.finished_at,
              t.next_retry_at, t.error, l.lease, l.delay_ms, l.dag_id, l.last_seq
  ), history AS (
    INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at, error)
    SELECT run_id, idx, attempt, 'failed', lease, worker_id, queued_at, started_at, finished_at, error FROM done
  ), numbered AS (
    SELECT run_id, dag_id, last_seq, 1 AS rank, idx, 'task.retrying' AS type, name AS task, attempt,
           jsonb_build_object('error', error, 'delay_ms', delay_ms, 'next_retry_at',
             to_char(next_retry_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) AS data
    FROM done
  ), tally AS (
    SELECT run_id, last_seq, count(*)::int AS tasks FROM numbered GROUP BY run_id, last_seq
  ), counted AS (
    UPDATE jobs j
    SET tasks_running = j.tasks_running - n.tasks, tasks_retrying = j.tasks_retrying + n.tasks,
        last_seq = j.last_seq + n.tasks
    FROM tally n WHERE j.run_id = n.run_id
    RETURNING j.run_id, j.dag_id, j.last_seq, n.last_seq AS before_seq
  ), ${LOGGED}
  ${EFFECTS}
  UNION ALL SELECT 'done', run_id, idx, attempt, NULL, NULL, NULL, NULL FROM done`,
};

export async function retryTasks(database: SqlDatabase, inputs: readonly RetryInput[]): Promise<Effect[]> {
  return await database.query<Effect>(RETRY, [
    inputs.map((input) => input.runId),
    inputs.map((input) => input.idx),
    inputs.map((input) => input.lease),
    inputs.map((input) => input.error),
    inputs.map((input) => input.delayMs),
  ]);
}
