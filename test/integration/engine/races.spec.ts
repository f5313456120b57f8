import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseAttemptId } from '../../../src/domain/attempt-id.js';
import type { Claim } from '../../../src/engine/claim-tasks.js';
import {
  claimAll,
  createEngine,
  type EngineUnderTest,
  eventsOf,
  expectConsistent,
  failure,
  noop,
  runToEnd,
  startJob,
  statusesOf,
  statusOf,
  SUCCESS,
} from '../../support/engine.js';
import { closeEngines, holdJob, joinEngines, range } from './contention.js';

let engines: EngineUnderTest[];
let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
  engines = await joinEngines(engine, 4);
});
afterAll(async () => await closeEngines(engines));

async function countEvents(runId: string, type: string): Promise<number> {
  return (await eventsOf(engine, runId)).filter((event) => event.type === type).length;
}

async function settle(): Promise<void> {
  await Promise.all(engines.map(async (one) => await one.dispatcher.settle()));
}

/** Claims the first waiting messages, each through another engine. */
async function claimAcross(): Promise<Claim[]> {
  await settle();
  const claims = await Promise.all(
    engine.queue.take().map(async (id, index) => {
      const one = engines[index % engines.length];
      return await one.claimTasks.claim(parseAttemptId(id)!, one.workerId);
    }),
  );
  return claims.filter((claim) => claim !== null);
}

/** Lets all of this happen while the job is locked, so that every one of them waits with a snapshot from before. */
async function atOnce<Result>(
  runId: string,
  sessions: number,
  work: () => Promise<Result>[],
): Promise<Result[]> {
  const held = await holdJob(engine, runId);
  const results = work();
  await held.untilWaiting(sessions);
  await held.release();
  return await Promise.all(results);
}

describe('The last two tasks of a job, finished by two processes at once,', () => {
  it('end the job exactly once', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b')]);
    const claims = await claimAcross();
    const answers = await atOnce(runId, 2, () =>
      claims.map(async (claim, index) => await engines[index].finishTasks.finish(claim, SUCCESS)),
    );
    expect(answers).toEqual(['accepted', 'accepted']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
    expect(await countEvents(runId, 'job.succeeded')).toBe(1);
    await expectConsistent(engine, runId);
  });

  it('queue what waits for both exactly once', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b'), noop('sink', ['a', 'b'])]);
    const claims = await claimAcross();
    await atOnce(runId, 2, () =>
      claims.map(async (claim, index) => await engines[index].finishTasks.finish(claim, SUCCESS)),
    );
    await settle();
    expect(engine.queue.messages.map((message) => message.attemptId)).toEqual([`${runId}.2.1`]);
    await expectConsistent(engine, runId);
    await runToEnd(engine);
    expect(await statusOf(engine, runId)).toBe('succeeded');
  });

  it('doom what waits for both exactly once when both fail', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b'), noop('sink', ['a', 'b'])]);
    const claims = await claimAcross();
    await atOnce(runId, 2, () =>
      claims.map(async (claim, index) => await engines[index].finishTasks.finish(claim, failure(false))),
    );
    expect(await countEvents(runId, 'task.upstream_failed')).toBe(1);
    expect(await countEvents(runId, 'job.failed')).toBe(1);
    await expectConsistent(engine, runId);
  });

  it('fail the job when one fails and the other succeeds', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b'), noop('sink', ['a', 'b'])]);
    const [a, b] = await claimAcross();
    await atOnce(runId, 2, () => [
      engines[0].finishTasks.finish(a, SUCCESS),
      engines[1].finishTasks.finish(b, failure(false)),
    ]);
    expect(await statusesOf(engine, runId)).toEqual({ a: 'succeeded', b: 'failed', sink: 'upstream_failed' });
    expect(await countEvents(runId, 'job.failed')).toBe(1);
    await expectConsistent(engine, runId);
  });

  it('do so a hundred times over, with whatever timing comes', async () => {
    const runIds = await Promise.all(
      range(100).map(async () => await startJob(engine, [noop('a'), noop('b'), noop('sink', ['a', 'b'])])),
    );
    const claims = await claimAcross();
    expect(claims).toHaveLength(200);
    const answers = await Promise.all(
      claims.map(async (claim, index) => await engines[(index * 7) % 4].finishTasks.finish(claim, SUCCESS)),
    );
    expect(new Set(answers)).toEqual(new Set(['accepted']));
    const sinks = await claimAcross();
    expect(sinks.map((claim) => claim.runId).sort()).toEqual([...runIds].sort());
    await Promise.all(
      sinks.map(async (claim, index) => await engines[index % 4].finishTasks.finish(claim, SUCCESS)),
    );
    const ends = await engine.rows(
      `SELECT DISTINCT run_id FROM events WHERE type = 'job.succeeded' AND run_id = ANY ($1)`,
      [runIds],
    );
    expect(ends).toHaveLength(100);
    for (const runId of runIds) await expectConsistent(engine, runId);
  });
});

describe('Fifty parents finished by four processes at once', () => {
  it('queue their child once, when the last is done', async () => {
    const names = range(50).map((index) => `p${index}`);
    const runId = await startJob(engine, [...names.map((name) => noop(name)), noop('sink', names)]);
    const claims = await claimAcross();
    expect(claims).toHaveLength(50);
    const answers = await atOnce(runId, 4, () =>
      claims.map(async (claim, index) => await engines[index % 4].finishTasks.finish(claim, SUCCESS)),
    );
    expect(answers).toEqual(claims.map(() => 'accepted'));
    await settle();
    expect(engine.queue.take()).toEqual([`${runId}.50.1`]);
    expect(await countEvents(runId, 'task.queued')).toBe(51);
    await expectConsistent(engine, runId);
    await engine.cancelJobs.cancel(runId);
  });
});

describe('A message that comes twice', () => {
  it('is claimed by one of two workers', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const attempt = parseAttemptId(engine.queue.take()[0])!;
    const claims = await atOnce(runId, 4, () =>
      engines.map(async (one) => await one.claimTasks.claim(attempt, one.workerId)),
    );
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    expect(await countEvents(runId, 'task.started')).toBe(1);
    await expectConsistent(engine, runId);
  });

  it('is claimed once when both go into one batch', async () => {
    await startJob(engine, [noop('a')]);
    const attempt = parseAttemptId(engine.queue.take()[0])!;
    const claims = await Promise.all(
      range(5).map(async () => await engine.claimTasks.claim(attempt, engine.workerId)),
    );
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
  });

  it('is claimed by nobody once the task has ended, or for an attempt that never was', async () => {
    const runId = await startJob(engine, [noop('a')]);
    await runToEnd(engine);
    const before = await eventsOf(engine, runId);
    for (const [idx, attempt] of [
      [0, 1],
      [0, 2],
      [1, 1],
    ]) {
      expect(await engine.claimTasks.claim({ runId, idx, attempt }, engine.workerId)).toBeNull();
    }
    const nobody = { runId: '01890000-0000-7000-8000-000000000000', idx: 0, attempt: 1 };
    expect(await engine.claimTasks.claim(nobody, engine.workerId)).toBeNull();
    expect(await eventsOf(engine, runId)).toEqual(before);
  });
});

describe('A result', () => {
  /** A job of one running task and the claim that holds it. */
  async function running(): Promise<{ runId: string; claim: Claim }> {
    const runId = await startJob(engine, [noop('a', [], { max_retries: 1 })]);
    // A retry that another test has left may have been woken meanwhile: its message is claimed as well.
    const claim = (await claimAll(engine)).find((one) => one.runId === runId);
    if (claim === undefined) throw new Error('the task of the job was not claimed');
    return { runId, claim };
  }

  async function expectUnchanged(runId: string, step: () => Promise<unknown>): Promise<void> {
    const state = async (): Promise<unknown> => [
      await engine.rows('SELECT * FROM jobs WHERE run_id = $1', [runId]),
      await engine.rows('SELECT * FROM tasks WHERE run_id = $1', [runId]),
      await engine.rows('SELECT * FROM attempts WHERE run_id = $1', [runId]),
    ];
    const before = await state();
    await step();
    expect(await state()).toEqual(before);
    await expectConsistent(engine, runId);
  }

  it('is accepted once when it is reported by two processes at once', async () => {
    const { runId, claim } = await running();
    const answers = await atOnce(runId, 2, () => [
      engines[0].finishTasks.finish(claim, SUCCESS),
      engines[1].finishTasks.finish(claim, SUCCESS),
    ]);
    expect(answers.sort()).toEqual(['accepted', 'stale']);
    expect(await countEvents(runId, 'task.succeeded')).toBe(1);
    await expectConsistent(engine, runId);
  });

  it('is the first of two that go into one batch', async () => {
    const { runId, claim } = await running();
    const answers = await Promise.all([
      engine.finishTasks.finish(claim, { kind: 'succeeded', output: 'first' }),
      engine.finishTasks.finish(claim, { kind: 'succeeded', output: 'second' }),
    ]);
    expect(answers).toEqual(['accepted', 'stale']);
    expect(await engine.rows('SELECT output FROM tasks WHERE run_id = $1', [runId])).toEqual([
      { output: 'first' },
    ]);
  });

  it('is one of success and failure when both are reported at once', async () => {
    const { runId, claim } = await running();
    const answers = await atOnce(runId, 2, () => [
      engines[0].finishTasks.finish(claim, failure()),
      engines[1].finishTasks.finish(claim, SUCCESS),
    ]);
    expect(answers.sort()).toEqual(['accepted', 'stale']);
    expect(await engine.rows('SELECT attempt FROM attempts WHERE run_id = $1', [runId])).toEqual([
      { attempt: 1 },
    ]);
    await expectConsistent(engine, runId);
  });

  it('under a lease that was given up is stale, whatever it says', async () => {
    const { runId, claim } = await running();
    expect(await engine.requeueTasks.requeue([{ ...claim, outcome: 'drained' }])).toBe(1);
    const [second] = await claimAll(engine);
    expect(second.lease).not.toBe(claim.lease);
    await expectUnchanged(runId, async () => {
      expect(await engine.finishTasks.finish(claim, SUCCESS)).toBe('stale');
      expect(await engine.finishTasks.finish(claim, failure())).toBe('stale');
      expect(await engine.finishTasks.finish(claim, failure(false))).toBe('stale');
      expect(await engine.requeueTasks.requeue([{ ...claim, outcome: 'lost' }])).toBe(0);
    });
    expect(await engine.finishTasks.finish(second, SUCCESS)).toBe('accepted');
    expect(await statusOf(engine, runId)).toBe('succeeded');
  });

  it('is stale after a cancel', async () => {
    const { runId, claim } = await running();
    await engine.cancelJobs.cancel(runId);
    await expectUnchanged(runId, async () => {
      expect(await engine.finishTasks.finish(claim, SUCCESS)).toBe('stale');
      expect(await engine.finishTasks.finish(claim, failure(false))).toBe('stale');
      expect(await engine.requeueTasks.requeue([{ ...claim, outcome: 'lost' }])).toBe(0);
    });
  });

  it('is stale after a success', async () => {
    const { runId, claim } = await running();
    await engine.finishTasks.finish(claim, SUCCESS);
    await expectUnchanged(runId, async () => {
      expect(await engine.finishTasks.finish(claim, failure(false))).toBe('stale');
      expect(await engine.finishTasks.finish(claim, SUCCESS)).toBe('stale');
    });
  });

  it('and a cancel at once leave the job either cancelled or ended, never both', async () => {
    for (const first of ['finish', 'cancel']) {
      const { runId, claim } = await running();
      const held = await holdJob(engine, runId);
      const finish = () => engines[0].finishTasks.finish(claim, SUCCESS);
      const cancel = () => engines[1].cancelJobs.cancel(runId);
      const one = first === 'finish' ? finish() : cancel();
      await held.untilWaiting(1);
      const other = first === 'finish' ? cancel() : finish();
      await held.untilWaiting(2);
      await held.release();
      expect(await Promise.all([one, other])).toEqual(
        first === 'finish' ? ['accepted', 'already_ended'] : ['cancelled', 'stale'],
      );
      expect(await statusOf(engine, runId)).toBe(first === 'finish' ? 'succeeded' : 'cancelled');
      await expectConsistent(engine, runId);
    }
  });

  it('that asks for a retry, and a cancel at once, leave nothing that wakes', async () => {
    for (const first of ['retry', 'cancel']) {
      const { runId, claim } = await running();
      const held = await holdJob(engine, runId);
      const retry = () => engines[0].finishTasks.finish(claim, failure());
      const cancel = () => engines[1].cancelJobs.cancel(runId);
      const one = first === 'retry' ? retry() : cancel();
      await held.untilWaiting(1);
      const other = first === 'retry' ? cancel() : retry();
      await held.untilWaiting(2);
      await held.release();
      expect(await Promise.all([one, other])).toEqual(
        first === 'retry' ? ['accepted', 'cancelled'] : ['cancelled', 'stale'],
      );
      await engine.upkeep.wake();
      expect(await statusesOf(engine, runId)).toEqual({ a: 'cancelled' });
      await expectConsistent(engine, runId);
    }
  });
});

describe('Work of many kinds at once', () => {
  it('leaves every job consistent and ended once', async () => {
    const runIds = await Promise.all(
      range(20).map(
        async () =>
          await startJob(engine, [
            noop('a', [], { max_retries: 2 }),
            noop('b', ['a'], { max_retries: 2 }),
            noop('c', ['a'], { max_retries: 2 }),
            noop('d', ['b', 'c'], { max_retries: 2 }),
          ]),
      ),
    );
    let seed = 7;
    const chance = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    for (let claims = await claimAcross(); claims.length > 0; claims = await claimAcross()) {
      await Promise.all([
        ...claims.map(async (claim, index) => {
          const one = engines[index % 4];
          const luck = chance();
          if (luck < 0.2) await one.requeueTasks.requeue([{ ...claim, outcome: 'drained' }]);
          else await one.finishTasks.finish(claim, luck < 0.4 ? failure() : SUCCESS);
          if (luck > 0.9) await one.finishTasks.finish(claim, SUCCESS);
        }),
        ...engines.map(async (one) => await one.upkeep.wake()),
        chance() < 0.3 ? engines[1].cancelJobs.cancel(runIds[Math.floor(chance() * runIds.length)]) : null,
      ]);
      await engine.upkeep.wake();
    }
    for (const runId of runIds) {
      expect(['succeeded', 'failed', 'cancelled']).toContain(await statusOf(engine, runId));
      const ends = (await eventsOf(engine, runId)).filter((event) =>
        /^job\.(succeeded|failed|cancelled)$/.test(event.type),
      );
      expect(ends).toHaveLength(1);
      await expectConsistent(engine, runId);
    }
  });
});
