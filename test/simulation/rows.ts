/** The rows of the memory database: columns as in PostgreSQL; times are milliseconds of its own clock. */
import type { Json } from '../../src/domain/json.js';
import type { TaskSpec } from '../../src/domain/task-spec.js';

export interface DagRow {
  id: number;
  name: string;
  priority: string;
  version: number;
  cron_expression: string | null;
  timezone: string;
  is_paused: boolean;
  next_run_at: number | null;
  deleted_at: number | null;
}

export interface DagVersionRow {
  id: number;
  dag_id: number;
  version: number;
  tasks: TaskSpec[];
}

/** How many tasks of a job are in each status. */
export interface TaskCounts {
  tasks_blocked: number;
  tasks_queued: number;
  tasks_running: number;
  tasks_retrying: number;
  tasks_succeeded: number;
  tasks_failed: number;
  tasks_skipped: number;
  tasks_upstream_failed: number;
  tasks_cancelled: number;
}

export interface JobRow extends TaskCounts {
  run_id: string;
  dag_id: number;
  dag_version_id: number;
  status: string;
  priority: string;
  trigger: string;
  params: Json;
  scheduled_for: number | null;
  tick_at: number | null;
  rerun_of: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  last_seq: number;
}

export interface TaskRow {
  run_id: string;
  idx: number;
  name: string;
  task_type: string;
  status: string;
  attempt: number;
  charged: number;
  lost_workers: number;
  open_upstreams: number;
  max_retries: number;
  retry_base_seconds: number;
  retry_max_seconds: number;
  lease: string | null;
  worker_id: string | null;
  queued_at: number | null;
  started_at: number | null;
  finished_at: number | null;
  next_retry_at: number | null;
  output: Json;
  error: Json;
}

export interface AttemptRow {
  run_id: string;
  idx: number;
  attempt: number;
  outcome: string;
  lease: string;
  worker_id: string | null;
  queued_at: number | null;
  started_at: number | null;
  finished_at: number;
  error: Json;
}

export interface EventRow {
  run_id: string;
  seq: number;
  dag_id: number;
  type: string;
  task: string | null;
  attempt: number | null;
  at: number;
  data: Record<string, Json>;
}

export interface EntryRow {
  id: number;
  run_id: string;
  idx: number;
  dag_id: number;
  task_name: string;
  task_type: string;
  attempts: number;
  error: Json;
  status: string;
  resolved_at: number | null;
  resolved_by: string | null;
  note: string | null;
}

export interface WorkerRow {
  id: string;
  hostname: string;
  pid: number;
  status: string;
  slots: number;
  version: string;
  last_heartbeat_at: number;
  lease_expires_at: number;
}

export interface KeyRow {
  /** Route, caller and digest in one. */
  key: string;
  fingerprint: string;
  resource: string;
  expires_at: number;
}
