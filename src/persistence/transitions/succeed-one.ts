import type { Priority } from '../../domain/priority.js';
import type { SqlDatabase, Statement } from '../sql-database.js';
import { type Effect, endedStatus, fromTask, isLeaving, lockedJob, openTasks, toTask } from './fragments.js';
import type { KeptTask, SucceedInput, Successes } from './success.js';

/** The newest row of the child, as in `succeed`: looked at in SET. */
const IS_READY = `t.open_upstreams = 1 AND t.status IN ${fromTask('queue')}`;
const IS_KEPT = `${IS_READY} AND k.id IS NOT NULL`;

/**
 * `succeed` for a batch of one with at most one child: the hop of a chain, where a statement's fixed cost is most of the
 * time. Does exactly what `succeed` does, without what only a batch needs (grouping, sorting, numbering).
 */
const SUCCEED_ONE: Statement = {
  name: 'succeed-one',
  text: `
  WITH ${lockedJob('$1', `('running')`)}, done AS (
    UPDATE tasks t
    SET status = ${toTask('succeed')}, output = $4::text::jsonb, error = NULL, lease = NULL, lost_workers = 0,
        finished_at = clock_timestamp()
    FROM locked l
    WHERE t.run_id = $1::uuid AND t.idx = $2::int AND t.lease = $3::bigint AND ${isLeaving('t', 'succeed')}
    RETURNING t.attempt, t.name, t.worker_id, t.queued_at, t.started_at, t.finished_at
  ), history AS (
    INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at)
    SELECT $1::uuid, $2::int, attempt, 'succeeded', $3::bigint, worker_id, queued_at, started_at, finished_at FROM done
  ), child AS (
    UPDATE tasks t
    SET open_upstreams = t.open_upstreams - 1,
        status = CASE WHEN ${IS_KEPT} THEN ${toTask('claim')} WHEN ${IS_READY} THEN ${toTask('queue')} ELSE t.status END,
        lease = CASE WHEN ${IS_KEPT} THEN nextval('lease_numbers') ELSE t.lease END,
        worker_id = CASE WHEN ${IS_KEPT} THEN k.id ELSE t.worker_id END,
        started_at = CASE WHEN ${IS_KEPT} THEN clock_timestamp() ELSE t.started_at END,
        attempt = CASE WHEN ${IS_READY} THEN t.attempt + 1 ELSE t.attempt END,
        queued_at = CASE WHEN ${IS_READY} THEN clock_timestamp() ELSE t.queued_at END
    FROM done LEFT JOIN workers k ON k.id = $6::uuid AND k.status = 'active'
    WHERE t.run_id = $1::uuid AND t.idx = $5::int AND t.open_upstreams >= 1
    RETURNING t.attempt, t.name, t.status, t.lease, t.charged, t.lost_workers, t.max_retries, t.retry_base_seconds,
              t.retry_max_seconds
  ), tally AS MATERIALIZED (
    SELECT l.*, d.name, d.attempt, d.started_at, d.finished_at, ${openTasks('l')} = 1 AS ends,
           coalesce(c.status IN (${toTask('queue')}, ${toTask('claim')}), false)::int AS ready,
           coalesce(c.status = ${toTask('claim')}, false)::int AS kept,
           c.name AS child_name, c.attempt AS child_attempt, c.lease, c.charged, c.lost_workers, c.max_retries,
           c.retry_base_seconds, c.retry_max_seconds
    FROM locked l CROSS JOIN done d LEFT JOIN child c ON true
  ), counted AS (
    UPDATE jobs j
    SET tasks_running = n.tasks_running - 1 + n.kept, tasks_succeeded = n.tasks_succeeded + 1,
        tasks_blocked = n.tasks_blocked - n.ready, tasks_queued = n.tasks_queued + n.ready - n.kept,
        status = CASE WHEN n.ends THEN ${endedStatus('n.tasks_failed')} ELSE n.job_status END,
        finished_at = CASE WHEN n.ends THEN clock_timestamp() END,
        last_seq = n.last_seq + 1 + n.ready + n.kept + n.ends::int
    FROM tally n WHERE j.run_id = $1::uuid
  ), logged AS (
    INSERT INTO events (run_id, seq, dag_id, type, task, attempt, at, data)
    SELECT run_id, last_seq + 1, dag_id, 'task.succeeded', name, attempt, clock_timestamp(),
           jsonb_build_object('duration_ms', round(extract(epoch FROM finished_at - started_at) * 1000))
    FROM tally
    UNION ALL
    SELECT run_id, last_seq + 2, dag_id, 'task.queued', child_name, child_attempt, clock_timestamp(), '{}'::jsonb
    FROM tally WHERE ready = 1
    UNION ALL
    SELECT run_id, last_seq + 3, dag_id, 'task.started', child_name, child_attempt, clock_timestamp(),
           jsonb_build_object('worker_id', $6::uuid)
    FROM tally WHERE kept = 1
    UNION ALL
    SELECT run_id, last_seq + 2, dag_id, 'job.' || ${endedStatus('tasks_failed')}, NULL, NULL, clock_timestamp(), '{}'::jsonb
    FROM tally WHERE ends
  )
  SELECT attempt, dag_id, dag_version_id, priority, last_seq + 1 AS from_seq,
         last_seq + 1 + ready + kept + ends::int AS to_seq, ready = 1 AS is_ready, kept = 1 AS is_kept, child_attempt,
         lease, charged, lost_workers, max_retries, retry_base_seconds, retry_max_seconds
  FROM tally`,
};

interface Row {
  attempt: number;
  dag_id: number;
  dag_version_id: number;
  priority: Priority;
  from_seq: number;
  to_seq: number;
  is_ready: boolean;
  is_kept: boolean;
  child_attempt: number;
  lease: string;
  charged: number;
  lost_workers: number;
  max_retries: number;
  retry_base_seconds: number;
  retry_max_seconds: number;
}

export async function succeedOne(database: SqlDatabase, input: SucceedInput): Promise<Successes> {
  const { runId, idx, lease, output, keeper } = input;
  const child = input.children.length === 0 ? null : input.children[0];
  const [row] = await database.query<Row>(SUCCEED_ONE, [runId, idx, lease, output, child, keeper]);
  if (row === undefined) return { effects: [], kept: [] };
  const effects = [events(runId, row), moved('done', runId, idx, row.attempt, null)];
  if (row.is_kept) return { effects, kept: [keptTask(input, row)] };
  if (row.is_ready) effects.push(moved('ready', runId, child!, row.child_attempt, row.priority));
  return { effects, kept: [] };
}

// Written out, as spread properties cost a hop of a chain more than all else it does here.

function keptTask({ runId, idx, children, keeper }: SucceedInput, row: Row): KeptTask {
  return {
    run_id: runId,
    idx: children[0],
    attempt: row.child_attempt,
    lease: row.lease,
    dag_id: row.dag_id,
    dag_version_id: row.dag_version_id,
    priority: row.priority,
    charged: row.charged,
    lost_workers: row.lost_workers,
    max_retries: row.max_retries,
    retry_base_seconds: row.retry_base_seconds,
    retry_max_seconds: row.retry_max_seconds,
    parent: idx,
    keeper: keeper!,
  };
}

function events(runId: string, { dag_id, from_seq, to_seq }: Row): Effect {
  return {
    what: 'events',
    run_id: runId,
    idx: null,
    attempt: null,
    priority: null,
    dag_id,
    from_seq,
    to_seq,
  };
}

function moved(
  what: 'done' | 'ready',
  runId: string,
  idx: number,
  attempt: number,
  priority: string | null,
): Effect {
  return { what, run_id: runId, idx, attempt, priority, dag_id: null, from_seq: null, to_seq: null };
}
