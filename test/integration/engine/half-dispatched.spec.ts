import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jest } from '@jest/globals';
import { parseAttemptId } from '../../../src/domain/attempt-id.js';
import {
  claimAll,
  createDag,
  createEngine,
  type EngineUnderTest,
  expectConsistent,
  failure,
  joinEngine,
  noop,
  startJob,
  statusesOf,
  statusOf,
  SUCCESS,
} from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';

/** The process that dies: right behind the commit, before a message or a nudge has left it. */
let dying: EngineUnderTest;
/** Another one of the installation. */
let survivor: EngineUnderTest;

beforeAll(async () => {
  survivor = await createEngine();
});
afterAll(async () => await survivor.close());
beforeEach(async () => {
  dying = await joinEngine(survivor);
  survivor.queue.messages = [];
});

/** Takes the step as the process that dies in it. */
async function dieIn(step: () => Promise<unknown>): Promise<void> {
  jest.spyOn(dying.dispatcher, 'dispatch').mockImplementation(() => undefined);
  await step();
  await dying.close();
  expect(survivor.queue.messages).toEqual([]);
}

/**
 * As the schedulers do every half second: two looks at the counts, once what is queued is two seconds old; and once more for
 * as long as the sweep rests from an offer of before.
 */
async function sweep(): Promise<string[]> {
  const queued = await survivor.rows(
    `UPDATE tasks SET queued_at = queued_at - interval '3 seconds' WHERE status = 'queued' RETURNING idx`,
  );
  for (let look = 0; look < 3; look += 1) await survivor.upkeep.sweep(1_000_000);
  if (queued.length > 0)
    await eventually(
      async () => {
        await survivor.upkeep.sweep(1_000_000);
        expect(survivor.queue.messages).not.toEqual([]);
      },
      { timeoutMs: 10_000 },
    );
  return survivor.queue.take();
}

/** Runs what has a message, and whatever that makes ready. */
async function runAll(ids: string[]): Promise<void> {
  let claims = await Promise.all(
    ids.map(async (id) => await survivor.claimTasks.claim(parseAttemptId(id)!, survivor.workerId)),
  );
  while (claims.length > 0) {
    for (const claim of claims) if (claim !== null) await survivor.finishTasks.finish(claim, SUCCESS);
    claims = await claimAll(survivor);
  }
}

interface Half {
  runId: string;
  /** Attempts that are queued without a message, as `idx.attempt`. */
  ready: string[];
}

const CHAIN = [noop('a'), noop('b', ['a'])];

/** Each verb that makes attempts ready, in a process that dies behind its commit. */
const VERBS: Record<string, () => Promise<Half>> = {
  start: async () => {
    const dagId = await createDag(survivor, CHAIN);
    let runId = '';
    await dieIn(async () => {
      const answer = await dying.startJobs.start({ dagId, trigger: 'manual' });
      if (answer.kind === 'started') runId = answer.runId;
    });
    return { runId, ready: ['0.1'] };
  },
  succeed: async () => {
    const runId = await startJob(survivor, CHAIN);
    const [claim] = await claimAll(survivor);
    await dieIn(async () => await dying.finishTasks.finish(claim, SUCCESS));
    return { runId, ready: ['1.1'] };
  },
  wake: async () => {
    const runId = await startJob(survivor, [noop('a', [], { max_retries: 1 }), noop('b', ['a'])]);
    const [claim] = await claimAll(survivor);
    await survivor.finishTasks.finish(claim, failure());
    await dieIn(async () => await dying.upkeep.wake());
    return { runId, ready: ['0.2'] };
  },
  release: async () => {
    const dagId = await createDag(survivor, CHAIN);
    const runAt = new Date(Date.now() + 3_600_000);
    const answer = await survivor.startJobs.start({ dagId, trigger: 'manual', runAt });
    if (answer.kind !== 'started') throw new Error(answer.kind);
    await survivor.rows('UPDATE jobs SET scheduled_for = now() WHERE dag_id = $1', [dagId]);
    await dieIn(async () => await dying.upkeep.release());
    return { runId: answer.runId, ready: ['0.1'] };
  },
  requeue: async () => {
    const runId = await startJob(survivor, CHAIN);
    const [claim] = await claimAll(survivor);
    await dieIn(async () => await dying.requeueTasks.requeue([{ ...claim, outcome: 'drained' }]));
    return { runId, ready: ['0.2'] };
  },
  reap: async () => {
    const runId = await startJob(survivor, CHAIN);
    await claimAll(dying);
    await survivor.rows(`UPDATE workers SET lease_expires_at = now() - interval '1 s' WHERE id = $1`, [
      dying.workerId,
    ]);
    await dieIn(async () => await dying.upkeep.reap());
    return { runId, ready: ['0.2'] };
  },
  replay: async () => {
    const runId = await startJob(survivor, CHAIN);
    const [claim] = await claimAll(survivor);
    await survivor.finishTasks.finish(claim, failure(false));
    const [{ id }] = await survivor.rows<{ id: number }>('SELECT id FROM dlq_entries WHERE run_id = $1', [
      runId,
    ]);
    await dieIn(async () => await dying.replayTasks.replay(id, 'tester'));
    return { runId, ready: ['0.2'] };
  },
  rerun: async () => {
    const original = await startJob(survivor, CHAIN);
    await runAll(survivor.queue.take());
    await dieIn(async () => await dying.rerunJobs.rerun(original, 'start'));
    const [{ run_id: runId }] = await survivor.rows<{ run_id: string }>(
      `SELECT run_id FROM jobs WHERE status = 'queued' ORDER BY created_at DESC LIMIT 1`,
    );
    return { runId, ready: ['0.1'] };
  },
};

describe('A process that dies between the commit and the messages', () => {
  it.each(Object.keys(VERBS))('of "%s" leaves nothing that the sweep does not send', async (verb) => {
    const { runId, ready } = await VERBS[verb]();
    const sent = await sweep();
    expect(sent.filter((id) => id.startsWith(runId))).toEqual(ready.map((one) => `${runId}.${one}`));
    await runAll(sent);
    expect(await statusesOf(survivor, runId)).toEqual({ a: 'succeeded', b: 'succeeded' });
    expect(await statusOf(survivor, runId)).toBe('succeeded');
    await expectConsistent(survivor, runId);
  });

  it('of the last success leaves a job that has ended', async () => {
    const runId = await startJob(survivor, [noop('a')]);
    const [claim] = await claimAll(survivor);
    await dieIn(async () => await dying.finishTasks.finish(claim, SUCCESS));
    expect(await statusOf(survivor, runId)).toBe('succeeded');
    await expectConsistent(survivor, runId);
  });

  it('of the last failure leaves a job that has ended, with its entry in the DLQ', async () => {
    const runId = await startJob(survivor, CHAIN);
    const [claim] = await claimAll(survivor);
    await dieIn(async () => await dying.finishTasks.finish(claim, failure(false)));
    expect(await statusOf(survivor, runId)).toBe('failed');
    expect(await survivor.rows('SELECT status FROM dlq_entries WHERE run_id = $1', [runId])).toEqual([
      { status: 'pending' },
    ]);
    await expectConsistent(survivor, runId);
  });

  it('of a cancel leaves attempts whose worker finds them taken away at its next heartbeat', async () => {
    const runId = await startJob(survivor, CHAIN);
    const [claim] = await claimAll(survivor);
    await dieIn(async () => await dying.cancelJobs.cancel(runId));
    expect(await survivor.leases.findRevoked([claim])).toEqual([{ runId, idx: 0, lease: claim.lease }]);
    expect(await survivor.finishTasks.finish(claim, SUCCESS)).toBe('stale');
    await expectConsistent(survivor, runId);
  });
});

describe('The cancel of all jobs of a DAG', () => {
  it('ends although a job cannot be cancelled', async () => {
    const dagId = await createDag(survivor, CHAIN);
    const runIds: string[] = [];
    for (let job = 0; job < 3; job += 1) {
      const answer = await survivor.startJobs.start({ dagId, trigger: 'manual' });
      if (answer.kind === 'started') runIds.push(answer.runId);
    }
    // No transition makes such a job: it runs, and nothing of it is open.
    await survivor.rows(
      `WITH gone AS (UPDATE tasks SET status = 'succeeded' WHERE run_id = $1)
       UPDATE jobs SET tasks_queued = 0, tasks_blocked = 0, tasks_succeeded = 2 WHERE run_id = $1`,
      [runIds[1]],
    );
    await survivor.cancelJobs.cancelOfDag(dagId);
    expect(await Promise.all(runIds.map(async (runId) => await statusOf(survivor, runId)))).toEqual([
      'cancelled',
      'queued',
      'cancelled',
    ]);
    await survivor.rows(`UPDATE jobs SET status = 'succeeded', finished_at = now() WHERE run_id = $1`, [
      runIds[1],
    ]);
  });
});
