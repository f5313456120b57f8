import { timeOfUuid } from '../../../src/domain/ids.js';
import { rule } from './rule.js';

const DAY_MS = 24 * 3_600_000;

/** The end of ended jobs that nobody has to look after: of the next `page` behind `after`, until their tasks are `maxTasks`. */
export const retire = rule((db, after: string, days: number, page: number, maxTasks: number) => {
  const before = db.now - days * DAY_MS;
  const jobs = db.jobs
    .all()
    .filter((job) => job.run_id > after && timeOfUuid(job.run_id) < before)
    .sort((one, other) => (one.run_id < other.run_id ? -1 : 1))
    .slice(0, page);
  const end = jobs.length === page ? jobs[page - 1].run_id : null;
  let retired = 0;
  let tasks = 0;
  let newest: string | null = null;
  for (const job of jobs) {
    const entries = db.entries.all().filter((entry) => entry.run_id === job.run_id);
    const isPending = entries.some((entry) => entry.status === 'pending');
    if (job.finished_at === null || job.finished_at >= before || isPending || db.isHeld(job.run_id)) continue;
    if (tasks >= maxTasks) return [{ retired, last: newest }];
    const ofJob = db.tasksOf(job.run_id);
    for (const entry of entries) db.entries.remove(entry);
    for (const task of ofJob) db.tasks.remove(task);
    db.jobs.remove(job);
    tasks += ofJob.length;
    retired += 1;
    newest = job.run_id;
  }
  return [{ retired, last: end }];
});
