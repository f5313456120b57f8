import type { SqlDatabase, Statement } from '../sql-database.js';
import {
  EFFECTS,
  ENDED_LINE,
  type Effect,
  LOGGED,
  endedStatus,
  fromTask,
  isLeaving,
  lockedInput,
  openTasks,
  toTask,
} from './fragments.js';
import { succeedOne } from './succeed-one.js';
import type { KeptTask, SucceedInput, Successes } from './success.js';

/**
 * Looked at in SET, where the row is the newest, and not in WHERE, which leaves out rows that did not match in the
 * statement's snapshot: a replay committed since then may have made a doomed child wait for us again.
 */
const IS_READY = `t.open_upstreams = o.closed AND t.status IN ${fromTask('queue')}`;

/** The same, and a finisher in this batch runs it at once: blocked → queued → running in one step. */
const IS_KEPT = `${IS_READY} AND o.keeper IS NOT NULL`;

/**
 * running → succeeded under the lease. Children are counted down per batch, so that a sink of ten thousand is touched
 * once a batch, and become queued when nothing above them is open. Ends the jobs whose last open task this was.
 *
 * A child that becomes ready and is the only child of a task whose finisher keeps its slot is claimed in the same
 * breath: its events and counters are those of queueing and claiming it, without the way through the queue.
 */
const SUCCEED: Statement = {
  name: 'succeed',
  text: `
  WITH input AS MATERIALIZED (
    -- Outputs may be large: they stay where they are until each is stored.
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::bigint[], $5::text[], $6::uuid[]) WITH ORDINALITY
      AS i (run_id, idx, lease, children, keeper, place)
  ), keepers AS MATERIALIZED (
    SELECT id FROM workers WHERE id = ANY ($6::uuid[]) AND status = 'active'
  ), ${lockedInput(`('running')`)}, done AS (
    UPDATE tasks t
    SET status = ${toTask('succeed')}, output = ($4::text[])[l.place::int]::jsonb, error = NULL, lease = NULL, lost_workers = 0,
        finished_at = clock_timestamp()
    FROM locked l
    WHERE t.run_id = l.run_id AND t.idx = l.idx AND t.lease = l.lease AND ${isLeaving('t', 'succeed')}
    RETURNING t.run_id, t.idx, t.attempt, t.name, t.worker_id, t.queued_at, t.started_at, t.finished_at, l.lease,
              l.children::int[] AS children, (SELECT k.id FROM keepers k WHERE k.id = l.keeper) AS keeper,
              l.dag_id, l.dag_version_id, l.priority, l.last_seq, l.tasks_blocked, l.tasks_queued, l.tasks_running,
              l.tasks_succeeded, l.tasks_failed, ${openTasks('l')} AS open
  ), history AS (
    INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at)
    SELECT run_id, idx, attempt, 'succeeded', lease, worker_id, queued_at, started_at, finished_at FROM done
  ), opened AS (
    SELECT d.run_id, c.child, count(*)::int AS closed, d.dag_id, d.dag_version_id, d.priority, d.last_seq,
           max(d.idx) FILTER (WHERE d.keeper IS NOT NULL) AS parent,
           (array_agg(d.keeper ORDER BY d.idx DESC) FILTER (WHERE d.keeper IS NOT NULL))[1] AS keeper
    FROM done d CROSS JOIN LATERAL unnest(d.children) AS c (child)
    GROUP BY d.run_id, c.child, d.dag_id, d.dag_version_id, d.priority, d.last_seq
  ), children AS (
    UPDATE tasks t
    SET open_upstreams = t.open_upstreams - o.closed,
        status = CASE WHEN ${IS_KEPT} THEN ${toTask('claim')} WHEN ${IS_READY} THEN ${toTask('queue')} ELSE t.status END,
        lease = CASE WHEN ${IS_KEPT} THEN nextval('lease_numbers') ELSE t.lease END,
        worker_id = CASE WHEN ${IS_KEPT} THEN o.keeper ELSE t.worker_id END,
        started_at = CASE WHEN ${IS_KEPT} THEN clock_timestamp() ELSE t.started_at END,
        attempt = CASE WHEN ${IS_READY} THEN t.attempt + 1 ELSE t.attempt END,
        queued_at = CASE WHEN ${IS_READY} THEN clock_timestamp() ELSE t.queued_at END
    FROM opened o
    WHERE t.run_id = o.run_id AND t.idx = o.child AND t.open_upstreams >= o.closed
    RETURNING t.run_id, t.idx, t.attempt, t.name, t.status, t.lease, t.charged, t.lost_workers, t.max_retries,
              t.retry_base_seconds, t.retry_max_seconds, o.dag_id, o.dag_version_id, o.priority, o.last_seq, o.parent,
              o.keeper
  ), lines AS (
    SELECT run_id, dag_id, last_seq, 1 AS rank, idx, 'task.succeeded' AS type, name AS task, attempt,
           jsonb_build_object('duration_ms', round(extract(epoch FROM finished_at - started_at) * 1000)) AS data
    FROM done
    UNION ALL
    SELECT run_id, dag_id, last_seq, 2, idx, 'task.queued', name, attempt, '{}'::jsonb
    FROM children WHERE status IN (${toTask('queue')}, ${toTask('claim')})
    UNION ALL
    SELECT run_id, dag_id, last_seq, 3, idx, 'task.started', name, attempt, jsonb_build_object('worker_id', keeper)
    FROM children WHERE status = ${toTask('claim')}
  ), tally AS (
    -- What a job had before is the same in each of its rows.
    SELECT run_id, max(last_seq) AS last_seq, sum(done)::int AS done, sum(ready)::int AS ready, sum(kept)::int AS kept,
           max(tasks_blocked) AS tasks_blocked, max(tasks_queued) AS tasks_queued, max(tasks_running) AS tasks_running,
           max(tasks_succeeded) AS tasks_succeeded, max(tasks_failed) AS tasks_failed, max(open) = sum(done) AS ends
    FROM (SELECT run_id, last_seq, 1 AS done, 0 AS ready, 0 AS kept, tasks_blocked, tasks_queued, tasks_running,
                 tasks_succeeded, tasks_failed, open
          FROM done
          UNION ALL
          SELECT run_id, last_seq, 0, 1, (status = ${toTask('claim')})::int, NULL, NULL, NULL, NULL, NULL, NULL
          FROM children WHERE status IN (${toTask('queue')}, ${toTask('claim')})) AS moved
    GROUP BY run_id
  ), counted AS (
    UPDATE jobs j
    SET tasks_running = n.tasks_running - n.done + n.kept, tasks_succeeded = n.tasks_succeeded + n.done,
        tasks_blocked = n.tasks_blocked - n.ready, tasks_queued = n.tasks_queued + n.ready - n.kept,
        status = CASE WHEN n.ends THEN ${endedStatus('n.tasks_failed')} ELSE 'running' END,
        finished_at = CASE WHEN n.ends THEN clock_timestamp() END,
        last_seq = n.last_seq + n.done + n.ready + n.kept + n.ends::int
    FROM tally n WHERE j.run_id = n.run_id
    RETURNING j.run_id, j.dag_id, j.status, j.last_seq, n.last_seq AS before_seq, j.finished_at IS NOT NULL AS just_ended
  ), numbered AS (
    SELECT * FROM lines UNION ALL ${ENDED_LINE}
  ), ${LOGGED}
  SELECT *, NULL::bigint AS lease, NULL::int AS dag_version_id, NULL::int AS charged, NULL::int AS lost_workers,
         NULL::int AS max_retries, NULL::float8 AS retry_base_seconds, NULL::float8 AS retry_max_seconds,
         NULL::int AS parent, NULL::uuid AS keeper
  FROM (${EFFECTS}
    UNION ALL SELECT 'done', run_id, idx, attempt, NULL, NULL, NULL, NULL FROM done
    UNION ALL SELECT 'ready', run_id, idx, attempt, priority, NULL, NULL, NULL
      FROM children WHERE status = ${toTask('queue')}) AS effects
  UNION ALL
  SELECT 'kept', run_id, idx, attempt, priority, dag_id, NULL, NULL, lease, dag_version_id, charged, lost_workers,
         max_retries, retry_base_seconds, retry_max_seconds, parent, keeper
  FROM children WHERE status = ${toTask('claim')}`,
};

export async function succeedTasks(
  database: SqlDatabase,
  inputs: readonly SucceedInput[],
): Promise<Successes> {
  const [only] = inputs;
  if (inputs.length === 1 && only.children.length <= 1) return await succeedOne(database, only);
  return await succeedBatch(database, inputs);
}

/** As `succeedTasks`, whatever the size of the batch. */
export async function succeedBatch(
  database: SqlDatabase,
  inputs: readonly SucceedInput[],
): Promise<Successes> {
  const rows = await database.query<Effect | ({ what: 'kept' } & KeptTask)>(SUCCEED, [
    inputs.map((input) => input.runId),
    inputs.map((input) => input.idx),
    inputs.map((input) => input.lease),
    inputs.map((input) => input.output),
    inputs.map((input) => `{${input.children.join(',')}}`),
    // Only an only child is kept: of many, none has a better right to the slot than the others in the queue.
    inputs.map((input) => (input.children.length === 1 ? input.keeper : null)),
  ]);
  const effects: Effect[] = [];
  const kept: KeptTask[] = [];
  for (const row of rows) {
    if (row.what === 'kept') kept.push(row);
    else effects.push(row);
  }
  return { effects, kept };
}
