import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseAttemptId } from '../../../src/domain/attempt-id.js';
import type { Claim } from '../../../src/engine/claim-tasks.js';
import { AttemptLogStore } from '../../../src/persistence/attempt-log.store.js';
import { isDatabaseAway } from '../../../src/persistence/database-faults.js';
import { TickStore } from '../../../src/persistence/tick.store.js';
import { CronTicks } from '../../../src/scheduler/cron-ticks.js';
import {
  claimAll,
  createDag,
  createEngine,
  type EngineUnderTest,
  eventsOf,
  expectConsistent,
  failure,
  joinEngine,
  noop,
  startJob,
  statusesOf,
  statusOf,
  SUCCESS,
} from '../../support/engine.js';
import { LossyWay } from './lost-answers.js';

let first: EngineUnderTest;
/** With one connection: a verb that took a second one inside its transaction would wait for itself. */
let engine: EngineUnderTest;
let way: LossyWay;
beforeAll(async () => {
  first = await createEngine();
  engine = await joinEngine(first, 1);
  way = new LossyWay(engine.database);
});
afterAll(async () => {
  await engine.close();
  await first.close();
});
beforeEach(() => {
  engine.queue.messages = [];
});

/** The act whose acknowledgement is lost: it has failed for its caller, who does it again. @returns what that said */
async function again<Answer>(act: () => Promise<Answer>): Promise<Answer> {
  const before = way.lost;
  way.loseNext();
  const error = await act().then(
    () => null,
    (reason: unknown) => reason,
  );
  expect({ lost: way.lost - before, isAway: isDatabaseAway(error) }).toEqual({ lost: 1, isAway: true });
  return await act();
}

async function count(sql: string, params: unknown[]): Promise<number> {
  const [{ found }] = await first.rows<{ found: number }>(`SELECT count(*)::int AS found ${sql}`, params);
  return found;
}

async function outcomesOf(runId: string): Promise<string[]> {
  const attempts = await first.rows<{ outcome: string }>(
    'SELECT outcome FROM attempts WHERE run_id = $1 ORDER BY idx, attempt',
    [runId],
  );
  return attempts.map(({ outcome }) => outcome);
}

/** The messages of all that is queued of a job, those nobody heard of included: what the sweep is for. */
async function swept(runId: string): Promise<string[]> {
  engine.queue.messages = [];
  engine.upkeep.forceSweep();
  await engine.upkeep.sweep(Date.now());
  await engine.dispatcher.settle();
  return engine.queue.take().filter((id) => id.startsWith(runId));
}

/** What a heartbeat does about attempts that its worker never heard of. */
async function giveBackUnknown(known: readonly Claim[]): Promise<void> {
  const unknown = await engine.leases.findUnknown(
    engine.workerId,
    known.map(({ lease }) => lease),
    0,
  );
  await engine.requeueTasks.requeue(unknown.map((lease) => ({ ...lease, outcome: 'drained' })));
}

const key = () => ({
  route: 'POST /jobs',
  caller: 'anonymous',
  digest: createHash('sha256').update(randomUUID()).digest(),
  fingerprint: createHash('sha256').update('body').digest(),
});

/** A job whose first task failed for good. */
async function buried(): Promise<{ runId: string; entryId: number }> {
  const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
  const [claim] = await claimAll(engine);
  await engine.finishTasks.finish(claim, failure(false));
  const [{ id }] = await first.rows<{ id: number }>('SELECT id FROM dlq_entries WHERE run_id = $1', [runId]);
  return { runId, entryId: id };
}

async function dueNow(runId: string): Promise<void> {
  await first.rows(
    `UPDATE tasks SET next_retry_at = clock_timestamp()
                    WHERE run_id = $1 AND status = 'retrying'`,
    [runId],
  );
}

describe('The acknowledgement of a COMMIT is lost, and the caller does it again:', () => {
  it('a start with a key has made one job', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const request = { dagId, trigger: 'manual' as const, key: key() };
    const answer = await again(async () => await engine.startJobs.start(request));
    const [{ run_id: runId }, ...more] = await first.rows<{ run_id: string }>(
      'SELECT run_id FROM jobs WHERE dag_id = $1',
      [dagId],
    );
    expect(more).toEqual([]);
    expect(answer).toEqual({ kind: 'replayed', resource: runId });
    expect(await swept(runId)).toEqual([`${runId}.0.1`]);
    await expectConsistent(engine, runId);
  });

  it('a start without a key has made two, each of them whole', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    await again(async () => await engine.startJobs.start({ dagId, trigger: 'manual' }));
    const jobs = await first.rows<{ run_id: string }>('SELECT run_id FROM jobs WHERE dag_id = $1', [dagId]);
    expect(jobs).toHaveLength(2);
    for (const { run_id: runId } of jobs) {
      expect(await swept(runId)).toEqual([`${runId}.0.1`]);
      await expectConsistent(engine, runId);
    }
  });

  it('a tick has its one job, and the schedule moves on', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    await first.rows(
      `UPDATE dags SET cron_expression = '0 0 1 1 *', timezone = 'UTC', next_run_at = date_trunc('second', now()) WHERE id = $1`,
      [dagId],
    );
    const ticks = new CronTicks(new TickStore(engine.database), engine.startJobs);
    for (const lost of ['the start', 'the move of the cursor']) {
      way.loseNext();
      // It logs, rather than fails, what concerns one DAG.
      await ticks.fire();
      expect({ lost, jobs: await count('FROM jobs WHERE dag_id = $1', [dagId]) }).toEqual({ lost, jobs: 1 });
    }
    await ticks.fire();
    expect(await count('FROM jobs WHERE dag_id = $1', [dagId])).toBe(1);
    expect(await count('FROM dags WHERE id = $1 AND next_run_at > now()', [dagId])).toBe(1);
  });

  it('a rerun with a key has made one job', async () => {
    const { runId } = await buried();
    const one = key();
    const answer = await again(async () => await engine.rerunJobs.rerun(runId, 'start', one));
    const made = await first.rows<{ run_id: string }>('SELECT run_id FROM jobs WHERE rerun_of = $1', [runId]);
    expect(made).toHaveLength(1);
    expect(answer).toEqual({ kind: 'replayed', resource: made[0].run_id });
    await expectConsistent(engine, made[0].run_id);
  });

  it('a claim is not given out twice, and the heartbeat gives it back uncharged', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const attempt = parseAttemptId(engine.queue.take()[0])!;
    expect(await again(async () => await engine.claimTasks.claim(attempt, engine.workerId))).toBeNull();
    expect(await statusesOf(engine, runId)).toEqual({ a: 'running' });
    await giveBackUnknown([]);
    const [claim] = await claimAll(engine);
    expect(claim).toMatchObject({ runId, attempt: 2, charged: 0, lostWorkers: 0 });
    expect(await engine.finishTasks.finish(claim, SUCCESS)).toBe('accepted');
    expect(await outcomesOf(runId)).toEqual(['drained', 'succeeded']);
    await expectConsistent(engine, runId);
  });

  it('a success is accepted once, and what became ready gets its message', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    const [claim] = await claimAll(engine);
    expect(await again(async () => await engine.finishTasks.finish(claim, SUCCESS))).toBe('stale');
    expect(await statusesOf(engine, runId)).toEqual({ a: 'succeeded', b: 'queued' });
    expect(await outcomesOf(runId)).toEqual(['succeeded']);
    expect(await swept(runId)).toEqual([`${runId}.1.1`]);
    await expectConsistent(engine, runId);
  });

  it('a success that kept its child does not lose it', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    const [claim] = await claimAll(engine);
    const keep = async () => await engine.finishTasks.finishAndKeep(claim, SUCCESS, engine.workerId);
    expect(await again(keep)).toEqual({ answer: 'stale', next: null });
    expect(await statusesOf(engine, runId)).toEqual({ a: 'succeeded', b: 'running' });
    await giveBackUnknown([]);
    const [child] = await claimAll(engine);
    expect(child).toMatchObject({ runId, idx: 1, attempt: 2, charged: 0 });
    await engine.finishTasks.finish(child, SUCCESS);
    expect(await statusOf(engine, runId)).toBe('succeeded');
    await expectConsistent(engine, runId);
  });

  it('a failure is charged once, and woken once', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const [claim] = await claimAll(engine);
    expect(await again(async () => await engine.finishTasks.finish(claim, failure()))).toBe('stale');
    expect(await count('FROM tasks WHERE run_id = $1 AND charged = 1', [runId])).toBe(1);
    await dueNow(runId);
    expect(await again(async () => await engine.upkeep.wake())).toBe(0);
    expect(await swept(runId)).toEqual([`${runId}.0.2`]);
    expect(await outcomesOf(runId)).toEqual(['failed']);
    await expectConsistent(engine, runId);
  });

  it('a burial leaves one entry in the DLQ', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    const [claim] = await claimAll(engine);
    expect(await again(async () => await engine.finishTasks.finish(claim, failure(false)))).toBe('stale');
    expect(await count('FROM dlq_entries WHERE run_id = $1', [runId])).toBe(1);
    expect(await statusOf(engine, runId)).toBe('failed');
    await expectConsistent(engine, runId);
  });

  it('a requeue makes one new attempt', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const [claim] = await claimAll(engine);
    const requeue = async () => await engine.requeueTasks.requeue([{ ...claim, outcome: 'drained' }]);
    expect(await again(requeue)).toBe(0);
    expect(await swept(runId)).toEqual([`${runId}.0.2`]);
    await expectConsistent(engine, runId);
  });

  it('a cancellation says that the job is cancelled', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b')]);
    await claimAll(engine);
    expect(await again(async () => await engine.cancelJobs.cancel(runId))).toBe('already_cancelled');
    const cancelled = (await eventsOf(engine, runId)).filter(({ type }) => type === 'job.cancelled');
    expect(cancelled).toHaveLength(1);
    await expectConsistent(engine, runId);
  });

  it('a replay brings the task back once', async () => {
    const { runId, entryId } = await buried();
    expect(await again(async () => await engine.replayTasks.replay(entryId, 'me'))).toBe('not_pending');
    expect(await swept(runId)).toEqual([`${runId}.0.2`]);
    expect(await statusesOf(engine, runId)).toEqual({ a: 'queued', b: 'blocked' });
    await expectConsistent(engine, runId);
  });

  it.each([
    ['by a note', undefined, { a: 'failed', b: 'upstream_failed' }],
    ['with an output', 1, { a: 'succeeded', b: 'queued' }],
  ])('a resolution %s closes the entry once', async (_how, output, statuses) => {
    const { runId, entryId } = await buried();
    const resolve = async () => await engine.replayTasks.resolve(entryId, 'me', 'note', output);
    expect(await again(resolve)).toBe('not_pending');
    expect(await statusesOf(engine, runId)).toEqual(statuses);
    const resolved = (await eventsOf(engine, runId)).filter(({ type }) => type === 'dlq.resolved');
    expect(resolved).toHaveLength(1);
    await expectConsistent(engine, runId);
  });

  it('a scheduled job is released once', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const runAt = new Date(Date.now() + 3_600_000);
    const answer = await engine.startJobs.start({ dagId, trigger: 'manual', runAt });
    const runId = answer.kind === 'started' ? answer.runId : '';
    await first.rows('UPDATE jobs SET scheduled_for = now() WHERE run_id = $1', [runId]);
    expect(await again(async () => await engine.upkeep.release())).toBe(0);
    expect(await swept(runId)).toEqual([`${runId}.0.1`]);
    await expectConsistent(engine, runId);
  });

  it('a worker is registered once, renews, drains and leaves', async () => {
    const worker = { id: randomUUID(), hostname: 'here', pid: 1, slots: 1, version: '0' };
    expect(await again(async () => await engine.leases.register(worker, 60))).toBe(true);
    expect(await again(async () => await engine.leases.renew(worker.id, 60))).toBe(true);
    await again(async () => await engine.leases.drain(worker.id));
    expect(await count(`FROM workers WHERE id = $1 AND status = 'draining'`, [worker.id])).toBe(1);
    await again(async () => await engine.leases.remove(worker.id));
    expect(await count('FROM workers WHERE id = $1', [worker.id])).toBe(0);
  });

  it('what a lost worker held is taken back once', async () => {
    const workerId = randomUUID();
    await engine.leases.register({ id: workerId, hostname: 'here', pid: 1, slots: 1, version: '0' }, 60);
    const runId = await startJob(engine, [noop('a')]);
    await engine.claimTasks.claim(parseAttemptId(engine.queue.take()[0])!, workerId);
    await first.rows(`UPDATE workers SET lease_expires_at = now() WHERE id = $1`, [workerId]);
    expect(await again(async () => await engine.upkeep.reap())).toBe(1);
    expect(await engine.upkeep.reap()).toBe(0);
    expect(await outcomesOf(runId)).toEqual(['lost']);
    expect(await swept(runId)).toEqual([`${runId}.0.2`]);
    await expectConsistent(engine, runId);
  });

  it('a piece of a log is there once', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const store = new AttemptLogStore(engine.database);
    const ref = { runId, idx: 0, attempt: 1 };
    const piece = { ref, fromByte: 0, stream: 'stdout' as const, atMs: 0, text: 'hello', leftOutBytes: 0 };
    await again(async () => await store.append([piece]));
    expect(await count('FROM attempt_logs WHERE run_id = $1', [runId])).toBe(1);
  });
});

describe('Jobs of which every third acknowledgement is lost', () => {
  /** Random, but the same each time. */
  function seeded(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  /** As whoever waits for the database does. */
  async function persist<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
      }
    }
  }

  it('end as they should, with each effect once', async () => {
    const random = seeded(20_260_101);
    const dagId = await createDag(engine, [
      noop('a', [], { max_retries: 1 }),
      ...[1, 2, 3].map((n) => noop(`b${n}`, ['a'], { max_retries: 1 })),
      noop('c', ['b1', 'b2', 'b3'], { max_retries: 1 }),
    ]);
    const runIds: string[] = [];
    const before = way.lost;
    while (way.lost - before < 200) {
      way.loseEach(1 / 3, random);
      const request = { dagId, trigger: 'manual' as const, key: key() };
      const started = await persist(async () => await engine.startJobs.start(request));
      const runId =
        started.kind === 'started' ? started.runId : started.kind === 'replayed' ? started.resource : '';
      runIds.push(runId);
      while (!['succeeded', 'failed'].includes(await statusOf(engine, runId))) {
        await dueNow(runId);
        await persist(async () => await engine.upkeep.wake());
        for (const id of await swept(runId)) {
          const claim = await persist(
            async () => await engine.claimTasks.claim(parseAttemptId(id)!, engine.workerId),
          );
          if (claim === null) continue;
          const outcome = random() < 0.3 ? failure() : SUCCESS;
          await persist(async () => await engine.finishTasks.finish(claim, outcome));
        }
        await persist(async () => await giveBackUnknown([]));
      }
      way.loseEach(0, random);
    }

    for (const runId of runIds) {
      await expectConsistent(engine, runId);
      const [row] = await first.rows<Record<string, number>>(
        `SELECT (SELECT count(*)::int FROM tasks WHERE run_id = $1 AND status = 'succeeded') AS succeeded,
                (SELECT count(*)::int FROM attempts WHERE run_id = $1 AND outcome = 'succeeded') AS successes,
                (SELECT count(*)::int FROM tasks WHERE run_id = $1 AND status = 'failed') AS failed,
                (SELECT count(*)::int FROM dlq_entries WHERE run_id = $1) AS entries,
                (SELECT sum(charged)::int FROM tasks WHERE run_id = $1) AS charged,
                (SELECT count(*)::int FROM attempts WHERE run_id = $1 AND outcome = 'failed') AS failures`,
        [runId],
      );
      expect(row).toMatchObject({ succeeded: row.successes, failed: row.entries, charged: row.failures });
    }
    expect(await count('FROM jobs WHERE dag_id = $1', [dagId])).toBe(runIds.length);
  }, 120_000);
});
