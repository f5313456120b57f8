import type { SqlDatabase, Statement } from '../sql-database.js';
import {
  EFFECTS,
  ENDED_LINE,
  type Effect,
  LOGGED,
  distinctRunIds,
  endedStatus,
  fromTask,
  lockedJobs,
  openTasks,
  toTask,
} from './fragments.js';

export interface SucceedInput {
  runId: string;
  idx: number;
  lease: string;
  /** JSON text. */
  output: string;
  /** Indexes of the tasks that depend on this one. */
  children: readonly number[];
}

/**
 * Looked at in SET, where the row is the newest, and not in WHERE, which leaves out rows that did not match in the
 * statement's snapshot: a replay committed since then may have made a doomed child wait for us again.
 */
const IS_READY = `t.open_upstreams = o.closed AND t.status IN ${fromTask('queue')}`;

/**
 * running → succeeded under the lease. Children are counted down per batch, so that a sink of ten thousand is touched
 * once a batch, and become queued when nothing above them is open. Ends the jobs whose last open task this was.
 */
const SUCCEED: Statement = {
  name: 'succeed',
  text: `
  WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[], $5::text[])
      AS i (run_id, idx, lease, output, children)
  ), ${lockedJobs('$6', `('running')`)}, done AS (
    UPDATE tasks t
    SET status = ${toTask('succeed')}, output = i.output::jsonb, error = NULL, lease = NULL, lost_workers = 0,
        finished_at = clock_timestamp()
    FROM input i JOIN locked l ON l.run_id = i.run_id
    WHERE t.run_id = i.run_id AND t.idx = i.idx AND t.lease = i.lease AND t.status IN ${fromTask('succeed')}
    RETURNING t.run_id, t.idx, t.attempt, t.name, t.worker_id, t.queued_at, t.started_at, t.finished_at, i.lease,
              i.children::int[] AS children, l.dag_id, l.priority, l.last_seq
  ), history AS (
    INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at)
    SELECT run_id, idx, attempt, 'succeeded', lease, worker_id, queued_at, started_at, finished_at FROM done
  ), opened AS (
    SELECT d.run_id, c.child, count(*)::int AS closed, d.dag_id, d.priority, d.last_seq
    FROM done d CROSS JOIN LATERAL unnest(d.children) AS c (child)
    GROUP BY d.run_id, c.child, d.dag_id, d.priority, d.last_seq
  ), children AS (
    UPDATE tasks t
    SET open_upstreams = t.open_upstreams - o.closed,
        status = CASE WHEN ${IS_READY} THEN ${toTask('queue')} ELSE t.status END,
        attempt = CASE WHEN ${IS_READY} THEN t.attempt + 1 ELSE t.attempt END,
        queued_at = CASE WHEN ${IS_READY} THEN clock_timestamp() ELSE t.queued_at END
    FROM opened o
    WHERE t.run_id = o.run_id AND t.idx = o.child AND t.open_upstreams >= o.closed
    RETURNING t.run_id, t.idx, t.attempt, t.name, t.status, o.dag_id, o.priority, o.last_seq
  ), lines AS (
    SELECT run_id, dag_id, last_seq, 1 AS rank, idx, 'task.succeeded' AS type, name AS task, attempt,
           jsonb_build_object('duration_ms', round(extract(epoch FROM finished_at - started_at) * 1000)) AS data
    FROM done
    UNION ALL
    SELECT run_id, dag_id, last_seq, 2, idx, 'task.queued', name, attempt, '{}'::jsonb
    FROM children WHERE status = ${toTask('queue')}
  ), tally AS (
    SELECT run_id, last_seq, count(*)::int AS events, (count(*) FILTER (WHERE rank = 1))::int AS done,
           (count(*) FILTER (WHERE rank = 2))::int AS ready
    FROM lines GROUP BY run_id, last_seq
  ), counted AS (
    UPDATE jobs j
    SET tasks_running = l.tasks_running - n.done, tasks_succeeded = l.tasks_succeeded + n.done,
        tasks_blocked = l.tasks_blocked - n.ready, tasks_queued = l.tasks_queued + n.ready,
        status = CASE WHEN ${openTasks('l')} = n.done THEN ${endedStatus('l.tasks_failed')} ELSE l.job_status END,
        finished_at = CASE WHEN ${openTasks('l')} = n.done THEN clock_timestamp() END,
        last_seq = l.last_seq + n.events + (${openTasks('l')} = n.done)::int
    FROM tally n JOIN locked l ON l.run_id = n.run_id
    WHERE j.run_id = n.run_id
    RETURNING j.run_id, j.dag_id, j.status, j.last_seq, n.last_seq AS before_seq, j.finished_at IS NOT NULL AS just_ended
  ), numbered AS (
    SELECT * FROM lines UNION ALL ${ENDED_LINE}
  ), ${LOGGED}
  ${EFFECTS}
  UNION ALL SELECT 'done', run_id, idx, attempt, NULL, NULL, NULL, NULL FROM done
  UNION ALL SELECT 'ready', run_id, idx, attempt, priority, NULL, NULL, NULL FROM children WHERE status = ${toTask('queue')}`,
};

export async function succeedTasks(
  database: SqlDatabase,
  inputs: readonly SucceedInput[],
): Promise<Effect[]> {
  return await database.query<Effect>(SUCCEED, [
    inputs.map((input) => input.runId),
    inputs.map((input) => input.idx),
    inputs.map((input) => input.lease),
    inputs.map((input) => input.output),
    inputs.map((input) => `{${input.children.join(',')}}`),
    distinctRunIds(inputs),
  ]);
}
