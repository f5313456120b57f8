import { byJob, line, moved, rule, tell } from './rule.js';

/** What becomes due by time. Jobs that a transaction holds at this moment are left for the next round. */

/** retrying → queued for the tasks of running jobs whose stored time has come, the oldest first. */
export const wake = rule((db, atMost: number) => {
  const due = db.tasks
    .all()
    .filter((task) => task.status === 'retrying' && task.next_retry_at! <= db.now)
    .sort((one, other) => one.next_retry_at! - other.next_retry_at!)
    .slice(0, atMost)
    .filter((task) => db.jobs.get(task.run_id)!.status === 'running' && !db.isHeld(task.run_id));
  const woken = due.map((task) =>
    db.tasks.change(task, {
      status: 'queued',
      next_retry_at: null,
      attempt: task.attempt + 1,
      queued_at: db.now,
    }),
  );
  return byJob(woken).flatMap(([runId, tasks]) => {
    const job = db.jobs.get(runId)!;
    const lines = tasks.map((task) => line(1, 'task.queued', task, task.attempt, { reason: 'retry' }));
    return [tell(db, job, lines), ...tasks.map((task) => moved('ready', task, job))];
  });
});

/** scheduled → queued for the jobs whose time has come, and with each the tasks that wait for nothing. */
export const release = rule((db, atMost: number) => {
  const due = db.jobs
    .all()
    .filter((job) => job.status === 'scheduled' && job.scheduled_for! <= db.now && !db.isHeld(job.run_id))
    .sort((one, other) => one.scheduled_for! - other.scheduled_for!)
    .slice(0, atMost);
  return due.flatMap((job) => {
    const roots = db
      .tasksOf(job.run_id)
      .filter((task) => task.open_upstreams === 0 && task.status === 'blocked')
      .map((task) =>
        db.tasks.change(task, { status: 'queued', attempt: task.attempt + 1, queued_at: db.now }),
      );
    const lines = roots.map((task) => line(1, 'task.queued', task, task.attempt));
    return [tell(db, job, lines, { status: 'queued' }), ...roots.map((task) => moved('ready', task, job))];
  });
});
