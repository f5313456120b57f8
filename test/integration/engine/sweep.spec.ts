import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createEngine,
  type EngineUnderTest,
  joinEngine,
  noop,
  runToEnd,
  startJob,
  statusOf,
} from '../../support/engine.js';

let first: EngineUnderTest;
/** A process of its own for each test: a sweep remembers what the last one saw. */
let engine: EngineUnderTest;
beforeAll(async () => {
  first = await createEngine();
});
afterAll(async () => await first.close());
beforeEach(async () => {
  engine = await joinEngine(first);
  // The first sweep of a process is always a full one.
  await forcedSweep();
});
afterEach(async () => {
  const open = await engine.rows<{ run_id: string }>(`SELECT run_id FROM jobs WHERE finished_at IS NULL`);
  for (const { run_id } of open) await engine.cancelJobs.cancel(run_id);
  engine.queue.messages = [];
  await engine.close();
});

/** Moments on the caller's clock: less than a minute after the full sweep, and more. */
const SOON = 1_000_000;
const LATER = SOON + 61_000;

/** Queued tasks are left alone for two seconds, in which their message is on its way. */
async function age(): Promise<void> {
  await engine.rows(`UPDATE tasks SET queued_at = queued_at - interval '3 seconds' WHERE status = 'queued'`);
}

async function forcedSweep(): Promise<number> {
  engine.upkeep.forceSweep();
  return await engine.upkeep.sweep(SOON);
}

describe('The sweep', () => {
  it('offers nothing when every queued task has its message', async () => {
    await startJob(engine, [noop('a'), noop('b')]);
    await age();
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    expect(engine.queue.messages).toHaveLength(2);
  });

  it('offers every queued task again when the queue was emptied, once it has seen so twice', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b'), noop('c', ['a'])]);
    const lost = engine.queue.take();
    await age();
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    expect(await engine.upkeep.sweep(SOON)).toBe(2);
    expect(engine.queue.messages.map((message) => message.attemptId).sort()).toEqual(lost.sort());
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    expect(await runToEnd(engine)).toEqual(['a', 'b', 'c']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
  });

  it('offers what is in a bundle no second time', async () => {
    await startJob(
      engine,
      Array.from({ length: 100 }, (_, index) => noop(`t${index}`)),
    );
    await engine.dispatcher.settle();
    expect(engine.queue.inBundles.size).toBe(68);
    const [single, ...others] = engine.queue.messages;
    engine.queue.messages = others;
    await age();
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    expect(await engine.upkeep.sweep(SOON)).toBe(32);
    // The recording queue drops nothing: the single messages were offered again, and the lost one with them.
    expect(engine.queue.messages).toHaveLength(99 + 32);
    expect(engine.queue.messages).toContainEqual(single);
  });

  it('does not act on one look: the messages may be under way', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const messages = engine.queue.messages.splice(0);
    await age();
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    engine.queue.messages = messages;
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    engine.queue.messages = [];
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    expect(await engine.upkeep.sweep(SOON)).toBe(1);
    expect(engine.queue.take()).toEqual([`${runId}.0.1`]);
  });

  it('leaves alone what was queued a moment ago', async () => {
    await startJob(engine, [noop('a')]);
    engine.queue.take();
    for (let now = LATER, hasLooked = false; !hasLooked; now += 61_000) {
      const startedAt = performance.now();
      await engine.rows(`UPDATE tasks SET queued_at = clock_timestamp() WHERE status = 'queued'`);
      const offered = await engine.upkeep.sweep(now);
      // A machine that stood still may have made it old: then once more.
      hasLooked = performance.now() - startedAt < 2_000;
      if (hasLooked) expect(offered).toBe(0);
    }
  });

  it('offers everything when forced, although the counts agree, and but once', async () => {
    await startJob(engine, [noop('a')]);
    await age();
    expect(await forcedSweep()).toBe(1);
    engine.queue.messages.pop();
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
  });

  it('offers also what was queued a moment ago when forced', async () => {
    const runId = await startJob(engine, [noop('a')]);
    engine.queue.take();
    expect(await forcedSweep()).toBe(1);
    expect(engine.queue.take()).toEqual([`${runId}.0.1`]);
  });

  it('is forced again for what was asked for while it was under way', async () => {
    await startJob(engine, [noop('a')]);
    engine.upkeep.forceSweep();
    const underWay = engine.upkeep.sweep(SOON);
    engine.upkeep.forceSweep();
    expect(await underWay).toBe(1);
    expect(await engine.upkeep.sweep(SOON)).toBe(1);
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
  });

  it('offers everything once a minute, since a foreign message can hide a missing one', async () => {
    const runId = await startJob(engine, [noop('a')]);
    engine.queue.messages = [{ attemptId: 'foreign', priority: 'normal' }];
    await age();
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    expect(await engine.upkeep.sweep(LATER)).toBe(1);
    expect(engine.queue.messages).toContainEqual({ attemptId: `${runId}.0.1`, priority: 'normal' });
    expect(await engine.upkeep.sweep(LATER)).toBe(0);
  });

  it('notices a missing message of one class among many of another', async () => {
    const runId = await startJob(engine, [noop('a')]);
    engine.queue.messages = Array.from({ length: 9 }, (_, index) => ({
      attemptId: `x${index}`,
      priority: 'high',
    }));
    await age();
    await engine.upkeep.sweep(SOON);
    await engine.upkeep.sweep(SOON);
    expect(engine.queue.messages).toContainEqual({ attemptId: `${runId}.0.1`, priority: 'normal' });
  });

  it('reads a backlog page by page', async () => {
    await startJob(
      engine,
      Array.from({ length: 2_500 }, (_, index) => noop(`t${index}`)),
    );
    const lost = engine.queue.take();
    await age();
    expect(await forcedSweep()).toBe(2_500);
    expect(engine.queue.take().sort()).toEqual(lost.sort());
  });
});

describe('While the queue is away', () => {
  it('jobs are accepted, and run when it is back', async () => {
    engine.queue.isAway = true;
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    expect(engine.queue.messages).toEqual([]);
    await age();
    expect(await engine.upkeep.sweep(LATER)).toBe(0);
    engine.queue.isAway = false;
    // A sweep that failed does not count as the full one of this minute.
    expect(await engine.upkeep.sweep(LATER + 1)).toBe(1);
    expect(await runToEnd(engine)).toEqual(['a', 'b']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
  });

  it('a forced sweep stays wanted until one has reached it', async () => {
    engine.queue.isAway = true;
    const runId = await startJob(engine, [noop('a')]);
    expect(await forcedSweep()).toBe(0);
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
    engine.queue.isAway = false;
    expect(await engine.upkeep.sweep(SOON)).toBe(1);
    expect(engine.queue.take()).toEqual([`${runId}.0.1`]);
    expect(await engine.upkeep.sweep(SOON)).toBe(0);
  });

  it('finishing goes on, and what became ready is sent later', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    const [id] = engine.queue.take();
    const claim = await engine.claimTasks.claim({ runId, idx: 0, attempt: 1 }, engine.workerId);
    expect(id).toBe(claim?.attemptId);
    engine.queue.isAway = true;
    expect(await engine.finishTasks.finish(claim!, { kind: 'succeeded', output: 1 })).toBe('accepted');
    await engine.dispatcher.settle();
    engine.queue.isAway = false;
    await age();
    await engine.upkeep.sweep(SOON);
    expect(await engine.upkeep.sweep(SOON)).toBe(1);
    expect(engine.queue.take()).toEqual([`${runId}.1.1`]);
  });
});
