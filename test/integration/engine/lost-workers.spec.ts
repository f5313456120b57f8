import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
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
  startJob,
  statusesOf,
  statusOf,
  SUCCESS,
} from '../../support/engine.js';
import { closeEngines, joinEngines } from './contention.js';

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(async () => await engine.close());
beforeEach(() => {
  engine.queue.messages = [];
  engine.bus.nudges = [];
});

async function register(): Promise<string> {
  const id = randomUUID();
  await engine.leases.register({ id, hostname: 'there', pid: 2, slots: 4, version: '0' }, 60);
  return id;
}

/** Claims everything that waits as this worker. */
async function claimAs(workerId: string): Promise<Claim[]> {
  await engine.dispatcher.settle();
  const claims = await Promise.all(
    engine.queue.take().map(async (id) => await engine.claimTasks.claim(parseAttemptId(id)!, workerId)),
  );
  return claims.filter((claim) => claim !== null);
}

/** Lets a worker's lease end now, by the database clock. */
async function expire(workerId: string): Promise<void> {
  await engine.rows(
    `UPDATE workers SET lease_expires_at = clock_timestamp() - interval '1 ms' WHERE id = $1`,
    [workerId],
  );
}

async function taskOf(
  runId: string,
): Promise<{ status: string; attempt: number; charged: number; lost_workers: number }> {
  const [task] = await engine.rows<{
    status: string;
    attempt: number;
    charged: number;
    lost_workers: number;
  }>('SELECT status, attempt, charged, lost_workers FROM tasks WHERE run_id = $1 AND idx = 0', [runId]);
  return task;
}

async function outcomesOf(runId: string): Promise<string[]> {
  const rows = await engine.rows<{ outcome: string }>(
    'SELECT outcome FROM attempts WHERE run_id = $1 ORDER BY idx, attempt',
    [runId],
  );
  return rows.map((row) => row.outcome);
}

describe('A worker whose lease ran out', () => {
  it('is lost, and what it ran is queued again as a new attempt that costs nothing', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const worker = await register();
    const [claim] = await claimAs(worker);
    await expire(worker);
    engine.bus.nudges = [];
    expect(await engine.upkeep.reap()).toBe(1);
    expect(await taskOf(runId)).toEqual({ status: 'queued', attempt: 2, charged: 0, lost_workers: 1 });
    expect(await outcomesOf(runId)).toEqual(['lost']);
    expect((await eventsOf(engine, runId)).at(-1)).toMatchObject({
      type: 'task.queued',
      attempt: 2,
      data: { reason: 'worker_lost' },
    });
    await engine.dispatcher.settle();
    expect(engine.queue.take()).toEqual([`${runId}.0.2`]);
    expect(engine.bus.nudges).toContainEqual({ kind: 'stop', attemptIds: [claim.attemptId] });
    expect(engine.bus.nudges).toContainEqual({
      kind: 'worker',
      event: expect.objectContaining({
        type: 'worker.lost',
        seq: 0,
        run_id: null,
        data: { worker_id: worker, hostname: 'there', pid: 2 },
      }),
    });
    expect(await engine.finishTasks.finish(claim, SUCCESS)).toBe('stale');
    await expectConsistent(engine, runId);
  });

  it('is told of once, however often the reaper looks', async () => {
    const worker = await register();
    await expire(worker);
    await engine.upkeep.reap();
    engine.bus.nudges = [];
    expect(await engine.upkeep.reap()).toBe(0);
    expect(engine.bus.nudges).toEqual([]);
  });

  it('can neither renew nor claim any more', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const worker = await register();
    await expire(worker);
    await engine.upkeep.reap();
    expect(await engine.leases.renew(worker, 60)).toBe(false);
    expect(await claimAs(worker)).toEqual([]);
    expect(await statusesOf(engine, runId)).toEqual({ a: 'queued' });
    expect((await engine.claimTasks.claim({ runId, idx: 0, attempt: 1 }, engine.workerId))?.attempt).toBe(1);
  });

  it('is not lost while it renews, even when it drains', async () => {
    const worker = await register();
    await engine.leases.drain(worker);
    await expire(worker);
    expect(await engine.leases.renew(worker, 60)).toBe(true);
    await engine.upkeep.reap();
    expect(await engine.rows('SELECT status FROM workers WHERE id = $1', [worker])).toEqual([
      { status: 'draining' },
    ]);
  });

  it('is forgotten after an hour', async () => {
    const [old, young] = [await register(), await register()];
    await expire(old);
    await expire(young);
    await engine.upkeep.reap();
    await engine.rows(`UPDATE workers SET last_heartbeat_at = now() - interval '61 minutes' WHERE id = $1`, [
      old,
    ]);
    await engine.upkeep.forgetLostWorkers();
    expect(
      await engine.rows('SELECT id, status FROM workers WHERE id = ANY ($1::uuid[])', [[old, young]]),
    ).toEqual([{ id: young, status: 'lost' }]);
  });

  it('is reaped once by four schedulers', async () => {
    const engines = await joinEngines(engine, 4);
    try {
      const runId = await startJob(engine, [noop('a'), noop('b'), noop('c')]);
      const worker = await register();
      expect(await claimAs(worker)).toHaveLength(3);
      await expire(worker);
      await Promise.all(engines.map(async (one) => await one.upkeep.reap()));
      expect(await outcomesOf(runId)).toEqual(['lost', 'lost', 'lost']);
      expect(await taskOf(runId)).toEqual({ status: 'queued', attempt: 2, charged: 0, lost_workers: 1 });
      const told = engine.bus.nudges.filter((nudge) => nudge.kind === 'worker');
      expect(told).toHaveLength(1);
      await expectConsistent(engine, runId);
    } finally {
      await closeEngines(engines.slice(1));
    }
  });
});

describe('A task that loses its worker', () => {
  async function lose(runId: string): Promise<void> {
    const worker = await register();
    expect(await claimAs(worker)).toHaveLength(1);
    await expire(worker);
    await engine.upkeep.reap();
    await expectConsistent(engine, runId);
  }

  it('three times running has failed, with an entry in the DLQ', async () => {
    const runId = await startJob(engine, [noop('a'), noop('below', ['a'])]);
    await lose(runId);
    await lose(runId);
    expect((await taskOf(runId)).status).toBe('queued');
    await lose(runId);
    expect(await taskOf(runId)).toEqual({ status: 'failed', attempt: 3, charged: 0, lost_workers: 3 });
    expect(await statusesOf(engine, runId)).toEqual({ a: 'failed', below: 'upstream_failed' });
    expect(await statusOf(engine, runId)).toBe('failed');
    expect(await outcomesOf(runId)).toEqual(['lost', 'lost', 'lost']);
    expect(
      await engine.rows(`SELECT status, error ->> 'code' AS code FROM dlq_entries WHERE run_id = $1`, [
        runId,
      ]),
    ).toEqual([{ status: 'pending', code: 'worker_lost' }]);
  });

  it('begins to count anew after an attempt that ended by itself', async () => {
    const runId = await startJob(engine, [noop('a', [], { max_retries: 5 })]);
    await lose(runId);
    await lose(runId);
    const [claim] = await claimAll(engine);
    await engine.finishTasks.finish(claim, failure());
    await engine.upkeep.wake();
    expect(await taskOf(runId)).toEqual({ status: 'queued', attempt: 4, charged: 1, lost_workers: 0 });
    await lose(runId);
    expect((await taskOf(runId)).status).toBe('queued');
  });

  it('does not lose it when the worker drains and hands it back', async () => {
    const runId = await startJob(engine, [noop('a')]);
    for (let round = 1; round <= 5; round += 1) {
      const [claim] = await claimAll(engine);
      expect(await engine.requeueTasks.requeue([{ ...claim, outcome: 'drained' }])).toBe(1);
    }
    expect(await taskOf(runId)).toEqual({ status: 'queued', attempt: 6, charged: 0, lost_workers: 0 });
    expect(new Set(await outcomesOf(runId))).toEqual(new Set(['drained']));
    await expectConsistent(engine, runId);
  });
});

describe('An attempt nobody takes care of', () => {
  it('is taken back when the row of its worker is gone', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const worker = await register();
    await claimAs(worker);
    await engine.leases.remove(worker);
    expect(await engine.upkeep.reap()).toBe(1);
    expect((await taskOf(runId)).status).toBe('queued');
    await expectConsistent(engine, runId);
  });

  it('is found by the worker that never heard the answer to its claim', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b')]);
    const [known, unheard] = await claimAll(engine);
    expect(await engine.leases.findUnknown(engine.workerId, [known.lease], 10)).toEqual([]);
    await engine.rows(`UPDATE tasks SET started_at = started_at - interval '11 seconds' WHERE run_id = $1`, [
      runId,
    ]);
    expect(await engine.leases.findUnknown(engine.workerId, [known.lease], 10)).toEqual([
      { runId, idx: unheard.idx, lease: unheard.lease },
    ]);
    expect(await engine.leases.findUnknown(engine.workerId, [], 10)).toHaveLength(2);
    expect(await engine.leases.findUnknown(randomUUID(), [], 10)).toEqual([]);
  });

  it('is named to the worker whose lease on it was taken away', async () => {
    await startJob(engine, [noop('a'), noop('b'), noop('c')]);
    const [kept, requeued, finished] = await claimAll(engine);
    await engine.requeueTasks.requeue([{ ...requeued, outcome: 'lost' }]);
    await engine.finishTasks.finish(finished, SUCCESS);
    const held = [kept, requeued, finished].map(({ runId, idx, lease }) => ({ runId, idx, lease }));
    const revoked = await engine.leases.findRevoked(held);
    expect(revoked).toHaveLength(2);
    expect(revoked).toEqual(expect.arrayContaining(held.slice(1)));
    expect(await engine.leases.findRevoked([])).toEqual([]);
  });
});

describe('A task that kills every worker it runs on', () => {
  beforeEach(async () => {
    const open = await engine.rows<{ run_id: string }>('SELECT run_id FROM jobs WHERE finished_at IS NULL');
    for (const { run_id } of open) await engine.cancelJobs.cancel(run_id);
    engine.queue.take();
  });

  /** As the sweep does: whatever is queued has its message. */
  async function offerAll(): Promise<void> {
    await engine.dispatcher.settle();
    engine.queue.take();
    engine.upkeep.forceSweep();
    await engine.upkeep.sweep(Date.now());
  }

  async function lossesOf(runId: string): Promise<Record<string, string>> {
    const tasks = await engine.rows<{ name: string; status: string; lost_workers: number }>(
      'SELECT name, status, lost_workers FROM tasks WHERE run_id = $1 ORDER BY idx',
      [runId],
    );
    return Object.fromEntries(tasks.map((task) => [task.name, `${task.status} after ${task.lost_workers}`]));
  }

  const INNOCENT = ['long1', 'long2', 'long3'];

  it.each(['first', 'last'])(
    'fails at the third, and its neighbours do not, when it comes %s',
    async (place) => {
      const tasks = INNOCENT.map((name) => noop(name));
      const runId = await startJob(
        engine,
        place === 'first' ? [noop('poison'), ...tasks] : [...tasks, noop('poison')],
      );
      const nameOf = async (claim: Claim): Promise<string> =>
        (await engine.versions.get(claim.dagVersionId)).graph.names[claim.idx];

      let ended = 0;
      for (let round = 1; ended < 4 && round < 20; round += 1) {
        await offerAll();
        const worker = await register();
        const claims = await claimAs(worker);
        const names = await Promise.all(claims.map(nameOf));
        if (names.includes('poison')) {
          // Nothing of the neighbours ends before it: they are long.
          await expire(worker);
          await engine.upkeep.reap();
          if ((await statusesOf(engine, runId)).poison === 'failed') ended += 1;
        } else {
          for (const claim of claims) await engine.finishTasks.finish(claim, SUCCESS);
          ended += claims.length;
        }
        await expectConsistent(engine, runId);
      }

      expect(await lossesOf(runId)).toEqual({
        poison: 'failed after 3',
        long1: 'succeeded after 0',
        long2: 'succeeded after 0',
        long3: 'succeeded after 0',
      });
      expect(
        await engine.rows(`SELECT task_name, error ->> 'code' AS code FROM dlq_entries WHERE run_id = $1`, [
          runId,
        ]),
      ).toEqual([{ task_name: 'poison', code: 'worker_lost' }]);
      expect(
        await engine.rows('SELECT sum(charged)::int AS charged FROM tasks WHERE run_id = $1', [runId]),
      ).toEqual([{ charged: 0 }]);
    },
  );

  it('is run beside tasks that are no suspects, and by another worker at the same time as another suspect', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b'), noop('fresh')]);
    await engine.rows(`UPDATE tasks SET lost_workers = 2 WHERE run_id = $1 AND name <> 'fresh'`, [runId]);
    const [one, other] = [await register(), await register()];
    expect((await claimAs(one)).map(({ idx }) => idx).sort()).toEqual([0, 2]);
    await offerAll();
    // Not in a later batch either.
    expect(await claimAs(one)).toEqual([]);
    await offerAll();
    const [claim] = await claimAs(other);
    expect(claim.idx).toBe(1);
    await engine.finishTasks.finish(claim, SUCCESS);
    expect(await lossesOf(runId)).toMatchObject({ b: 'succeeded after 0' });
    await engine.cancelJobs.cancel(runId);
  });

  it('does not stand in the way of another suspect when its own message is stale', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b')]);
    await engine.rows('UPDATE tasks SET lost_workers = 2 WHERE run_id = $1', [runId]);
    const [one, other] = [await register(), await register()];
    engine.queue.take();
    expect(await engine.claimTasks.claim({ runId, idx: 0, attempt: 1 }, one)).not.toBeNull();
    const both = [0, 1].map(async (idx) => await engine.claimTasks.claim({ runId, idx, attempt: 1 }, other));
    expect((await Promise.all(both)).map((claim) => claim?.idx)).toEqual([undefined, 1]);
    await engine.cancelJobs.cancel(runId);
  });
});
