import type { TaskSpec } from '../domain/task-spec.js';
import { TASK_STATUSES } from '../domain/task-state.js';
import type { JobSummary, JobView, TaskCounts, TaskView } from '../persistence/job-query.store.js';
import type { StartedJob } from '../persistence/transitions/start.js';

const NO_TASKS = Object.fromEntries(TASK_STATUSES.map((status) => [status, 0])) as TaskCounts;

/**
 * A job as it was born, without reading it back: what waits for nothing is queued for its first attempt, unless the job
 * itself waits; the rest is blocked.
 *
 * @param maxRetries of tasks that do not say
 */
export function newJobView(started: StartedJob, specs: readonly TaskSpec[], maxRetries: number): JobView {
  const tasks = specs.map((spec): TaskView => {
    const isQueued = started.status === 'queued' && spec.dependencies.length === 0;
    const status = isQueued ? 'queued' : 'blocked';
    return {
      name: spec.name,
      task_type: spec.task_type,
      status,
      attempt: isQueued ? 1 : 0,
      max_retries: spec.max_retries ?? maxRetries,
      started_at: null,
      finished_at: null,
      next_retry_at: null,
      output: null,
      error: null,
      worker_id: null,
    };
  });
  return { ...newJobSummary(started), tasks };
}

/** The same without its tasks, as lists show it. */
export function newJobSummary(started: StartedJob): JobSummary {
  const { dag_version_id: _versionId, size, roots, ...job } = started;
  const queued = job.status === 'queued' ? roots : 0;
  const task_counts = { ...NO_TASKS, queued, blocked: size - queued };
  return { ...job, rerun_of: null, started_at: null, finished_at: null, task_counts };
}
