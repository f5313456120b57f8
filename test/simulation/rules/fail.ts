import type { Json } from '../../../src/domain/json.js';
import type { TaskRow } from '../rows.js';
import {
  byJob,
  heldTask,
  keepAttempt,
  line,
  type Line,
  lockedOnce,
  moved,
  rule,
  tell,
  tellAndEnd,
} from './rule.js';

/** running → retrying under the lease: charged, with the moment before which it does not start again. */
export const retry = rule(
  (db, runIds: string[], idxs: number[], leases: string[], errors: string[], delays: number[]) => {
    const done: (TaskRow & { delay_ms: number })[] = [];
    runIds.forEach((runId, place) => {
      const task = heldTask(db, runId, idxs[place], leases[place]);
      if (task === null) return;
      const error = JSON.parse(errors[place]) as Json;
      keepAttempt(db, task, 'failed', error);
      const retrying = db.tasks.change(task, {
        status: 'retrying',
        error,
        lease: null,
        charged: task.charged + 1,
        lost_workers: 0,
        finished_at: db.now,
        next_retry_at: db.now + delays[place],
      });
      done.push({ ...retrying, delay_ms: delays[place] });
    });
    return byJob(done).flatMap(([runId, tasks]) => {
      const lines = tasks.map((task) => {
        const next_retry_at = new Date(task.next_retry_at!).toISOString();
        return line(1, 'task.retrying', task, task.attempt, {
          error: task.error,
          delay_ms: task.delay_ms,
          next_retry_at,
        });
      });
      return [tell(db, db.jobs.get(runId)!, lines), ...tasks.map((task) => moved('done', task))];
    });
  },
  (runIds) => lockedOnce(runIds),
);

/**
 * running → failed under the lease: charged if it failed by itself, with one DLQ entry where there is a DLQ, and all that
 * waits below it → upstream_failed.
 */
export const bury = rule(
  (
    db,
    runIds: string[],
    idxs: number[],
    leases: string[],
    errors: string[],
    outcomes: string[],
    descendants: string[],
    hasDlq: boolean,
  ) => {
    const done: (TaskRow & { below: number[] })[] = [];
    runIds.forEach((runId, place) => {
      const task = heldTask(db, runId, idxs[place], leases[place]);
      if (task === null) return;
      const error = JSON.parse(errors[place]) as Json;
      const isLost = outcomes[place] === 'lost';
      keepAttempt(db, task, outcomes[place], error);
      const failed = db.tasks.change(task, {
        status: 'failed',
        error,
        lease: null,
        charged: task.charged + (isLost ? 0 : 1),
        lost_workers: task.lost_workers + (isLost ? 1 : 0),
        finished_at: db.now,
      });
      done.push({ ...failed, below: JSON.parse(`[${descendants[place].slice(1, -1)}]`) as number[] });
    });
    return byJob(done).flatMap(([runId, tasks]) => {
      const job = db.jobs.get(runId)!;
      const lines: Line[] = tasks.map((task) =>
        line(1, 'task.failed', task, task.attempt, { error: task.error }),
      );
      for (const task of hasDlq ? tasks : []) {
        const { idx, name: task_name, task_type, attempt: attempts, error } = task;
        const id = db.nextEntryId();
        const open = { status: 'pending', resolved_at: null, resolved_by: null, note: null };
        db.entries.add({
          id,
          run_id: runId,
          idx,
          dag_id: job.dag_id,
          task_name,
          task_type,
          attempts,
          error,
          ...open,
        });
        lines.push(line(2, 'dlq.added', task, task.attempt, { entry_id: id }));
      }
      for (const idx of new Set(tasks.flatMap((task) => task.below))) {
        const below = db.tasks.get(runId, idx);
        if (below?.status !== 'blocked') continue;
        db.tasks.change(below, { status: 'upstream_failed', finished_at: db.now });
        lines.push(line(3, 'task.upstream_failed', below, null));
      }
      return [tellAndEnd(db, job, lines), ...tasks.map((task) => moved('done', task))];
    });
  },
  (runIds) => lockedOnce(runIds),
);

/** running → queued under the lease: a new attempt, that costs the task nothing. */
export const requeue = rule(
  (db, runIds: string[], idxs: number[], leases: string[], outcomes: string[]) => {
    const done: (TaskRow & { outcome: string })[] = [];
    runIds.forEach((runId, place) => {
      const task = heldTask(db, runId, idxs[place], leases[place]);
      if (task === null) return;
      keepAttempt(db, task, outcomes[place]);
      const queued = db.tasks.change(task, {
        status: 'queued',
        lease: null,
        attempt: task.attempt + 1,
        queued_at: db.now,
        lost_workers: task.lost_workers + (outcomes[place] === 'lost' ? 1 : 0),
      });
      done.push({ ...queued, outcome: outcomes[place] });
    });
    return byJob(done).flatMap(([runId, tasks]) => {
      const job = db.jobs.get(runId)!;
      const lines = tasks.map((task) =>
        line(1, 'task.queued', task, task.attempt, { reason: `worker_${task.outcome}` }),
      );
      return [tell(db, job, lines), ...tasks.map((task) => moved('ready', task, job))];
    });
  },
  (runIds) => lockedOnce(runIds),
);
