import type { RerunPlan } from '../../domain/rerun.js';
import { type IdempotencyKey, keepKey, type KeyVerdict } from '../idempotency-key.store.js';
import { timeOfRunId } from '../run-id-time.js';
import type { SqlDatabase, Statement } from '../sql-database.js';
import { type Effect, LOGGED, toTask } from './fragments.js';
import { TASK_STATES, type TaskState } from './replay.js';
import type { RetryDefaults } from './start.js';

/** An ended job, or one that has not ended yet, as it is under the lock. */
export interface LockedOriginal {
  status: string;
  is_dag_deleted: boolean;
}

const JOB_VERSION: Statement = {
  name: 'job-version',
  text: 'SELECT dag_version_id FROM jobs WHERE run_id = $1',
};

/** Share locks: reruns of one job need not wait for each other, but a replay, a cancel or a deletion of the DAG does. */
const LOCK: Statement = {
  name: 'rerun-lock',
  text: `SELECT j.status, d.deleted_at IS NOT NULL AS is_dag_deleted
         FROM jobs j JOIN dags d ON d.id = j.dag_id WHERE j.run_id = $1 FOR SHARE`,
};

/**
 * A new job of the same DAG version: what is planned to run is born as at a start, with the number of its upstreams that
 * run too; the rest is born succeeded, attempt 0, with the output it had. `scheduled_for` is kept, so that templates
 * find what they found; the tick is not, as a tick has one job. Runs behind LOCK in one transaction, so its snapshot is
 * younger than the lock and may read the tasks.
 */
const RERUN: Statement = {
  name: 'rerun',
  text: `
  WITH original AS MATERIALIZED (
    SELECT j.run_id, j.dag_id, j.dag_version_id, j.priority, j.params, j.scheduled_for, v.tasks
    FROM jobs j JOIN dag_versions v ON v.id = j.dag_version_id WHERE j.run_id = $1::uuid
  ), planned AS MATERIALIZED (
    SELECT p.ordinality::int - 1 AS idx, p.task, p.open_upstreams
    FROM original o
         CROSS JOIN LATERAL ROWS FROM (jsonb_array_elements(o.tasks), unnest($3::int[]))
           WITH ORDINALITY AS p (task, open_upstreams, ordinality)
  ), tally AS (
    SELECT count(*)::int AS size, (count(*) FILTER (WHERE open_upstreams = 0))::int AS ready,
           (count(*) FILTER (WHERE open_upstreams IS NULL))::int AS reused
    FROM planned
  ), inserted AS (
    INSERT INTO jobs (run_id, dag_id, dag_version_id, status, priority, trigger, params, scheduled_for, rerun_of,
                      created_at, tasks_queued, tasks_blocked, tasks_succeeded, last_seq)
    SELECT $2::uuid, o.dag_id, o.dag_version_id, 'queued', o.priority, 'manual', o.params, o.scheduled_for, o.run_id,
           ${timeOfRunId('$2::uuid')}, n.ready, n.size - n.ready - n.reused, n.reused, 1 + n.reused + n.ready
    FROM original o, tally n
    RETURNING run_id, dag_id, priority, trigger, rerun_of, last_seq
  ), materialised AS (
    INSERT INTO tasks (run_id, idx, name, task_type, status, attempt, open_upstreams, queued_at, finished_at, output,
                       max_retries, retry_base_seconds, retry_max_seconds)
    SELECT s.run_id, p.idx, p.task ->> 'name', p.task ->> 'task_type',
           CASE WHEN p.open_upstreams IS NULL THEN 'succeeded' WHEN p.open_upstreams = 0 THEN ${toTask('queue')}
                ELSE 'blocked' END,
           coalesce(p.open_upstreams = 0, false)::int, coalesce(p.open_upstreams, 0),
           CASE WHEN p.open_upstreams = 0 THEN clock_timestamp() END,
           CASE WHEN p.open_upstreams IS NULL THEN clock_timestamp() END,
           CASE WHEN p.open_upstreams IS NULL
                THEN (SELECT t.output FROM tasks t WHERE t.run_id = $1::uuid AND t.idx = p.idx) END,
           coalesce((p.task ->> 'max_retries')::int, $4::int),
           coalesce((p.task ->> 'retry_base_delay')::float8, $5::float8),
           coalesce((p.task ->> 'retry_max_delay')::float8, $6::float8)
    FROM inserted s CROSS JOIN planned p
    RETURNING run_id, idx, name, status, attempt
  ), numbered AS (
    SELECT run_id, dag_id, 0 AS last_seq, 0 AS rank, 0 AS idx, 'job.created' AS type, NULL::text AS task,
           NULL::int AS attempt,
           jsonb_build_object('trigger', trigger, 'priority', priority, 'rerun_of', rerun_of) AS data
    FROM inserted
    UNION ALL
    SELECT m.run_id, s.dag_id, 0, 1, m.idx, 'task.succeeded', m.name, NULL, jsonb_build_object('reason', 'reused')
    FROM inserted s JOIN materialised m ON m.run_id = s.run_id WHERE m.status = 'succeeded'
    UNION ALL
    SELECT m.run_id, s.dag_id, 0, 2, m.idx, 'task.queued', m.name, m.attempt, '{}'::jsonb
    FROM inserted s JOIN materialised m ON m.run_id = s.run_id WHERE m.status = ${toTask('queue')}
  ), ${LOGGED}
  SELECT 'events' AS what, run_id, NULL::int AS idx, NULL::int AS attempt, NULL::text AS priority, dag_id,
         1 AS from_seq, last_seq AS to_seq
  FROM inserted
  UNION ALL
  SELECT 'ready', m.run_id, m.idx, m.attempt, s.priority, NULL, NULL, NULL
  FROM inserted s JOIN materialised m ON m.run_id = s.run_id WHERE m.status = ${toTask('queue')}`,
};

/** The DAG version of a job, which never changes; null when there is no such job. */
export async function findJobVersion(database: SqlDatabase, runId: string): Promise<number | null> {
  const [row] = await database.query<{ dag_version_id: number }>(JOB_VERSION, [runId]);
  return row?.dag_version_id ?? null;
}

/** Takes back everything its transaction has done. */
class Refused extends Error {}

/**
 * Locks the original (its row decides between a rerun and a replay that come at once), hands it and the states of all
 * its tasks to `decide`, and writes the job that is planned, if any, in the same transaction.
 *
 * A key that is known decides before anything about the original does: what it has made stays its answer, whatever has
 * become of the original. A rerun that is refused takes its key back.
 *
 * @returns null when `decide` says no, or when there is no original
 */
export async function rerunJob(
  database: SqlDatabase,
  defaults: RetryDefaults,
  originalRunId: string,
  newRunId: string,
  decide: (original: LockedOriginal, states: TaskState[]) => RerunPlan | null,
  key?: IdempotencyKey,
): Promise<Effect[] | KeyVerdict | null> {
  try {
    return await database.transaction(async (tx) => {
      const verdict = key === undefined ? null : await keepKey(tx, key, newRunId);
      if (verdict !== null) return verdict;
      const [original] = await tx.query<LockedOriginal>(LOCK, [originalRunId]);
      if (original === undefined) throw new Refused();
      const plan = decide(original, await tx.query<TaskState>(TASK_STATES, [originalRunId]));
      if (plan === null) throw new Refused();
      return await tx.query<Effect>(RERUN, [
        originalRunId,
        newRunId,
        plan,
        defaults.maxRetries,
        defaults.baseDelaySeconds,
        defaults.maxDelaySeconds,
      ]);
    });
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}
