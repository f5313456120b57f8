import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type EngineUnderTest,
  claimAll,
  createEngine,
  eventsOf,
  expectConsistent,
  failure,
  noop,
  runToEnd,
  startJob,
  statusOf,
  statusesOf,
  SUCCESS,
} from '../../support/engine.js';

describe('The way of a job', () => {
  let engine: EngineUnderTest;
  beforeAll(async () => {
    engine = await createEngine();
  });
  afterAll(async () => await engine.close());

  it('runs a diamond in the order of its dependencies and tells it as gapless events', async () => {
    const runId = await startJob(engine, [
      noop('a'),
      noop('b', ['a']),
      noop('c', ['a']),
      noop('d', ['b', 'c']),
    ]);
    expect(await statusesOf(engine, runId)).toEqual({
      a: 'queued',
      b: 'blocked',
      c: 'blocked',
      d: 'blocked',
    });
    const order = await runToEnd(engine);
    expect(order).toEqual(['a', 'b', 'c', 'd']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
    expect(
      (await eventsOf(engine, runId)).map((event) => `${event.type} ${event.task ?? ''}`.trim()),
    ).toEqual([
      'job.created',
      'task.queued a',
      'job.started',
      'task.started a',
      'task.succeeded a',
      'task.queued b',
      'task.queued c',
      'task.started b',
      'task.started c',
      'task.succeeded b',
      'task.succeeded c',
      'task.queued d',
      'task.started d',
      'task.succeeded d',
      'job.succeeded',
    ]);
    await expectConsistent(engine, runId);
  });

  it('retries a failing task, buries it when its retries are used up, and dooms what is below it only', async () => {
    const runId = await startJob(engine, [
      noop('bad', [], { max_retries: 1 }),
      noop('below', ['bad']),
      noop('deeper', ['below']),
      noop('other'),
      noop('after-other', ['other']),
    ]);
    const order = await runToEnd(engine, (name) => (name === 'bad' ? failure() : SUCCESS));
    expect(order.filter((name) => name === 'bad')).toHaveLength(2);
    expect(await statusesOf(engine, runId)).toEqual({
      bad: 'failed',
      below: 'upstream_failed',
      deeper: 'upstream_failed',
      other: 'succeeded',
      'after-other': 'succeeded',
    });
    expect(await statusOf(engine, runId)).toBe('failed');
    expect(
      await engine.rows('SELECT status, task_name, attempts FROM dlq_entries WHERE run_id = $1', [runId]),
    ).toEqual([{ status: 'pending', task_name: 'bad', attempts: 2 }]);
    await expectConsistent(engine, runId);
  });

  it('replays a buried task in its job, whose downstream then waits for it again', async () => {
    const runId = await startJob(engine, [noop('bad', [], { max_retries: 0 }), noop('below', ['bad'])]);
    await runToEnd(engine, () => failure());
    const [entry] = await engine.rows<{ id: number }>('SELECT id FROM dlq_entries WHERE run_id = $1', [
      runId,
    ]);
    expect(await engine.replayTasks.replay(entry.id, 'tester')).toBe('done');
    expect(await statusOf(engine, runId)).toBe('running');
    expect(await statusesOf(engine, runId)).toEqual({ bad: 'queued', below: 'blocked' });
    await expectConsistent(engine, runId);
    expect(await engine.replayTasks.replay(entry.id, 'tester')).toBe('not_pending');
    expect(await runToEnd(engine)).toEqual(['bad', 'below']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
    await expectConsistent(engine, runId);
  });

  it('cancels everything that is open and tells workers to stop what runs', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b'), noop('c', ['a'])]);
    const claims = await claimAll(engine);
    await engine.finishTasks.finish(claims[1], SUCCESS);
    engine.bus.nudges = [];
    expect(await engine.cancelJobs.cancel(runId)).toBe('cancelled');
    expect(await statusesOf(engine, runId)).toEqual({ a: 'cancelled', b: 'succeeded', c: 'cancelled' });
    expect(engine.bus.nudges).toContainEqual({ kind: 'stop', attemptIds: [claims[0].attemptId] });
    expect(await engine.finishTasks.finish(claims[0], SUCCESS)).toBe('stale');
    expect(await engine.cancelJobs.cancel(runId)).toBe('already_cancelled');
    await expectConsistent(engine, runId);
  });
});
