import { SUSPECT_AFTER } from '../../../src/domain/poison.js';
import type { TaskRow } from '../rows.js';
import type { Tables } from '../tables.js';
import { byJob, line, lockedOnce, rule, tell } from './rule.js';

/**
 * queued → running under a lease of its own, for attempts of open jobs that are still queued under that number, for a
 * worker that is not lost. The first of a job starts it. Of suspects a worker runs one at a time.
 */
export const claim = rule(
  (db, runIds: string[], idxs: number[], attempts: number[], workerId: string) => {
    const worker = db.workers.get(workerId);
    if (worker === undefined || worker.status === 'lost') return [];
    const claimed: TaskRow[] = [];
    const suspect = suspectOf(db, runIds, idxs, attempts, workerId);
    runIds.forEach((runId, place) => {
      const task = db.tasks.get(runId, idxs[place]);
      const job = db.jobs.get(runId);
      if (job === undefined || !['queued', 'running'].includes(job.status)) return;
      if (task?.status !== 'queued' || task.attempt !== attempts[place]) return;
      if (task.lost_workers >= SUSPECT_AFTER && task !== suspect) return;
      claimed.push(
        db.tasks.change(task, {
          status: 'running',
          lease: db.nextLease(),
          worker_id: workerId,
          started_at: db.now,
          finished_at: null,
        }),
      );
    });
    return byJob(claimed).flatMap(([runId, tasks]) => {
      const job = db.jobs.get(runId)!;
      const lines = tasks.map((task) => line(1, 'task.started', task, task.attempt, { worker_id: workerId }));
      if (job.status === 'queued') lines.push(line(0, 'job.started', null, null));
      const { from_seq, to_seq } = tell(db, job, lines, {
        status: 'running',
        started_at: job.started_at ?? db.now,
      });
      const { dag_id, dag_version_id, priority } = job;
      return tasks.map((task) => ({ ...claimOf(task), dag_id, dag_version_id, priority, from_seq, to_seq }));
    });
  },
  (runIds) => lockedOnce(runIds),
);

/** The one suspect of a batch that the worker may take, if it runs none. */
function suspectOf(
  db: Tables,
  runIds: readonly string[],
  idxs: readonly number[],
  attempts: readonly number[],
  workerId: string,
): TaskRow | null {
  const isSuspect = (task: TaskRow): boolean => task.lost_workers >= SUSPECT_AFTER;
  const runs = db.tasks
    .all()
    .some((task) => task.status === 'running' && task.worker_id === workerId && isSuspect(task));
  if (runs) return null;
  const waiting = runIds
    .map((runId, place) => ({ task: db.tasks.get(runId, idxs[place]), attempt: attempts[place] }))
    .flatMap(({ task, attempt }) =>
      task?.status === 'queued' && task.attempt === attempt && isSuspect(task) ? [task] : [],
    )
    .sort((one, other) =>
      one.run_id === other.run_id ? one.idx - other.idx : one.run_id < other.run_id ? -1 : 1,
    );
  return waiting[0] ?? null;
}

/** What whoever runs a task is told of it. */
export function claimOf(task: TaskRow): Partial<TaskRow> {
  const { run_id, idx, attempt, lease, charged, lost_workers } = task;
  const { max_retries, retry_base_seconds, retry_max_seconds } = task;
  return {
    run_id,
    idx,
    attempt,
    lease,
    charged,
    lost_workers,
    max_retries,
    retry_base_seconds,
    retry_max_seconds,
  };
}
