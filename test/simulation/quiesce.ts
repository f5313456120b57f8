import { Violation } from './witness.js';
import type { World } from './world.js';

const OPEN = ['scheduled', 'queued', 'running'];
/** Every round makes everything due that waits, so that a job of n tasks ends within about as many rounds. */
const MAX_ROUNDS = 80;

/**
 * Lets the installation work in peace until nothing is left to do: calls arrive, nobody starts anything new, tasks
 * succeed. What does not end now never will.
 */
export async function quiesce(world: World): Promise<void> {
  await world.comeToRest();
  world.calm();
  const { tables } = world.memory;
  for (const dag of tables.dags.all()) tables.dags.change(dag, { is_paused: true });
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    await workOnce(world);
    if (isDone(world)) return;
  }
  const left = tables.jobs.all().filter((job) => OPEN.includes(job.status));
  const tasks = left.map((job) =>
    tables.tasksOf(job.run_id).map(({ idx, status, open_upstreams }) => ({ idx, status, open_upstreams })),
  );
  throw new Violation(`Work is lost: ${JSON.stringify({ left, tasks })}`);
}

function isDone(world: World): boolean {
  const isOpen = world.memory.tables.jobs.all().some((job) => OPEN.includes(job.status));
  return !isOpen && world.queue.size === 0 && world.processes.every(({ running }) => running.size === 0);
}

/** First heartbeats, as hours have passed; then what time brings, what is queued, and the ends of what runs. */
async function workOnce(world: World): Promise<void> {
  const [, first, , ...workers] = world.processes;
  const { upkeep } = first.verbs;
  const { tables } = world.memory;
  tables.now += 3_600_000;
  for (const worker of workers) world.begin(async () => await worker.heartbeat());
  await world.comeToRest();
  world.begin(async () => await upkeep.reap());
  world.begin(async () => await upkeep.wake());
  world.begin(async () => await upkeep.release());
  upkeep.forceSweep();
  world.begin(async () => await upkeep.sweep(tables.now));
  await world.comeToRest();
  for (let next = 0; world.queue.size > 0; next += 1) {
    const attemptId = world.queue.take(0)!;
    world.begin(async () => await workers[next % workers.length].deliver(attemptId));
  }
  await world.comeToRest();
  for (const worker of workers) {
    for (const claim of worker.running.values())
      world.begin(async () => await worker.finish(claim, { kind: 'succeeded', output: 'late' }, true));
  }
  await world.comeToRest();
}
