import type { JobTrigger } from '../../domain/job-state.js';
import type { Priority } from '../../domain/priority.js';
import type { SqlDatabase, Statement } from '../sql-database.js';
import { type Effect, LOGGED, toTask } from './fragments.js';

export interface StartInput {
  runId: string;
  dagId: number;
  trigger: JobTrigger;
  /** null: the DAG's own. */
  priority: Priority | null;
  /** JSON text. */
  params: string;
  /** In the future: the job waits as `scheduled`. */
  scheduledFor: Date | null;
  tickAt: Date | null;
}

/** What a task that names no retry settings of its own gets; fixed when the job starts. */
export interface RetryDefaults {
  maxRetries: number;
  baseDelaySeconds: number;
  maxDelaySeconds: number;
}

/**
 * Inserts jobs of the current versions of their DAGs with all their tasks, straight from the stored definition: roots
 * queued, the rest blocked with the number of their upstreams. A tick that already has its job is left out. The share
 * lock on the DAG makes a start and a deletion take turns.
 *
 * A DAG whose definition changes while we wait for that lock is missing from `dag` (its new version is younger than
 * our snapshot): the caller asks again.
 */
const START: Statement = {
  name: 'start',
  text: `
  WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])
      AS i (run_id, dag_id, trigger, priority, params, scheduled_for, tick_at)
  ), alive AS MATERIALIZED (
    SELECT id, priority, version FROM dags WHERE id = ANY ($2::int[]) AND deleted_at IS NULL ORDER BY id FOR SHARE
  ), dag AS MATERIALIZED (
    SELECT a.id, a.priority, v.id AS version_id, v.tasks, jsonb_array_length(v.tasks) AS size,
           (SELECT count(*)::int FROM jsonb_array_elements(v.tasks) t WHERE t -> 'dependencies' = '[]') AS roots
    FROM alive a JOIN dag_versions v ON v.dag_id = a.id AND v.version = a.version
  ), wanted AS (
    SELECT i.*, d.version_id, coalesce(i.priority, d.priority) AS class, d.size, d.roots,
           coalesce(i.scheduled_for > clock_timestamp(), false) AS waits
    FROM input i JOIN dag d ON d.id = i.dag_id
  ), inserted AS (
    INSERT INTO jobs (run_id, dag_id, dag_version_id, status, priority, trigger, params, scheduled_for, tick_at,
                      tasks_queued, tasks_blocked, last_seq)
    SELECT run_id, dag_id, version_id, CASE WHEN waits THEN 'scheduled' ELSE 'queued' END, class, trigger, params::jsonb,
           scheduled_for, tick_at, CASE WHEN waits THEN 0 ELSE roots END, CASE WHEN waits THEN size ELSE size - roots END,
           CASE WHEN waits THEN 1 ELSE 1 + roots END
    FROM wanted
    ON CONFLICT (dag_id, tick_at) WHERE tick_at IS NOT NULL DO NOTHING
    RETURNING run_id, dag_id, status, priority, trigger, last_seq
  ), materialised AS (
    INSERT INTO tasks (run_id, idx, name, task_type, status, attempt, open_upstreams, queued_at,
                       max_retries, retry_base_seconds, retry_max_seconds)
    SELECT s.run_id, t.ordinality - 1, t.task ->> 'name', t.task ->> 'task_type',
           CASE WHEN t.task -> 'dependencies' = '[]' AND s.status = 'queued' THEN ${toTask('queue')} ELSE 'blocked' END,
           (t.task -> 'dependencies' = '[]' AND s.status = 'queued')::int,
           jsonb_array_length(t.task -> 'dependencies'),
           CASE WHEN t.task -> 'dependencies' = '[]' AND s.status = 'queued' THEN clock_timestamp() END,
           coalesce((t.task ->> 'max_retries')::int, $8::int),
           coalesce((t.task ->> 'retry_base_delay')::float8, $9::float8),
           coalesce((t.task ->> 'retry_max_delay')::float8, $10::float8)
    FROM inserted s JOIN dag d ON d.id = s.dag_id
         CROSS JOIN LATERAL jsonb_array_elements(d.tasks) WITH ORDINALITY AS t (task, ordinality)
    RETURNING run_id, idx, name, status, attempt
  ), ready AS (
    SELECT m.run_id, m.idx, m.name, m.attempt, s.dag_id, s.priority
    FROM materialised m JOIN inserted s ON s.run_id = m.run_id
    WHERE m.status = ${toTask('queue')}
  ), numbered AS (
    SELECT run_id, dag_id, 0 AS last_seq, 0 AS rank, 0 AS idx, 'job.created' AS type, NULL::text AS task,
           NULL::int AS attempt, jsonb_build_object('trigger', trigger, 'priority', priority) AS data
    FROM inserted
    UNION ALL
    SELECT run_id, dag_id, 0, 1, idx, 'task.queued', name, attempt, '{}'::jsonb FROM ready
  ), ${LOGGED}
  SELECT 'events' AS what, run_id, NULL::int AS idx, NULL::int AS attempt, NULL::text AS priority, dag_id,
         1 AS from_seq, last_seq AS to_seq
  FROM inserted
  UNION ALL SELECT 'ready', run_id, idx, attempt, priority, NULL, NULL, NULL FROM ready
  UNION ALL SELECT 'dag', NULL, NULL, NULL, NULL, id, NULL, NULL FROM dag`,
};

/** @returns the effects, and the DAGs that exist among those asked for */
export async function startJobs(
  database: SqlDatabase,
  defaults: RetryDefaults,
  inputs: readonly StartInput[],
): Promise<{ effects: Effect[]; dagIds: Set<number> }> {
  const rows = await database.query<Effect | { what: 'dag'; dag_id: number }>(START, [
    inputs.map((input) => input.runId),
    inputs.map((input) => input.dagId),
    inputs.map((input) => input.trigger),
    inputs.map((input) => input.priority),
    inputs.map((input) => input.params),
    inputs.map((input) => input.scheduledFor),
    inputs.map((input) => input.tickAt),
    defaults.maxRetries,
    defaults.baseDelaySeconds,
    defaults.maxDelaySeconds,
  ]);
  const effects: Effect[] = [];
  const dagIds = new Set<number>();
  for (const row of rows) {
    if (row.what === 'dag') dagIds.add(row.dag_id);
    else effects.push(row);
  }
  return { effects, dagIds };
}
