import type { Line } from './rule.js';
import { line, moved, rule, tell } from './rule.js';
import { newJob, newTask } from './start.js';

export const jobVersion = rule((db, runId: string) => {
  const job = db.jobs.get(runId);
  return job === undefined ? [] : [{ dag_version_id: job.dag_version_id }];
});

/** Reruns of one job hold each other up here, which they do not where locks can be had by several. */
export const rerunLock = rule(
  (db, runId: string) => {
    const job = db.jobs.get(runId);
    if (job === undefined) return [];
    return [{ status: job.status, is_dag_deleted: db.dags.get(job.dag_id)!.deleted_at !== null }];
  },
  (runId) => [runId],
);

/** A new job of the same version: what has no place in the plan is born succeeded with the output it had. */
export const rerun = rule(
  (db, originalId: string, runId: string, plan: (number | null)[], ...retries: number[]) => {
    const original = db.jobs.get(originalId)!;
    const { dag_id, dag_version_id, priority, params, scheduled_for } = original;
    const job = newJob(
      { run_id: runId, dag_id, dag_version_id, status: 'queued', priority, trigger: 'manual', params },
      { scheduled_for, rerun_of: originalId },
    );
    db.jobs.add(job);
    const data = { trigger: 'manual', priority, rerun_of: originalId };
    const lines: Line[] = [line(0, 'job.created', null, null, data)];
    const effects: object[] = [];
    db.versions.get(dag_version_id)!.tasks.forEach((spec, idx) => {
      const openUpstreams = plan[idx];
      const isReused = openUpstreams === null;
      const task = newTask(db, runId, idx, spec, openUpstreams ?? 0, isReused, retries);
      if (isReused) {
        const { output } = db.tasks.get(originalId, idx)!;
        db.tasks.add({ ...task, status: 'succeeded', output, finished_at: db.now });
        lines.push(line(1, 'task.succeeded', task, null, { reason: 'reused' }));
        return;
      }
      db.tasks.add(task);
      if (task.status !== 'queued') return;
      lines.push(line(2, 'task.queued', task, task.attempt));
      effects.push(moved('ready', task, job));
    });
    return [tell(db, job, lines), ...effects];
  },
);
