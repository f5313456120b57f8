/*
 * A long history, written as sets by the database itself: DAGs, jobs of three tasks in a row with their attempts, events
 * and DLQ entries, and workers. Everything follows from the number of a job, so the same call makes the same history.
 *
 * What a list finds hard is in it: most jobs are alike, and the few that are not (RARE) are among the oldest hundredth; and
 * two things that are both common never meet: the common DAG has no DLQ entry with the code `exit_code`.
 */

/** Jobs per statement: progress every few seconds, and no statement that fills the memory. */
const CHUNK = 20_000;
const SPAN_MS = 30 * 24 * 3_600_000;

/** Values that few jobs have, and only old ones; and a code that few DLQ entries have. */
export const RARE = { trigger: 'backfill', priority: 'critical', errorCode: 'output_too_large' };

const TASKS = ['a', 'b', 'c'].map((name, index, names) => ({
  name,
  task_type: 'noop',
  config: {},
  dependencies: index === 0 ? [] : [names[index - 1]],
  max_retries: null,
  retry_base_delay: null,
  retry_max_delay: null,
  timeout_seconds: null,
}));

/**
 * @param {{ query(text: string, params?: unknown[]): Promise<{ rows: any[] }> }} client of an empty, migrated database
 * @param {{ jobs: number, dags: number, openJobs: number, workers: number }} size at least 4 DAGs; open jobs come on top
 * @param {(done: number) => void} [onProgress] told the number of jobs written so far
 * @returns the ids of the DAG with a third of all jobs, of one with few old ones, and of one without any
 */
export async function loadHistory(client, size, onProgress = () => undefined) {
  const firstDag = await loadDags(client, size.dags);
  const { rows: workers } = await client.query(WORKERS, [size.workers]);
  const worker = workers[0].id;
  const startMs = Date.now() - SPAN_MS;
  const stepMs = Math.max(1, Math.floor(SPAN_MS / (size.jobs + size.openJobs + 1)));
  const total = size.jobs + size.openJobs;
  for (let from = 0; from < total; from += CHUNK) {
    const to = Math.min(from + CHUNK, total);
    await client.query(JOBS, [from, to, size.jobs, startMs, stepMs, firstDag, size.dags, worker]);
    onProgress(to);
  }
  await loadEndedAttempts(client);
  return { common: firstDag, rare: firstDag + size.dags - 2, unused: firstDag + size.dags - 1 };
}

/** Counts of ended attempts up to this moment: once more, and those are added that time has made room for. */
export async function loadEndedAttempts(client) {
  await client.query(ENDED);
}

/** Every tenth is paused, every twentieth deleted; one tag is everywhere, twenty are shared, one is of a single DAG. */
async function loadDags(client, count) {
  const { rows } = await client.query(
    `WITH made AS (
       INSERT INTO dags (name, description, tags, is_paused, deleted_at)
       SELECT 'history-' || n, 'one of many', ARRAY['every', 'team-' || n % 20] || CASE WHEN n = 2 THEN '{single}' ELSE '{}' END::text[],
              n % 10 = 4, CASE WHEN n % 20 = 9 THEN now() END
       FROM generate_series(1, $1::int) n ORDER BY n
       RETURNING id
     ), versions AS (
       INSERT INTO dag_versions (dag_id, version, tasks) SELECT id, 1, $2::jsonb FROM made ORDER BY id
     )
     SELECT min(id) AS first FROM made`,
    [count, JSON.stringify(TASKS)],
  );
  return rows[0].first;
}

/** The first is active and runs what is open; of the others every tenth is lost. */
const WORKERS = `
  INSERT INTO workers (id, hostname, pid, status, slots, version, started_at, lease_expires_at)
  SELECT gen_random_uuid(), 'host-' || n, n, CASE WHEN n % 10 = 5 THEN 'lost' ELSE 'active' END, 100, '0',
         now() - (1000 - n) * interval '1 minute', now() + interval '1 day'
  FROM generate_series(1, $1::int) n ORDER BY n
  RETURNING id, pid`;

/** One row for each five seconds of the last two hours. */
const ENDED = `
  INSERT INTO ended_attempts (since, succeeded, failed)
  SELECT date_bin('5 seconds', now(), 'epoch') - n * interval '5 seconds', 900, 100 FROM generate_series(1, 1440) n
  ON CONFLICT DO NOTHING`;

/** Lines of the events of one job, by how it ended: what, of which task. */
const LINES = `
  (VALUES (1, 'job.created', NULL, ''), (2, 'task.queued', 'a', ''), (3, 'job.started', NULL, ''),
          (4, 'task.started', 'a', ''), (5, 'task.succeeded', 'a', ''), (6, 'task.queued', 'b', ''),
          (7, 'task.started', 'b', ''), (8, 'task.succeeded', 'b', 'succeeded'), (8, 'task.failed', 'b', 'failed'),
          (9, 'task.queued', 'c', 'succeeded'), (9, 'dlq.added', 'b', 'failed'), (10, 'task.started', 'c', 'succeeded'),
          (10, 'task.upstream_failed', 'c', 'failed'), (11, 'task.succeeded', 'c', 'succeeded'),
          (11, 'job.failed', NULL, 'failed'), (12, 'job.succeeded', NULL, 'succeeded'), (8, 'task.cancelled', 'b', 'cancelled'),
          (9, 'task.cancelled', 'c', 'cancelled'), (10, 'job.cancelled', NULL, 'cancelled'))`;

/**
 * Jobs $1 to before $2. Those from $3 on are open, every other one running. $4, $5: when job 0 was created, and how long
 * after it the next one, in ms. $6, $7: first DAG and number of DAGs. $8: the worker of what runs.
 */
const JOBS = `
  WITH drawn AS MATERIALIZED (
    SELECT n, md5(n::text) AS hash, $4::bigint + n * $5::bigint AS ms, n < $3::int / 100 AS is_old, n >= $3::int AS is_open
    FROM generate_series($1::int, $2::int - 1) n
  ), shares AS MATERIALIZED (
    SELECT *, ('x' || substr(hash, 20, 4))::bit(16)::int % 100 AS ending, ('x' || substr(hash, 24, 4))::bit(16)::int % 100 AS starting,
           ('x' || substr(hash, 28, 4))::bit(16)::int AS owning
    FROM drawn
  ), job AS MATERIALIZED (
    SELECT n, (lpad(to_hex(ms), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid AS run_id,
           to_timestamp(ms / 1000.0) AS created_at, is_open,
           CASE WHEN is_open THEN CASE WHEN n % 2 = 0 THEN 'running' ELSE 'queued' END
                WHEN ending < 10 THEN 'failed' WHEN ending < 12 THEN 'cancelled' ELSE 'succeeded' END AS status,
           CASE WHEN is_old AND n % 100 = 7 THEN '${RARE.trigger}' WHEN starting < 70 THEN 'cron' ELSE 'manual' END AS trigger,
           CASE WHEN is_old AND n % 100 IN (3, 7) THEN '${RARE.priority}' WHEN owning % 7 = 0 THEN 'high'
                WHEN owning % 11 = 0 THEN 'low' ELSE 'normal' END AS priority,
           CASE WHEN is_old AND n % 100 = 5 THEN $7::int - 2
                WHEN owning % 3 = 0 THEN 0 ELSE 1 + owning % ($7::int - 3) END AS dag
    FROM shares
  ), jobs_written AS (
    INSERT INTO jobs (run_id, dag_id, dag_version_id, status, priority, trigger, params, scheduled_for, created_at, started_at,
                      finished_at, last_seq, tasks_blocked, tasks_queued, tasks_running, tasks_succeeded, tasks_failed,
                      tasks_upstream_failed, tasks_cancelled)
    SELECT j.run_id, $6::int + j.dag, v.id, j.status, j.priority, j.trigger, jsonb_build_object('n', j.n),
           CASE WHEN j.trigger = 'cron' THEN j.created_at END, j.created_at,
           CASE WHEN j.status <> 'queued' THEN j.created_at + interval '10 milliseconds' END,
           CASE WHEN NOT j.is_open THEN j.created_at + interval '1 second' END,
           CASE j.status WHEN 'succeeded' THEN 12 WHEN 'failed' THEN 11 WHEN 'cancelled' THEN 10 WHEN 'running' THEN 7 ELSE 2 END,
           CASE j.status WHEN 'queued' THEN 2 WHEN 'running' THEN 1 ELSE 0 END, (j.status = 'queued')::int, (j.status = 'running')::int,
           CASE j.status WHEN 'succeeded' THEN 3 WHEN 'queued' THEN 0 ELSE 1 END, (j.status = 'failed')::int,
           (j.status = 'failed')::int, CASE j.status WHEN 'cancelled' THEN 2 ELSE 0 END
    FROM job j JOIN dag_versions v ON v.dag_id = $6::int + j.dag AND v.version = 1 ORDER BY j.run_id
  ), task AS MATERIALIZED (
    SELECT j.run_id, j.n, j.dag, j.created_at + idx * interval '300 milliseconds' AS at, idx, (ARRAY['a', 'b', 'c'])[idx + 1] AS name,
           CASE j.status
             WHEN 'succeeded' THEN 'succeeded'
             WHEN 'failed' THEN (ARRAY['succeeded', 'failed', 'upstream_failed'])[idx + 1]
             WHEN 'cancelled' THEN (ARRAY['succeeded', 'cancelled', 'cancelled'])[idx + 1]
             WHEN 'running' THEN (ARRAY['succeeded', 'running', 'blocked'])[idx + 1]
             ELSE (ARRAY['queued', 'blocked', 'blocked'])[idx + 1] END AS status,
           jsonb_build_object('code', CASE WHEN j.n < $3::int / 100 AND j.n % 10 = 1 THEN '${RARE.errorCode}'
                                           WHEN j.n % 3 = 0 AND j.dag <> 0 THEN 'exit_code' ELSE 'timeout' END,
                              'message', 'it went wrong', 'retryable', true) AS error
    FROM job j CROSS JOIN generate_series(0, 2) idx
  ), tasks_written AS (
    INSERT INTO tasks (run_id, idx, name, task_type, status, attempt, charged, open_upstreams, max_retries, retry_base_seconds,
                       retry_max_seconds, lease, worker_id, queued_at, started_at, finished_at, output, error)
    SELECT run_id, idx, name, 'noop', status, (status IN ('succeeded', 'failed', 'running', 'queued'))::int, (status = 'failed')::int,
           (status IN ('blocked', 'upstream_failed'))::int, 0, 1, 1,
           CASE WHEN status = 'running' THEN nextval('lease_numbers') END,
           CASE WHEN status IN ('succeeded', 'failed', 'running') THEN $8::uuid END, at,
           CASE WHEN status IN ('succeeded', 'failed', 'running') THEN at END,
           CASE WHEN status NOT IN ('running', 'queued', 'blocked') THEN at + interval '200 milliseconds' END,
           CASE WHEN status = 'succeeded' THEN jsonb_build_object('rows', n) END, CASE WHEN status = 'failed' THEN error END
    FROM task ORDER BY run_id, idx
  ), attempts_written AS (
    INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at, error)
    SELECT run_id, idx, 1, status, 1, $8::uuid, at, at, at + interval '200 milliseconds', CASE WHEN status = 'failed' THEN error END
    FROM task WHERE status IN ('succeeded', 'failed') ORDER BY run_id, idx
  ), entries_written AS (
    INSERT INTO dlq_entries (run_id, idx, dag_id, task_name, task_type, attempts, error, status, created_at, resolved_at, resolved_by)
    SELECT run_id, idx, $6::int + dag, name, 'noop', 1, error, state, at, CASE WHEN state <> 'pending' THEN at END,
           CASE WHEN state <> 'pending' THEN 'api' END
    FROM (SELECT *, (ARRAY['pending', 'pending', 'replayed', 'resolved'])[n % 4 + 1] AS state FROM task WHERE status = 'failed') t
    ORDER BY run_id
  )
  INSERT INTO events (run_id, seq, dag_id, type, task, attempt, at)
  SELECT j.run_id, l.seq, $6::int + j.dag, l.type, l.task, CASE WHEN l.task IS NOT NULL THEN 1 END,
         j.created_at + l.seq * interval '50 milliseconds'
  FROM job j JOIN ${LINES} AS l (seq, type, task, ending)
    ON l.ending IN ('', j.status) AND l.seq <= CASE j.status WHEN 'queued' THEN 2 ELSE 12 END
  ORDER BY j.run_id, l.seq`;
