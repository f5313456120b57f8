import { afterAll, afterEach, beforeEach, describe, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { commands, EMPTY, expectAlike } from '../../simulation/model/commands.js';
import { memoryInstallation } from '../../simulation/model/memory-installation.js';
import { postgresInstallation } from '../../simulation/model/postgres-installation.js';
import { type Parameters, parametersOf } from '../../simulation/parameters.js';
import { randomDags } from '../../simulation/model/random-dags.js';
import { Side } from '../../simulation/model/side.js';
import { createEngine, type EngineUnderTest } from '../../support/engine.js';

/*
 * The rules of the memory database (test/simulation) against the SQL they stand for: the engine runs on both, does the
 * same, and must answer and leave behind the same. MODEL_RUNS sets how many sequences are tried; a failure prints its seed
 * and path, which MODEL_SEED and MODEL_PATH repeat.
 */

const PARAMETERS = parametersOf('MODEL', 120);
const PATIENCE_MS = 120_000 + 5_000 * PARAMETERS.numRuns;
const FIRST_TICK = new Date(Date.UTC(2020, 0, 1));
const DAGS = randomDags({ dags: 3, tasks: 6, delays: [0, 3_600] });

const engines: EngineUnderTest[] = [];
beforeEach(() => {
  // The jitter of a retry: none.
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
  // Ids of jobs begin with the time: no two at once, so that their order is the same on both sides.
  const realNow = Date.now.bind(Date);
  let last = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => (last = Math.max(last + 1, realNow())));
});
afterEach(() => void jest.restoreAllMocks());
afterAll(async () => {
  for (const engine of engines) await engine.close();
});

async function expectEquals(env: Record<string, string>, parameters: Parameters): Promise<void> {
  const engine = await createEngine(env);
  engines.push(engine);
  await fc.assert(
    fc.asyncProperty(DAGS, commands(100), async (dags, sequence) => {
      const pair = {
        memory: new Side(memoryInstallation(env)),
        postgres: new Side(postgresInstallation(engine)),
      };
      await pair.memory.begin(dags, FIRST_TICK);
      await pair.postgres.begin(dags, FIRST_TICK);
      await expectAlike(pair);
      await fc.asyncModelRun(() => ({ model: { ...EMPTY }, real: pair }), sequence);
    }),
    parameters,
  );
}

describe('The SQL of the engine', () => {
  const withTheDlq = async (): Promise<void> => await expectEquals({}, PARAMETERS);
  it(
    'does what the rules of the simulation say, whatever is asked of it and in whatever order',
    withTheDlq,
    PATIENCE_MS,
  );

  const withoutTheDlq = async (): Promise<void> => {
    await expectEquals(
      { DLQ_ENABLED: 'false' },
      { ...PARAMETERS, numRuns: Math.ceil(PARAMETERS.numRuns / 6) },
    );
  };
  it('does so with the DLQ off as well', withoutTheDlq, PATIENCE_MS);
});
