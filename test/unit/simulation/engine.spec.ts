import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { loadConfig } from '../../../src/config/load-config.js';
import type { TaskSpec } from '../../../src/domain/task-spec.js';
import { checkAll } from '../../simulation/invariants/all.js';
import { randomDags } from '../../simulation/model/random-dags.js';
import { type Parameters, parametersOf } from '../../simulation/parameters.js';
import { quiesce } from '../../simulation/quiesce.js';
import { type Step, steps, take } from '../../simulation/steps.js';
import { World, type Weather } from '../../simulation/world.js';

/*
 * The real engine of six processes over a database in memory: what arrives when is drawn by fast-check's scheduler, and
 * with it faults, crashes, zombies, lost and doubled messages. SIMULATION_RUNS sets how many courses of things are tried.
 * A failure prints the seed and the path with which `fc.assert` repeats it.
 */

const PARAMETERS = parametersOf('SIMULATION', 1_000);
const PATIENCE_MS = 120_000 + 200 * PARAMETERS.numRuns;
const CONFIG = loadConfig({
  DATABASE_URL: 'postgres://nowhere',
  RETRY_BASE_DELAY: '0',
  RETRY_MAX_DELAY: '0',
});
const DAGS = randomDags({ dags: 2, tasks: 6, delays: [0, 5, 30] });
const WEATHER = fc.record({
  seed: fc.integer(),
  faults: fc.constantFrom(0, 0.03, 0.15),
  unreliability: fc.constantFrom(0, 0.1),
  hasPoison: fc.constantFrom(false, false, true),
});

beforeAll(() => Logger.overrideLogger(false));
afterEach(() => void jest.restoreAllMocks());

/** From its beginning to its rest. */
async function run(
  scheduler: fc.Scheduler,
  dags: TaskSpec[][],
  weather: Weather,
  script: Step[],
): Promise<World> {
  const world = new World(scheduler, CONFIG, dags, weather);
  // What the engine takes from outside comes from the seed as well: chance, and the time that ids of jobs begin with.
  let time = Date.UTC(2030, 0, 1);
  jest.spyOn(Date, 'now').mockImplementation(() => (time += 1));
  jest.spyOn(performance, 'now').mockImplementation(() => (time += 1));
  jest.spyOn(Math, 'random').mockImplementation(() => world.random());
  try {
    await take(world, script);
    await quiesce(world);
  } finally {
    jest.restoreAllMocks();
  }
  return world;
}

/** Kinds of things that are to be tried. */
function whatHappened({ memory: { tables }, witness }: World): Set<string> {
  const happened = new Set(tables.attempts.all().map(({ outcome }) => outcome));
  for (const { status } of tables.entries.all()) if (status !== 'pending') happened.add(status);
  if (tables.jobs.all().some((job) => job.tick_at !== null)) happened.add('tick');
  if (witness.stale > 0) happened.add('stale');
  return happened;
}

/** Lets things happen as often as is asked for, each time with a weather and an order of their own. */
async function runMany(
  parameters: Parameters,
  look: (world: World, scheduler: fc.Scheduler) => void,
): Promise<void> {
  const property = fc.asyncProperty(fc.scheduler(), DAGS, WEATHER, steps(80), async (scheduler, ...rest) => {
    look(await run(scheduler, ...rest), scheduler);
  });
  await fc.assert(property, parameters);
}

const KINDS = [
  'cancelled',
  'drained',
  'failed',
  'lost',
  'replayed',
  'resolved',
  'stale',
  'succeeded',
  'tick',
];

describe('The engine, whatever arrives when and whoever dies meanwhile,', () => {
  const losesNothing = async (): Promise<void> => {
    const happened = new Set<string>();
    await runMany(PARAMETERS, (world) => {
      checkAll(world);
      for (const what of whatHappened(world)) happened.add(what);
    });
    // Where nothing goes wrong, nothing is found. A few runs need not have it all.
    if (PARAMETERS.numRuns < 300) return;
    expect([...happened].sort()).toEqual(KINDS);
  };
  it('loses nothing, does nothing twice and keeps every invariant', losesNothing, PATIENCE_MS);

  const repeats = async (): Promise<void> => {
    const courseOf = async (seed: number): Promise<string[]> => {
      const arrivals: string[] = [];
      await runMany({ numRuns: 20, seed, endOnFailure: true }, (_world, scheduler) => {
        arrivals.push(...scheduler.report().map(({ label }) => label));
      });
      return arrivals;
    };
    const first = await courseOf(4);
    expect(first.length).toBeGreaterThan(1_000);
    expect(await courseOf(4)).toEqual(first);
    expect(await courseOf(5)).not.toEqual(first);
  };
  it('goes the same way again from the same seed', repeats, PATIENCE_MS);
});
