import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  claimAll,
  createDag,
  createEngine,
  type EngineUnderTest,
  expectConsistent,
  failure,
  joinEngine,
  noop,
  runToEnd,
  startJob,
  statusesOf,
  statusOf,
  SUCCESS,
} from '../../support/engine.js';
import { range } from './contention.js';

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(async () => await engine.close());

describe('A pool of one connection', () => {
  it('is enough for every verb, all of them at once', async () => {
    const single = await joinEngine(engine, 1);
    try {
      const runIds = await Promise.all(
        range(10).map(
          async () =>
            await startJob(single, [
              noop('bad', [], { max_retries: 1 }),
              noop('good'),
              noop('sink', ['bad', 'good']),
            ]),
        ),
      );
      const upkeep = async (): Promise<unknown> => {
        single.upkeep.forceSweep();
        return await Promise.all([
          single.upkeep.wake(),
          single.upkeep.release(),
          single.upkeep.reap(),
          single.upkeep.sweep(0),
          single.upkeep.forgetLostWorkers(),
        ]);
      };
      const [, order] = await Promise.all([
        upkeep(),
        runToEnd(single, (name) => (name === 'bad' ? failure() : SUCCESS)),
        single.cancelJobs.cancel(runIds[0]),
      ]);
      expect(order).toContain('good');
      const entries = await single.rows<{ id: number }>(
        `SELECT id FROM dlq_entries WHERE status = 'pending' ORDER BY id`,
      );
      expect(entries.length).toBeGreaterThanOrEqual(9);
      await Promise.all([
        ...entries.map(async ({ id }, index) =>
          index % 2 === 0
            ? await single.replayTasks.replay(id, 'tester')
            : await single.replayTasks.resolve(id, 'tester', null, index),
        ),
        upkeep(),
      ]);
      await runToEnd(single);
      for (const runId of runIds) await expectConsistent(engine, runId);
      for (const runId of runIds.slice(1)) expect(await statusOf(engine, runId)).toBe('succeeded');
    } finally {
      await single.close();
    }
  });
});

/** How many jobs each statement starts from now on. */
function startsOf({ database }: EngineUnderTest): number[] {
  const batches: number[] = [];
  const query = database.query.bind(database);
  jest.spyOn(database, 'query').mockImplementation(async (statement, params) => {
    if (statement.name === 'start') batches.push((params[0] as string[]).length);
    return await query(statement, params);
  });
  return batches;
}

describe('Many jobs of many tasks that are started at once', () => {
  /** What they start is run by nobody. */
  let own: EngineUnderTest;
  beforeEach(async () => {
    own = await createEngine();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await own.close();
  });

  it('are no statement that takes longer than it may: each has so many tasks, be they many jobs or few', async () => {
    const SIZE = 3_000;
    const dagId = await createDag(
      own,
      range(SIZE).map((index) => noop(`t${index}`)),
    );
    const batches = startsOf(own);
    const start = async () => await own.startJobs.start({ dagId, trigger: 'manual' });
    // The first tells how large they are.
    expect((await start()).kind).toBe('started');
    const answers = await Promise.all(range(25).map(start));
    for (const { kind } of answers) expect(kind).toBe('started');
    expect(batches[0]).toBe(1);
    expect(batches.reduce((sum, jobs) => sum + jobs, 0)).toBe(26);
    expect(Math.max(...batches.map((jobs) => jobs * SIZE))).toBeLessThanOrEqual(20_000 + SIZE);
    // One by one would be slow again.
    expect(batches.length).toBeLessThanOrEqual(6);
  }, 60_000);

  it('are few to a statement also where nobody knows yet how large they are', async () => {
    const dagId = await createDag(own, [noop('only')]);
    const batches = startsOf(own);
    await Promise.all(range(150).map(async () => await own.startJobs.start({ dagId, trigger: 'manual' })));
    expect(batches).toEqual([10, 100, 40]);
  });
});

describe('A job of ten thousand tasks', () => {
  const WIDTH = 100;
  const DEPTH = 100;

  it('in a hundred levels is started and run to its end', async () => {
    const tasks = range(DEPTH * WIDTH).map((index) => {
      const above = index - WIDTH;
      const neighbour = above - (above % WIDTH) + ((above + 1) % WIDTH);
      return noop(`t${index}`, above < 0 ? [] : [`t${above}`, `t${neighbour}`]);
    });
    const startedAt = performance.now();
    const runId = await startJob(engine, tasks);
    const runningAt = performance.now();
    const order = await runToEnd(engine);
    const endedAt = performance.now();
    if (process.env.TEST_LOG !== undefined) {
      const [start, run] = [runningAt - startedAt, endedAt - runningAt].map(Math.round);
      console.log(`10,000 tasks: start ${start} ms, run ${run} ms, ${Math.round(run / DEPTH)} ms a level`);
    }
    expect(order).toHaveLength(DEPTH * WIDTH);
    expect(await statusOf(engine, runId)).toBe('succeeded');
    await expectConsistent(engine, runId);
    // Generous: what must not happen is time that grows with the square of the size.
    expect(endedAt - startedAt).toBeLessThan(30_000);
  }, 60_000);

  it('is accepted, and taken back, in little time whatever its shape', async () => {
    const fan = [noop('root'), ...range(9_998).map((index) => noop(`m${index}`, ['root']))];
    const shapes = {
      fan: [
        ...fan,
        noop(
          'sink',
          fan.slice(1).map(({ name }) => name),
        ),
      ],
      roots: range(10_000).map((index) => noop(`t${index}`)),
    };
    for (const tasks of Object.values(shapes)) {
      const dagId = await createDag(engine, tasks);
      const startedAt = performance.now();
      const answer = await engine.startJobs.start({ dagId, trigger: 'manual' });
      if (answer.kind !== 'started') throw new Error(`expected a job, got ${answer.kind}`);
      const acceptedAt = performance.now();
      expect(await engine.cancelJobs.cancel(answer.runId)).toBe('cancelled');
      const cancelledAt = performance.now();
      // Generous: on an idle machine 60 to 130 ms.
      expect(acceptedAt - startedAt).toBeLessThan(5_000);
      expect(cancelledAt - acceptedAt).toBeLessThan(5_000);
      await engine.dispatcher.settle();
      engine.queue.take();
      await expectConsistent(engine, answer.runId);
    }
  }, 60_000);

  it('below one that fails is doomed in one statement, and brought back in one', async () => {
    const chain = range(9_999).map((index) => noop(`t${index}`, [index === 0 ? 'bad' : `t${index - 1}`]));
    const runId = await startJob(engine, [noop('bad', [], { max_retries: 0 }), ...chain]);
    const startedAt = performance.now();
    await runToEnd(engine, () => failure());
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(new Set(Object.values(await statusesOf(engine, runId)))).toEqual(
      new Set(['failed', 'upstream_failed']),
    );
    await expectConsistent(engine, runId);
    const [{ id }] = await engine.rows<{ id: number }>('SELECT id FROM dlq_entries WHERE run_id = $1', [
      runId,
    ]);
    expect(await engine.replayTasks.replay(id, 'tester')).toBe('done');
    expect(new Set(Object.values(await statusesOf(engine, runId)))).toEqual(new Set(['queued', 'blocked']));
    await expectConsistent(engine, runId);
    expect(await engine.cancelJobs.cancel(runId)).toBe('cancelled');
    await expectConsistent(engine, runId);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  }, 60_000);
});

describe('Many tasks that fail above the same thousands', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('carry them along in statements that each hold so many, and doom each of them once', async () => {
    const ROOTS = 100;
    const BELOW = 4_000;
    const roots = range(ROOTS).map((index) => noop(`r${index}`, [], { max_retries: 0 }));
    const below = range(BELOW - 1).map((index) => noop(`b${index}`, ['hub']));
    const hub = noop(
      'hub',
      roots.map(({ name }) => name),
    );
    const runId = await startJob(engine, [...roots, hub, ...below]);
    const carried: number[] = [];
    const query = engine.database.query.bind(engine.database);
    jest.spyOn(engine.database, 'query').mockImplementation(async (statement, params) => {
      if (statement.name === 'bury')
        carried.push((params[5] as string[]).reduce((sum, list) => sum + list.split(',').length, 0));
      return await query(statement, params);
    });
    await runToEnd(engine, () => failure());
    expect(carried.reduce((sum, tasks) => sum + tasks, 0)).toBe(ROOTS * BELOW);
    expect(Math.max(...carried)).toBeLessThanOrEqual(105_000 + BELOW);
    // One by one would be slow again.
    expect(carried.length).toBeLessThanOrEqual(8);
    expect(await statusOf(engine, runId)).toBe('failed');
    await expectConsistent(engine, runId);
  }, 60_000);
});

describe('In a database whose statistics know jobs of one task only', () => {
  it('ten thousand tasks are brought back within the patience of a statement', async () => {
    const small = await createEngine({ MAX_RETRIES: '0' }, 1);
    const dagId = await createDag(small, [noop('a')]);
    await Promise.all(range(300).map(async () => await small.startJobs.start({ dagId, trigger: 'manual' })));
    await small.rows('ANALYZE tasks');
    const chain = range(9_999).map((index) => noop(`t${index}`, [index === 0 ? 'bad' : `t${index - 1}`]));
    const runId = await startJob(small, [noop('bad'), ...chain]);
    const bad = (await claimAll(small)).find((claim) => claim.runId === runId)!;
    await small.finishTasks.finish(bad, failure(false));
    const [{ id }] = await small.rows<{ id: number }>('SELECT id FROM dlq_entries WHERE run_id = $1', [
      runId,
    ]);
    expect(await small.replayTasks.replay(id, 'tester')).toBe('done');
    await small.close();
  }, 60_000);
});
