import type { SqlDatabase, Statement } from '../sql-database.js';
import { EFFECTS, type Effect, LOGGED, isLeaving, lockedInput, toTask } from './fragments.js';

export interface RequeueInput {
  runId: string;
  idx: number;
  lease: string;
  /** `lost`: its worker died; `drained`: its worker handed it back, or never knew that it held it. */
  outcome: 'lost' | 'drained';
}

/** running → queued under the lease, as a new attempt that is not charged. */
const REQUEUE: Statement = {
  name: 'requeue',
  text: `
  WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[]) AS i (run_id, idx, lease, outcome)
  ), ${lockedInput(`('running')`)}, before AS MATERIALIZED (
    SELECT t.run_id, t.idx, t.attempt, t.queued_at, t.started_at, t.worker_id, l.lease, l.outcome,
           l.dag_id, l.priority, l.last_seq
    FROM locked l JOIN tasks t ON t.run_id = l.run_id AND t.idx = l.idx
    WHERE t.lease = l.lease AND ${isLeaving('t', 'requeue')}
    FOR UPDATE OF t
  ), done AS (
    UPDATE tasks t
    SET status = ${toTask('requeue')}, lease = NULL, attempt = t.attempt + 1, queued_at = clock_timestamp(),
        lost_workers = t.lost_workers + (b.outcome = 'lost')::int
    FROM before b WHERE t.run_id = b.run_id AND t.idx = b.idx
    RETURNING t.run_id, t.idx, t.attempt, t.name, b.outcome, b.dag_id, b.priority, b.last_seq
  ), history AS (
    INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at)
    SELECT run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, clock_timestamp() FROM before
  ), numbered AS (
    SELECT run_id, dag_id, last_seq, 1 AS rank, idx, 'task.queued' AS type, name AS task, attempt,
           jsonb_build_object('reason', 'worker_' || outcome) AS data
    FROM done
  ), tally AS (
    SELECT run_id, last_seq, count(*)::int AS tasks FROM numbered GROUP BY run_id, last_seq
  ), counted AS (
    UPDATE jobs j
    SET tasks_running = j.tasks_running - n.tasks, tasks_queued = j.tasks_queued + n.tasks,
        last_seq = j.last_seq + n.tasks
    FROM tally n WHERE j.run_id = n.run_id
    RETURNING j.run_id, j.dag_id, j.last_seq, n.last_seq AS before_seq
  ), ${LOGGED}
  ${EFFECTS}
  UNION ALL SELECT 'ready', run_id, idx, attempt, priority, NULL, NULL, NULL FROM done`,
};

export async function requeueTasks(
  database: SqlDatabase,
  inputs: readonly RequeueInput[],
): Promise<Effect[]> {
  return await database.query<Effect>(REQUEUE, [
    inputs.map((input) => input.runId),
    inputs.map((input) => input.idx),
    inputs.map((input) => input.lease),
    inputs.map((input) => input.outcome),
  ]);
}
