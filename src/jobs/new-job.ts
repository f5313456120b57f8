import type { TaskSpec } from '../domain/task-spec.js';
import { TASK_STATUSES } from '../domain/task-state.js';
import type { JobView, TaskCounts, TaskView } from '../persistence/job-query.store.js';
import type { StartedJob } from '../persistence/transitions/start.js';

const NO_TASKS = Object.fromEntries(TASK_STATUSES.map((status) => [status, 0])) as TaskCounts;

/**
 * A job as it was born, without reading it back: what waits for nothing is queued for its first attempt, unless the job
 * itself waits; the rest is blocked.
 *
 * @param maxRetries of tasks that do not say
 */
export function newJobView(started: StartedJob, specs: readonly TaskSpec[], maxRetries: number): JobView {
  const { dag_version_id: _versionId, size: _size, ...job } = started;
  const task_counts = { ...NO_TASKS };
  const tasks = specs.map((spec): TaskView => {
    const isQueued = job.status === 'queued' && spec.dependencies.length === 0;
    const status = isQueued ? 'queued' : 'blocked';
    task_counts[status] += 1;
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
  return { ...job, rerun_of: null, started_at: null, finished_at: null, task_counts, tasks };
}
