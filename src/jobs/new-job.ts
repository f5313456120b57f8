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

/** The same without its tasks, as lists show it. Written out: a batch makes hundreds, and rest and spread cost most of that. */
export function newJobSummary(started: StartedJob): JobSummary {
  const queued = started.status === 'queued' ? started.roots : 0;
  return {
    run_id: started.run_id,
    dag_id: started.dag_id,
    dag_name: started.dag_name,
    dag_version: started.dag_version,
    status: started.status,
    priority: started.priority,
    trigger: started.trigger,
    params: started.params,
    scheduled_for: started.scheduled_for,
    rerun_of: null,
    created_at: started.created_at,
    started_at: null,
    finished_at: null,
    task_counts: { ...NO_TASKS, queued, blocked: started.size - queued },
  };
}
