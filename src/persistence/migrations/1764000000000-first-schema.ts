import type { MigrationInterface, QueryRunner } from 'typeorm';

const PRIORITY = `IN ('critical', 'high', 'normal', 'low')`;

/**
 * DAGs, their versions, jobs, tasks, attempts, events, DLQ entries, workers. The entities say what each table means; the
 * drift test holds the two to each other.
 */
export class FirstSchema1764000000000 implements MigrationInterface {
  async up(run: QueryRunner): Promise<void> {
    for (const statement of TABLES) await run.query(statement);
  }

  async down(run: QueryRunner): Promise<void> {
    await run.query('DROP TABLE workers, dlq_entries, events, attempts, tasks, jobs, dag_versions, dags');
    await run.query('DROP SEQUENCE lease_numbers');
  }
}

const TABLES = [
  `CREATE TABLE dags (
     id int GENERATED ALWAYS AS IDENTITY CONSTRAINT dags_pkey PRIMARY KEY,
     name text NOT NULL,
     description text NOT NULL DEFAULT '',
     cron_expression text,
     timezone text NOT NULL DEFAULT 'UTC',
     priority text NOT NULL DEFAULT 'normal' CONSTRAINT dags_priority_check CHECK (priority ${PRIORITY}),
     tags text[] NOT NULL DEFAULT '{}',
     is_paused boolean NOT NULL DEFAULT false,
     version int NOT NULL DEFAULT 1,
     next_run_at timestamptz,
     created_at timestamptz NOT NULL DEFAULT now(),
     updated_at timestamptz NOT NULL DEFAULT now(),
     deleted_at timestamptz,
     CONSTRAINT dags_cron_check CHECK (cron_expression IS NOT NULL OR next_run_at IS NULL))`,
  `CREATE UNIQUE INDEX dags_name_key ON dags (name) WHERE deleted_at IS NULL`,
  `CREATE INDEX dags_due_idx ON dags (next_run_at)
     WHERE next_run_at IS NOT NULL AND is_paused = false AND deleted_at IS NULL`,

  `CREATE TABLE dag_versions (
     id int GENERATED ALWAYS AS IDENTITY CONSTRAINT dag_versions_pkey PRIMARY KEY,
     dag_id int NOT NULL CONSTRAINT dag_versions_dag_fkey REFERENCES dags,
     version int NOT NULL,
     tasks jsonb NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now())`,
  `CREATE UNIQUE INDEX dag_versions_number_key ON dag_versions (dag_id, version)`,

  // Rows of jobs and tasks change a few times and then rest: room in the page keeps the new versions beside the old.
  `CREATE TABLE jobs (
     run_id uuid CONSTRAINT jobs_pkey PRIMARY KEY,
     dag_id int NOT NULL CONSTRAINT jobs_dag_fkey REFERENCES dags,
     dag_version_id int NOT NULL CONSTRAINT jobs_dag_version_fkey REFERENCES dag_versions,
     status text NOT NULL,
     priority text NOT NULL CONSTRAINT jobs_priority_check CHECK (priority ${PRIORITY}),
     trigger text NOT NULL CONSTRAINT jobs_trigger_check CHECK (trigger IN ('manual', 'cron', 'backfill')),
     params jsonb NOT NULL DEFAULT '{}',
     scheduled_for timestamptz,
     tick_at timestamptz,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     started_at timestamptz,
     finished_at timestamptz,
     last_seq int NOT NULL DEFAULT 0,
     tasks_blocked int NOT NULL DEFAULT 0,
     tasks_queued int NOT NULL DEFAULT 0,
     tasks_running int NOT NULL DEFAULT 0,
     tasks_retrying int NOT NULL DEFAULT 0,
     tasks_succeeded int NOT NULL DEFAULT 0,
     tasks_failed int NOT NULL DEFAULT 0,
     tasks_skipped int NOT NULL DEFAULT 0,
     tasks_upstream_failed int NOT NULL DEFAULT 0,
     tasks_cancelled int NOT NULL DEFAULT 0,
     CONSTRAINT jobs_status_check
       CHECK (status IN ('scheduled', 'queued', 'running', 'succeeded', 'failed', 'cancelled')),
     CONSTRAINT jobs_finished_check
       CHECK ((finished_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'cancelled'))),
     CONSTRAINT jobs_end_check
       CHECK (status IN ('scheduled', 'queued', 'running') OR tasks_blocked + tasks_queued + tasks_running + tasks_retrying = 0),
     CONSTRAINT jobs_counts_check
       CHECK (least(tasks_blocked, tasks_queued, tasks_running, tasks_retrying, tasks_succeeded, tasks_failed, tasks_skipped, tasks_upstream_failed, tasks_cancelled) >= 0)
   ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)`,
  `CREATE UNIQUE INDEX jobs_tick_key ON jobs (dag_id, tick_at) WHERE tick_at IS NOT NULL`,
  `CREATE INDEX jobs_due_idx ON jobs (scheduled_for) WHERE status = 'scheduled'`,
  `CREATE INDEX jobs_open_idx ON jobs (dag_id, run_id) WHERE status IN ('scheduled', 'queued', 'running')`,
  `CREATE INDEX jobs_dag_idx ON jobs (dag_id, run_id)`,

  `CREATE SEQUENCE lease_numbers AS bigint CACHE 100`,
  // No foreign key: a job and its tasks are born in one statement, and ten thousand look-ups of one row cost more than that.
  `CREATE TABLE tasks (
     run_id uuid NOT NULL,
     idx int NOT NULL,
     name text NOT NULL,
     task_type text NOT NULL,
     status text NOT NULL,
     attempt int NOT NULL DEFAULT 0,
     charged int NOT NULL DEFAULT 0,
     lost_workers int NOT NULL DEFAULT 0,
     open_upstreams int NOT NULL,
     max_retries int NOT NULL,
     retry_base_seconds double precision NOT NULL,
     retry_max_seconds double precision NOT NULL,
     lease bigint,
     worker_id uuid,
     queued_at timestamptz,
     started_at timestamptz,
     finished_at timestamptz,
     next_retry_at timestamptz,
     output jsonb,
     error jsonb,
     CONSTRAINT tasks_pkey PRIMARY KEY (run_id, idx),
     CONSTRAINT tasks_status_check
       CHECK (status IN ('blocked', 'queued', 'running', 'retrying', 'succeeded', 'failed', 'skipped', 'upstream_failed', 'cancelled')),
     CONSTRAINT tasks_lease_check CHECK ((lease IS NOT NULL) = (status = 'running')),
     CONSTRAINT tasks_retry_check CHECK ((next_retry_at IS NOT NULL) = (status = 'retrying')),
     CONSTRAINT tasks_upstreams_check CHECK (open_upstreams >= 0 AND (status <> 'queued' OR open_upstreams = 0))
   ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)`,
  `CREATE INDEX tasks_queued_idx ON tasks (run_id, idx) WHERE status = 'queued'`,
  `CREATE INDEX tasks_running_idx ON tasks (worker_id) WHERE status = 'running'`,
  `CREATE INDEX tasks_retrying_idx ON tasks (next_retry_at) WHERE status = 'retrying'`,

  `CREATE TABLE attempts (
     run_id uuid NOT NULL,
     idx int NOT NULL,
     attempt int NOT NULL,
     outcome text NOT NULL CONSTRAINT attempts_outcome_check
       CHECK (outcome IN ('succeeded', 'failed', 'lost', 'drained', 'cancelled')),
     lease bigint NOT NULL,
     worker_id uuid NOT NULL,
     queued_at timestamptz NOT NULL,
     started_at timestamptz NOT NULL,
     finished_at timestamptz NOT NULL,
     error jsonb,
     CONSTRAINT attempts_pkey PRIMARY KEY (run_id, idx, attempt))`,
  // For the attempts that ended of late. BRIN, as the rows lie in the order of this time: 24 kB for a million of them and
  // next to nothing per insert, where a B-tree adds a quarter to the WAL of the table. Without autosummarize everything
  // inserted since the last vacuum, up to a fifth of the table, would be read as well.
  `CREATE INDEX attempts_finished_idx ON attempts USING brin (finished_at) WITH (autosummarize = on)`,

  `CREATE TABLE events (
     run_id uuid NOT NULL,
     seq int NOT NULL,
     dag_id int NOT NULL,
     type text NOT NULL,
     task text,
     attempt int,
     at timestamptz NOT NULL,
     data jsonb NOT NULL DEFAULT '{}',
     CONSTRAINT events_pkey PRIMARY KEY (run_id, seq))`,

  `CREATE TABLE dlq_entries (
     id int GENERATED ALWAYS AS IDENTITY CONSTRAINT dlq_entries_pkey PRIMARY KEY,
     run_id uuid NOT NULL CONSTRAINT dlq_entries_job_fkey REFERENCES jobs ON DELETE CASCADE,
     idx int NOT NULL,
     dag_id int NOT NULL CONSTRAINT dlq_entries_dag_fkey REFERENCES dags,
     task_name text NOT NULL,
     task_type text NOT NULL,
     attempts int NOT NULL,
     error jsonb NOT NULL,
     status text NOT NULL DEFAULT 'pending' CONSTRAINT dlq_entries_status_check
       CHECK (status IN ('pending', 'replayed', 'resolved')),
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     resolved_at timestamptz,
     resolved_by text,
     note text,
     CONSTRAINT dlq_entries_resolved_check CHECK ((resolved_at IS NULL) = (status = 'pending')))`,
  `CREATE UNIQUE INDEX dlq_entries_pending_key ON dlq_entries (run_id, idx) WHERE status = 'pending'`,
  `CREATE INDEX dlq_entries_status_idx ON dlq_entries (status, id)`,
  `CREATE INDEX dlq_entries_dag_idx ON dlq_entries (dag_id, id)`,

  `CREATE TABLE workers (
     id uuid CONSTRAINT workers_pkey PRIMARY KEY,
     hostname text NOT NULL,
     pid int NOT NULL,
     status text NOT NULL DEFAULT 'active' CONSTRAINT workers_status_check
       CHECK (status IN ('active', 'draining', 'lost')),
     slots int NOT NULL,
     version text NOT NULL,
     started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     last_heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     lease_expires_at timestamptz NOT NULL)`,
];
