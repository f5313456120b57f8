import { TICK_MS, type World } from '../world.js';
import { Violation } from '../witness.js';
import { checkJob, checkTask } from './rows.js';
import { checkEvents } from './told.js';

/** The invariants of the design, on the rows of an installation that has come to rest and on what was seen from outside. */
export function checkAll({ memory: { tables }, witness, config, processes }: World): void {
  for (const job of tables.jobs.all()) {
    checkJob(tables, job);
    checkEvents(tables, job);
    for (const task of tables.tasksOf(job.run_id)) checkTask(tables, witness, task, config.dlq.enabled);
  }
  for (const runId of witness.promised)
    if (tables.jobs.get(runId) === undefined) throw new Violation(`${runId} was promised and is not there`);
  for (const [key, runIds] of witness.byKey)
    if (runIds.size > 1) throw new Violation(`Key ${key} made ${runIds.size} jobs`);
  // Whoever moves a cursor has seen to it that the last tick before it has its job (I4); that no tick has two is a constraint.
  for (const { dagId, to } of witness.cursors) {
    const tick = to - TICK_MS;
    if (!tables.jobs.all().some((job) => job.dag_id === dagId && job.tick_at === tick))
      throw new Violation(`The tick ${new Date(tick).toISOString()} has no job`);
  }
  for (const attemptId of witness.early)
    throw new Violation(`${attemptId} was in the queue before it was ready in the database`);
  for (const { name, running } of processes)
    if (running.size > 0) throw new Violation(`${name} still runs ${running.size} attempts (I11)`);
}
