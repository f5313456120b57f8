import fc from 'fast-check';
import type { Outcome } from '../../src/domain/outcome.js';
import type { IdempotencyKey } from '../../src/persistence/idempotency-key.store.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { World } from './world.js';

/** Something that begins to happen, and how many calls arrive before the next thing does. */
export interface Step {
  what: string;
  choices: readonly number[];
  arrivals: number;
}

type Act = (world: World, choices: readonly number[]) => void;

const API = 0;
const SCHEDULERS = [1, 2];
const WORKERS = [3, 4, 5];

function pick<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items[choice % items.length];
}

function scheduler(world: World, choice: number): SimulatedProcess {
  return world.processes[pick(SCHEDULERS, choice)!];
}

function worker(world: World, choice: number): SimulatedProcess {
  return world.processes[pick(WORKERS, choice)!];
}

function outcomeOf(choice: number): Outcome {
  if (choice % 8 < 4) return { kind: 'succeeded', output: choice };
  const retryable = choice % 8 < 7;
  return { kind: 'failed', error: { code: 'exit_code', message: 'exit 1', retryable } };
}

const start: Act = (world, [dag, kind, numbered]) => {
  const { verbs } = world.processes[API];
  const key = kind % 3 === 0 ? numbered % 3 : null;
  const request = {
    dagId: pick(world.memory.tables.dags.all(), dag)!.id,
    trigger: 'manual',
    ...(kind % 4 === 1 ? { runAt: new Date(world.memory.tables.now + 20_000) } : {}),
    ...(key === null ? {} : { key: keyOf(key) }),
  } as const;
  world.begin(async () => {
    try {
      world.witness.answered(await verbs.startJobs.start(request), key);
    } catch (error) {
      if (key === null) throw error;
      // With a key, whoever hears nothing asks again.
      world.witness.answered(await verbs.startJobs.start(request), key);
    }
  });
};

function keyOf(key: number): IdempotencyKey {
  return {
    route: 'POST /jobs',
    caller: 'anybody',
    digest: Buffer.from([key]),
    fingerprint: Buffer.from([1]),
  };
}

const deliver: Act = (world, [which, to, more]) => {
  for (let count = 0; count <= more % 4; count += 1) {
    const attemptId = world.queue.take(which);
    if (attemptId === null) return;
    const process = worker(world, to);
    world.begin(async () => await process.deliver(attemptId));
  }
};

/** A worker that runs something, if there is one. */
function busyWorker(world: World, choice: number): SimulatedProcess {
  const busy = WORKERS.map((place) => world.processes[place]).filter(({ running }) => running.size > 0);
  return pick(busy, choice) ?? worker(world, choice);
}

const finish: Act = (world, [by, which, outcome, more]) => {
  const process = busyWorker(world, by);
  const claims = [...process.running.values()];
  for (let count = 0; count <= more % 3 && claims.length > 0; count += 1) {
    const [claim] = claims.splice(which % claims.length, 1);
    world.begin(async () => await process.finish(claim, outcomeOf(outcome + count), more % 2 === 0));
  }
};

const handBack: Act = (world, [by, which]) => {
  const process = busyWorker(world, by);
  const claim = pick([...process.running.values()], which);
  if (claim !== undefined) world.begin(async () => await process.handBack(claim));
};

const heartbeat: Act = (world, [by]) => {
  const process = worker(world, by);
  world.begin(async () => await process.heartbeat());
};

const upkeep: Act = (world, [by, kind]) => {
  const { verbs, ticks } = scheduler(world, by);
  const loops = [
    async () => await verbs.upkeep.wake(),
    async () => await verbs.upkeep.release(),
    async () => await verbs.upkeep.reap(),
    async () => await verbs.upkeep.reap(),
    async () => await verbs.upkeep.sweep(world.memory.tables.now),
    async () => await verbs.upkeep.forgetLostWorkers(),
    async () => await ticks.fire(),
    async () => await ticks.fire(),
    async () => {
      verbs.upkeep.forceSweep();
      await verbs.upkeep.sweep(world.memory.tables.now);
    },
  ];
  world.begin(pick(loops, kind)!);
};

const age: Act = (world, [by]) => {
  world.memory.tables.now += pick([300, 3_000, 12_000, 20_000, 40_000], by)!;
};

const crash: Act = (world, [which]) => {
  world.crash(pick(world.processes, which)!);
};

const cancel: Act = (world, [which]) => {
  const job = pick(world.memory.tables.jobs.all(), which);
  if (job !== undefined)
    world.begin(async () => await world.processes[API].verbs.cancelJobs.cancel(job.run_id));
};

const closeEntry: Act = (world, [which, kind, by]) => {
  const entry = pick(world.memory.tables.entries.all(), which);
  if (entry === undefined) return;
  // People and bulk operations of schedulers do the same at once.
  const { replayTasks } = world.processes[by % 3].verbs;
  world.begin(async () => {
    if (kind % 4 === 0) await replayTasks.resolve(entry.id, 'api', 'by hand');
    else if (kind % 4 === 1) await replayTasks.resolve(entry.id, 'api', null, 'made up');
    else await replayTasks.replay(entry.id, 'api');
  });
};

const rerun: Act = (world, [which, from]) => {
  const job = pick(world.memory.tables.jobs.all(), which);
  if (job === undefined) return;
  const { rerunJobs } = world.processes[API].verbs;
  world.begin(async () => await rerunJobs.rerun(job.run_id, from % 2 === 0 ? 'failed' : 'start'));
};

const flush: Act = (world) => world.queue.flush();

/** With how often each is drawn. */
const ACTS: Readonly<Record<string, { act: Act; weight: number }>> = {
  start: { act: start, weight: 8 },
  deliver: { act: deliver, weight: 24 },
  finish: { act: finish, weight: 28 },
  'hand back': { act: handBack, weight: 2 },
  heartbeat: { act: heartbeat, weight: 6 },
  upkeep: { act: upkeep, weight: 14 },
  'time passes': { act: age, weight: 10 },
  crash: { act: crash, weight: 2 },
  cancel: { act: cancel, weight: 2 },
  'close an entry': { act: closeEntry, weight: 8 },
  rerun: { act: rerun, weight: 1 },
  'flush the queue': { act: flush, weight: 1 },
};

export function steps(maxSteps: number): fc.Arbitrary<Step[]> {
  const what = fc.oneof(
    ...Object.entries(ACTS).map(([name, { weight }]) => ({ weight, arbitrary: fc.constant(name) })),
  );
  const choices = fc.array(fc.nat(99), { minLength: 4, maxLength: 4 });
  const step = fc.record({ what, choices, arrivals: fc.nat(9) });
  return fc.array(step, { minLength: 20, maxLength: maxSteps, size: 'max' });
}

export async function take(world: World, script: readonly Step[]): Promise<void> {
  for (const { what, choices, arrivals } of script) {
    ACTS[what].act(world, choices);
    await world.goOn(arrivals);
  }
}
