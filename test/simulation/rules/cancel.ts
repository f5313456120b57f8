import { keepAttempt, line, moved, rule, tell } from './rule.js';

export const cancelLock = rule(
  (db, runIds: string[]) =>
    [...runIds]
      .sort()
      .flatMap((runId) => db.jobs.get(runId) ?? [])
      .map(({ run_id, status }) => ({ run_id, status })),
  (runIds) => runIds,
);

/** Everything open in these jobs → cancelled, and so are the jobs that are open. What runs has been an attempt. */
export const cancel = rule((db, runIds: string[]) =>
  runIds.flatMap((runId) => {
    const job = db.jobs.get(runId);
    if (job === undefined || !['scheduled', 'queued', 'running'].includes(job.status)) return [];
    const open = db
      .tasksOf(runId)
      .filter((task) => ['blocked', 'queued', 'running', 'retrying'].includes(task.status));
    const running = open.filter((task) => task.status === 'running');
    for (const task of running) keepAttempt(db, task, 'cancelled');
    for (const task of open) {
      db.tasks.change(task, { status: 'cancelled', lease: null, next_retry_at: null, finished_at: db.now });
    }
    const lines = open.map((task) =>
      line(1, 'task.cancelled', task, task.attempt === 0 ? null : task.attempt),
    );
    lines.push(line(9, 'job.cancelled', null, null));
    const events = tell(db, job, lines, { status: 'cancelled', finished_at: db.now });
    return [events, ...running.map((task) => moved('stopped', task))];
  }),
);
