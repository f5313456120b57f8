import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AttemptWork } from '../../../src/executors/executor.js';
import type { Executors } from '../../../src/executors/executors.js';
import type { Outcome } from '../../../src/domain/outcome.js';
import { LoseTasks } from '../../../src/engine/lose-tasks.js';
import { AttemptInputStore } from '../../../src/persistence/attempt-input.store.js';
import { AttemptLogStore } from '../../../src/persistence/attempt-log.store.js';
import type { TaskConsumer } from '../../../src/queue/task-consumer.js';
import { AttemptLogs } from '../../../src/runtime/attempt-logs.js';
import { AttemptRunner } from '../../../src/runtime/attempt-runner.js';
import { AttemptWorks } from '../../../src/runtime/attempt-work.js';
import type { WorkerLease } from '../../../src/runtime/worker-lease.js';
import {
  type EngineUnderTest,
  SUCCESS,
  createEngine,
  expectConsistent,
  failure,
  noop,
  startJob,
  statusesOf,
} from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';
import { type HeldRows, holdJob } from '../engine/contention.js';

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
});
afterEach(async () => {
  await letGo();
  engine.queue.take();
});
afterAll(async () => await engine.close());

/** The job that somebody holds, so that what is written of it has to wait. */
let held: HeldRows | null = null;
async function hold(runId: string): Promise<void> {
  held = await holdJob(engine, runId);
}
async function letGo(): Promise<void> {
  const rows = held;
  held = null;
  await rows?.release();
}

interface Stage {
  runner: AttemptRunner;
  /** What the worker believes of itself. */
  lease: { id: string | null; trust: number; trustMs(): number };
  executed: string[];
  /** Hands over the attempt of a message. */
  handle(attemptId: string, decided?: () => void): Promise<void>;
  /** In which order slots were asked for and given up, results written and messages done with. */
  said: string[];
}

/** The real runner on the real engine; the identity, the executors and the slots are the test's. */
function stage(
  execute: (work: AttemptWork, signal: AbortSignal) => Promise<Outcome>,
  mayKeepSlot: TaskConsumer['mayKeepSlot'] = () => false,
): Stage {
  const lease = {
    id: engine.workerId as string | null,
    trust: 60_000,
    trustMs(): number {
      return this.id === null ? 0 : this.trust;
    },
  };
  const executed: string[] = [];
  const executors = {
    execute: async (work: AttemptWork, signal: AbortSignal) => {
      executed.push(work.taskName);
      return await execute(work, signal);
    },
  };
  const said: string[] = [];
  const consumer: Partial<TaskConsumer> = {
    mayKeepSlot: (priority, inARow) => {
      const answer = mayKeepSlot(priority, inARow);
      said.push(`may it be kept after ${inARow}? ${answer ? 'yes' : 'no'}`);
      return answer;
    },
  };
  const runner = new AttemptRunner(
    lease as unknown as WorkerLease,
    engine.claimTasks,
    new AttemptWorks(new AttemptInputStore(engine.database), engine.versions, engine.config),
    executors as unknown as Executors,
    engine.finishTasks,
    engine.requeueTasks,
    new LoseTasks(engine.requeueTasks, engine.finishTasks),
    consumer as TaskConsumer,
    new AttemptLogs(new AttemptLogStore(engine.database), engine.config),
  );
  const handle = async (attemptId: string, decided = (): void => undefined): Promise<void> => {
    await runner.handle(attemptId, decided, () => said.push('released'));
    said.push('done');
  };
  return { runner, lease, executed, handle, said };
}

const always = (): boolean => true;
/** As it is while messages of the class wait. */
const notForLong = (_priority: unknown, inARow: number): boolean => inARow < 16;

async function taskOf(
  runId: string,
): Promise<{ status: string; charged: number; attempt: number; lost_workers: number }> {
  const [task] = await engine.rows<{
    status: string;
    charged: number;
    attempt: number;
    lost_workers: number;
  }>('SELECT status, charged, attempt, lost_workers FROM tasks WHERE run_id = $1 AND idx = 0', [runId]);
  return task;
}

describe('An attempt', () => {
  it('is run, its result stored, and its only child run in the slot that is kept', async () => {
    const { runner, executed, handle } = stage(async () => SUCCESS, always);
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    await handle(engine.queue.take()[0]);
    expect(executed).toEqual(['a', 'b']);
    expect(await statusesOf(engine, runId)).toEqual({ a: 'succeeded', b: 'succeeded' });
    expect(runner.busy).toBe(0);
  });

  it('keeps its slot for a task of its own, and releases it where it has none', async () => {
    const { executed, handle, said } = stage(async () => SUCCESS, notForLong);
    await startJob(engine, [noop('a'), noop('own', ['a']), noop('b'), noop('shared', ['own', 'b'])]);
    const [a, b] = engine.queue.take();
    await handle(a);
    // `own` leaves its slot to the messages that wait: `shared` may be long in coming.
    const goesOn = 'may it be kept after 0? yes';
    const givesUp = ['may it be kept after Infinity? no', 'released', 'done'];
    expect(said.splice(0)).toEqual([goesOn, ...givesUp]);
    await handle(b);
    expect(said).toEqual(givesUp);
    expect(executed).toEqual(['a', 'own', 'b']);
    // What it made ready has a message, as nobody kept a slot for it.
    await engine.dispatcher.settle();
    expect(engine.queue.take()).toHaveLength(1);
  });

  it('keeps its slot also for a task that waits for others, where no message may wait', async () => {
    const { executed, handle, said } = stage(async () => SUCCESS, always);
    await startJob(engine, [noop('a'), noop('b'), noop('shared', ['a', 'b'])]);
    const [a, b] = engine.queue.take();
    await handle(a);
    expect(said.splice(0)).toEqual(['may it be kept after Infinity? yes', 'done']);
    await handle(b);
    expect(executed).toEqual(['a', 'b', 'shared']);
    expect(said).toEqual(['may it be kept after Infinity? yes', 'released', 'done']);
    await engine.dispatcher.settle();
    expect(engine.queue.take()).toEqual([]);
  });

  it.each([
    ['result', SUCCESS],
    ['failure', failure(false)],
    ['failure that is tried again', failure(true)],
  ])('releases its slot before its %s is written, and is held until it is', async (_, outcome) => {
    const { runner, handle, said } = stage(async () => {
      await hold(runId);
      return outcome;
    });
    const runId = await startJob(engine, [noop('a', [], { max_retries: 1, retry_base_delay: 60 })]);
    const handled = handle(engine.queue.take()[0]);
    await eventually(() => expect(said).toEqual(['released']));
    await held!.untilWaiting(1);
    // It is vouched for, and waited for by who stops the worker.
    expect(runner.held()).toMatchObject([{ runId, idx: 0 }]);
    expect([runner.busy, runner.count]).toEqual([1, 1]);
    expect(await taskOf(runId)).toMatchObject({ status: 'running' });
    await letGo();
    await handled;
    expect(said).toEqual(['released', 'done']);
    expect([runner.busy, runner.held()]).toEqual([0, []]);
    expect((await taskOf(runId)).status).not.toBe('running');
    await expectConsistent(engine, runId);
  });

  it.each([
    ['after', 'cancelled'],
    ['before', 'succeeded'],
  ])('that ends as its job is cancelled, its result written %s that, is %s', async (when, status) => {
    let cancelled: Promise<unknown> | undefined;
    const cancel = async (): Promise<void> => {
      cancelled = engine.cancelJobs.cancel(runId);
      await held!.untilWaiting(when === 'after' ? 1 : 2);
    };
    const { runner, handle, said } = stage(async () => {
      await hold(runId);
      if (when === 'after') await cancel();
      return SUCCESS;
    });
    const runId = await startJob(engine, [noop('a')]);
    const [attemptId] = engine.queue.take();
    const handled = handle(attemptId);
    await eventually(() => expect(said).toEqual(['released']));
    await held!.untilWaiting(when === 'after' ? 2 : 1);
    if (when === 'before') await cancel();
    // Too late: it has ended by itself, and what it came to is on its way.
    runner.stop([attemptId], 'cancelled');
    await letGo();
    await Promise.all([handled, cancelled]);
    expect(await taskOf(runId)).toMatchObject({ status });
    expect([runner.busy, runner.held()]).toEqual([0, []]);
    await expectConsistent(engine, runId);
  });

  it('whose worker stops trusting itself before it begins is neither run nor charged', async () => {
    const { lease, executed, handle } = stage(async () => SUCCESS);
    const runId = await startJob(engine, [noop('a', [], { max_retries: 0 })]);
    // The claim is decided, then the trust ends.
    await handle(engine.queue.take()[0], () => (lease.trust = 0));
    expect(executed).toEqual([]);
    expect(await taskOf(runId)).toMatchObject({ status: 'running', charged: 0 });
    await expectConsistent(engine, runId);
  });

  it('claimed under an identity that was lost meanwhile is not run under the next one', async () => {
    const { lease, executed, handle } = stage(async () => SUCCESS);
    const runId = await startJob(engine, [noop('a', [], { max_retries: 0 })]);
    await handle(engine.queue.take()[0], () => (lease.id = '00000000-0000-4000-8000-000000000001'));
    expect(executed).toEqual([]);
    expect(await taskOf(runId)).toMatchObject({ status: 'running', charged: 0 });
  });

  it('keeps its slot busy while its claim is still under way', async () => {
    const { runner, handle } = stage(async () => SUCCESS);
    const runId = await startJob(engine, [noop('a')]);
    await hold(runId);
    const handled = handle(engine.queue.take()[0]);
    await held!.untilWaiting(1);
    const meanwhile = { busy: runner.busy, running: runner.count };
    await letGo();
    await handled;
    expect(meanwhile).toEqual({ busy: 1, running: 0 });
    expect(runner.busy).toBe(0);
  });

  it('stopped by a shutdown is handed back uncharged', async () => {
    const { runner, handle } = stage(
      async (_, signal) =>
        await new Promise((resolve) => {
          signal.addEventListener('abort', () =>
            resolve({ kind: 'failed', error: { code: 'shutdown', message: '', retryable: true } }),
          );
        }),
    );
    const runId = await startJob(engine, [noop('a', [], { max_retries: 0 })]);
    const handled = handle(engine.queue.take()[0]);
    await eventually(() => expect(runner.count).toBe(1));
    await eventually(async () => expect(await taskOf(runId)).toMatchObject({ status: 'running' }));
    runner.stopAll('shutdown');
    await handled;
    expect(await taskOf(runId)).toEqual({ status: 'queued', charged: 0, attempt: 2, lost_workers: 0 });
  });

  it.each(['lease_lost', 'executor_lost'])(
    'stopped by the task host as the trusted time is over (%s) is neither charged nor counted as lost',
    async (code) => {
      const { lease, handle } = stage(async () => {
        lease.trust = 0;
        return { kind: 'failed', error: { code, message: '', retryable: true } };
      });
      const runId = await startJob(engine, [noop('a', [], { max_retries: 0 })]);
      await handle(engine.queue.take()[0]);
      // The reaper's, or handed back by the worker.
      expect(await taskOf(runId)).toEqual({ status: 'running', charged: 0, attempt: 1, lost_workers: 0 });
    },
  );

  it('that loses its executor three times in a row fails as its own cause, uncharged', async () => {
    const { handle } = stage(async () => ({
      kind: 'failed',
      error: { code: 'executor_lost', message: '', retryable: true },
    }));
    const runId = await startJob(engine, [noop('a', [], { max_retries: 0 })]);
    for (let loss = 1; loss <= 3; loss += 1) {
      await engine.dispatcher.settle();
      await handle(engine.queue.take()[0]);
    }
    expect(await taskOf(runId)).toEqual({ status: 'failed', charged: 0, attempt: 3, lost_workers: 3 });
    await expectConsistent(engine, runId);
  });
});
