import type { JobStatus, JobTrigger } from '../../domain/job-state.js';
import type { Json } from '../../domain/json.js';
import type { Priority } from '../../domain/priority.js';
import {
  type IdempotencyKey,
  KEPT_KEYS,
  type KeyRow,
  type KeyVerdict,
  verdictOf,
} from '../idempotency-key.store.js';
import { isoTime } from '../rows.js';
import { timeOfRunId } from '../run-id-time.js';
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
  /** Another start with this key makes no second job. */
  key: IdempotencyKey | null;
}

/** A job as it is born. Times as RFC 3339. */
export interface StartedJob {
  run_id: string;
  dag_id: number;
  dag_name: string;
  dag_version: number;
  dag_version_id: number;
  /** How many tasks it has. */
  size: number;
  /** How many of them wait for no other. */
  roots: number;
  status: JobStatus;
  priority: Priority;
  trigger: JobTrigger;
  params: Json;
  scheduled_for: string | null;
  created_at: string;
}

/** What a task that names no retry settings of its own gets; fixed when the job starts. */
export interface RetryDefaults {
  maxRetries: number;
  baseDelaySeconds: number;
  maxDelaySeconds: number;
}

/** What the forms of the statement have in addition: keys of single starts, or the conditions of a batch (start-all.ts). */
export interface StartParts {
  /** More columns of the input. */
  columns: string;
  arrays: string;
  /** CTEs between `wanted` and `inserted`. */
  kept: string;
  /** Which of the wanted are inserted. */
  isNew: string;
  /** More rows of the answer, such as one per key that makes nothing new. */
  answers: string;
}

const WITHOUT_KEYS: StartParts = { columns: '', arrays: '', kept: '', isNew: 'true', answers: '' };

/**
 * Equal keys of one batch are one start. A key whose DAG is gone, or not seen (see START), is only looked up: what
 * it has made must be found all the same, and a start that is refused must not be remembered.
 */
const WITH_KEYS: StartParts = {
  columns: ', route, caller, key_digest, fingerprint',
  arrays: ', $11::text[], $12::text[], $13::bytea[], $14::bytea[]',
  kept: `asked AS MATERIALIZED (
    SELECT DISTINCT ON (route, caller, key_digest) route, caller, key_digest, fingerprint, run_id::text AS resource
    FROM wanted WHERE key_digest IS NOT NULL ORDER BY route, caller, key_digest, run_id
  ), ${KEPT_KEYS}, known AS (
    SELECT w.run_id, k.resource, k.fingerprint = w.fingerprint AS is_same
    FROM wanted w LEFT JOIN kept k ON (k.route, k.caller, k.key_digest) = (w.route, w.caller, w.key_digest)
    WHERE w.key_digest IS NOT NULL AND k.resource IS DISTINCT FROM w.run_id::text
    UNION ALL
    SELECT i.run_id, k.resource, k.fingerprint = i.fingerprint
    FROM input i JOIN idempotency_keys k ON (k.route, k.caller, k.key_digest) = (i.route, i.caller, i.key_digest)
    WHERE k.expires_at > now() AND i.dag_id NOT IN (SELECT id FROM dag)
  ), `,
  isNew: `key_digest IS NULL OR run_id::text IN (SELECT resource FROM kept)`,
  answers: `
  UNION ALL SELECT 'key', run_id, NULL, NULL, NULL, NULL, NULL, NULL,
                   json_build_object('resource', resource, 'is_same', is_same) FROM known`,
};

/**
 * Inserts jobs of the current versions of their DAGs with all their tasks, straight from the stored definition: roots
 * queued, the rest blocked with the number of their upstreams. A tick that already has its job is left out. The share
 * lock on the DAG makes a start and a deletion take turns. `born` is told twice what is inserted once, as joining the
 * inserted tasks back to their jobs would cost their product.
 *
 * A DAG whose definition changes while we wait for that lock is missing from `dag` (its new version is younger than
 * our snapshot): the caller asks again.
 */
const START: Statement = { name: 'start', text: startText(WITHOUT_KEYS) };
const START_WITH_KEYS: Statement = { name: 'start-with-keys', text: startText(WITH_KEYS) };

export function startText({ columns, arrays, kept, isNew, answers }: StartParts): string {
  return `
  WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[]${arrays})
      AS i (run_id, dag_id, trigger, priority, params, scheduled_for, tick_at${columns})
  ), alive AS MATERIALIZED (
    SELECT id, name, priority, version FROM dags WHERE id = ANY ($2::int[]) AND deleted_at IS NULL ORDER BY id FOR SHARE
  ), dag AS MATERIALIZED (
    SELECT a.id, a.name, a.priority, a.version, v.id AS version_id, v.tasks, jsonb_array_length(v.tasks) AS size,
           (SELECT count(*)::int FROM jsonb_array_elements(v.tasks) t WHERE t -> 'dependencies' = '[]') AS roots
    FROM alive a JOIN dag_versions v ON v.dag_id = a.id AND v.version = a.version
  ), wanted AS (
    SELECT i.*, d.version_id, coalesce(i.priority, d.priority) AS class, d.size, d.roots,
           coalesce(i.scheduled_for > clock_timestamp(), false) AS waits
    FROM input i JOIN dag d ON d.id = i.dag_id
  ), ${kept}inserted AS (
    INSERT INTO jobs (run_id, dag_id, dag_version_id, status, priority, trigger, params, scheduled_for, tick_at,
                      created_at, tasks_queued, tasks_blocked, last_seq)
    SELECT run_id, dag_id, version_id, CASE WHEN waits THEN 'scheduled' ELSE 'queued' END, class, trigger, params::jsonb,
           scheduled_for, tick_at, ${timeOfRunId('run_id')}, CASE WHEN waits THEN 0 ELSE roots END, CASE WHEN waits THEN size ELSE size - roots END,
           CASE WHEN waits THEN 1 ELSE 1 + roots END
    FROM wanted WHERE ${isNew}
    ON CONFLICT (dag_id, tick_at) WHERE tick_at IS NOT NULL DO NOTHING
    RETURNING run_id, dag_id, dag_version_id, status, priority, trigger, params, scheduled_for, created_at, last_seq
  ), born AS MATERIALIZED (
    SELECT s.run_id, s.dag_id, s.priority, (t.ordinality - 1)::int AS idx, t.task ->> 'name' AS name,
           t.task ->> 'task_type' AS task_type, jsonb_array_length(t.task -> 'dependencies') AS upstreams,
           t.task -> 'dependencies' = '[]' AND s.status = 'queued' AS is_ready,
           coalesce((t.task ->> 'max_retries')::int, $8::int) AS max_retries,
           coalesce((t.task ->> 'retry_base_delay')::float8, $9::float8) AS base_seconds,
           coalesce((t.task ->> 'retry_max_delay')::float8, $10::float8) AS max_seconds
    FROM inserted s JOIN dag d ON d.id = s.dag_id
         CROSS JOIN LATERAL jsonb_array_elements(d.tasks) WITH ORDINALITY AS t (task, ordinality)
  ), materialised AS (
    INSERT INTO tasks (run_id, idx, name, task_type, status, attempt, open_upstreams, queued_at,
                       max_retries, retry_base_seconds, retry_max_seconds)
    SELECT run_id, idx, name, task_type, CASE WHEN is_ready THEN ${toTask('queue')} ELSE 'blocked' END, is_ready::int,
           upstreams, CASE WHEN is_ready THEN clock_timestamp() END, max_retries, base_seconds, max_seconds
    FROM born
  ), ready AS (
    SELECT run_id, idx, name, 1 AS attempt, dag_id, priority FROM born WHERE is_ready
  ), numbered AS (
    SELECT run_id, dag_id, 0 AS last_seq, 0 AS rank, 0 AS idx, 'job.created' AS type, NULL::text AS task,
           NULL::int AS attempt, jsonb_build_object('trigger', trigger, 'priority', priority) AS data
    FROM inserted
    UNION ALL
    SELECT run_id, dag_id, 0, 1, idx, 'task.queued', name, attempt, '{}'::jsonb FROM ready
  ), ${LOGGED}
  SELECT 'events' AS what, run_id, NULL::int AS idx, NULL::int AS attempt, NULL::text AS priority, dag_id,
         1 AS from_seq, last_seq AS to_seq,
         (SELECT json_build_object(
            'run_id', i.run_id, 'dag_id', i.dag_id, 'dag_name', d.name, 'dag_version', d.version,
            'dag_version_id', i.dag_version_id, 'size', d.size, 'roots', d.roots, 'status', i.status, 'priority', i.priority,
            'trigger', i.trigger, 'params', i.params, 'scheduled_for', ${isoTime('i.scheduled_for')}, 'created_at', ${isoTime('i.created_at')})
          FROM dag d WHERE d.id = i.dag_id) AS job
  FROM inserted i
  UNION ALL SELECT 'ready', run_id, idx, attempt, priority, NULL, NULL, NULL, NULL FROM ready
  UNION ALL SELECT 'dag', NULL, NULL, NULL, NULL, id, NULL, NULL, NULL FROM dag${answers}`;
}

/** A row of every form's answer. */
export type StartRow = (Effect & { job: StartedJob | null }) | { what: 'dag'; dag_id: number; job: null };
type KeyedRow = StartRow | { what: 'key'; run_id: string; job: KeyRow };

export interface Started {
  effects: Effect[];
  jobs: StartedJob[];
  /** The DAGs that exist among those asked for. */
  dagIds: Set<number>;
}

/** @returns with `verdicts`, by run id: what became of the starts that made no job because of their key */
export async function startJobs(
  database: SqlDatabase,
  defaults: RetryDefaults,
  inputs: readonly StartInput[],
): Promise<Started & { verdicts: Map<string, KeyVerdict> }> {
  const params = startParams(defaults, inputs);
  const rows = inputs.some((input) => input.key !== null)
    ? await database.query<KeyedRow>(START_WITH_KEYS, [
        ...params,
        inputs.map((input) => input.key?.route ?? null),
        inputs.map((input) => input.key?.caller ?? null),
        inputs.map((input) => input.key?.digest ?? null),
        inputs.map((input) => input.key?.fingerprint ?? null),
      ])
    : await database.query<StartRow>(START, params);
  const started = {
    effects: [],
    jobs: [],
    dagIds: new Set<number>(),
    verdicts: new Map<string, KeyVerdict>(),
  };
  for (const row of rows) {
    if (row.what === 'key') started.verdicts.set(row.run_id, verdictOf(row.job));
    else gather(row, started);
  }
  return started;
}

/** The parameters $1 to $10, which all forms have. */
export function startParams(defaults: RetryDefaults, inputs: readonly StartInput[]): unknown[] {
  return [
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
  ];
}

export function gather(row: StartRow, started: Started): void {
  if (row.what === 'dag') {
    started.dagIds.add(row.dag_id);
    return;
  }
  started.effects.push(row);
  if (row.job !== null) started.jobs.push(row.job);
}
