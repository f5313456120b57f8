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
import { holdJob } from '../engine/contention.js';

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
});
afterEach(() => {
  engine.queue.take();
});
afterAll(async () => await engine.close());

interface Stage {
  runner: AttemptRunner;
  /** What the worker believes of itself. */
  lease: { id: string | null; trust: number; trustMs(): number };
  executed: string[];
  /** What the slots were told: that one is about to be free, and that it is, or goes on. */
  said: string[];
}

/** The real runner on the real engine; the identity, the executors and the slots are the test's. */
function stage(
  execute: (work: AttemptWork, signal: AbortSignal) => Promise<Outcome>,
  keepsSlots = false,
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
    mayKeepSlot: () => keepsSlots,
    expectEnd: () => {
      said.push('ends');
      return () => said.push('ended');
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
  return { runner, lease, executed, said };
}

const nothing = (): void => undefined;

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
    const { runner, executed } = stage(async () => SUCCESS, true);
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    await runner.handle(engine.queue.take()[0], nothing);
    expect(executed).toEqual(['a', 'b']);
    expect(await statusesOf(engine, runId)).toEqual({ a: 'succeeded', b: 'succeeded' });
    expect(runner.busy).toBe(0);
  });

  it('keeps its slot for a task of its own, and says before it writes that it ends where it has none', async () => {
    const { runner, said } = stage(async () => SUCCESS, true);
    await startJob(engine, [noop('a'), noop('own', ['a']), noop('b'), noop('shared', ['own', 'b'])]);
    const [a, b] = engine.queue.take();
    await runner.handle(a, nothing);
    // Nothing for `a`, whose slot goes on with `own`; `own` ends with `shared` still waiting for `b`.
    expect(said).toEqual(['ends', 'ended']);
    await runner.handle(b, nothing);
    // `b` makes `shared` ready and goes on with it, as no message came first.
    expect(said).toEqual(['ends', 'ended', 'ends', 'ended', 'ends', 'ended']);
    expect(engine.queue.take()).toEqual([]);
  });

  it('has its slot fetched for while its failure is written', async () => {
    const { runner, said } = stage(async () => failure(false), true);
    await startJob(engine, [noop('a'), noop('b', ['a'])]);
    await runner.handle(engine.queue.take()[0], nothing);
    expect(said).toEqual(['ends', 'ended']);
  });

  it('whose worker stops trusting itself before it begins is neither run nor charged', async () => {
    const { runner, lease, executed } = stage(async () => SUCCESS);
    const runId = await startJob(engine, [noop('a', [], { max_retries: 0 })]);
    // The claim is decided, then the trust ends.
    await runner.handle(engine.queue.take()[0], () => (lease.trust = 0));
    expect(executed).toEqual([]);
    expect(await taskOf(runId)).toMatchObject({ status: 'running', charged: 0 });
    await expectConsistent(engine, runId);
  });

  it('claimed under an identity that was lost meanwhile is not run under the next one', async () => {
    const { runner, lease, executed } = stage(async () => SUCCESS);
    const runId = await startJob(engine, [noop('a', [], { max_retries: 0 })]);
    await runner.handle(engine.queue.take()[0], () => (lease.id = '00000000-0000-4000-8000-000000000001'));
    expect(executed).toEqual([]);
    expect(await taskOf(runId)).toMatchObject({ status: 'running', charged: 0 });
  });

  it('keeps its slot busy while its claim is still under way', async () => {
    const { runner } = stage(async () => SUCCESS);
    const runId = await startJob(engine, [noop('a')]);
    const held = await holdJob(engine, runId);
    const handled = runner.handle(engine.queue.take()[0], nothing);
    await held.untilWaiting(1);
    const meanwhile = { busy: runner.busy, running: runner.count };
    await held.release();
    await handled;
    expect(meanwhile).toEqual({ busy: 1, running: 0 });
    expect(runner.busy).toBe(0);
  });

  it('stopped by a shutdown is handed back uncharged', async () => {
    const { runner } = stage(
      async (_, signal) =>
        await new Promise((resolve) => {
          signal.addEventListener('abort', () =>
            resolve({ kind: 'failed', error: { code: 'shutdown', message: '', retryable: true } }),
          );
        }),
    );
    const runId = await startJob(engine, [noop('a', [], { max_retries: 0 })]);
    const handled = runner.handle(engine.queue.take()[0], nothing);
    await eventually(() => expect(runner.count).toBe(1));
    await eventually(async () => expect(await taskOf(runId)).toMatchObject({ status: 'running' }));
    runner.stopAll('shutdown');
    await handled;
    expect(await taskOf(runId)).toEqual({ status: 'queued', charged: 0, attempt: 2, lost_workers: 0 });
  });

  it.each(['lease_lost', 'executor_lost'])(
    'stopped by the task host as the trusted time is over (%s) is neither charged nor counted as lost',
    async (code) => {
      const { runner, lease } = stage(async () => {
        lease.trust = 0;
        return { kind: 'failed', error: { code, message: '', retryable: true } };
      });
      const runId = await startJob(engine, [noop('a', [], { max_retries: 0 })]);
      await runner.handle(engine.queue.take()[0], nothing);
      // The reaper's, or handed back by the worker.
      expect(await taskOf(runId)).toEqual({ status: 'running', charged: 0, attempt: 1, lost_workers: 0 });
    },
  );

  it('that loses its executor three times in a row fails as its own cause, uncharged', async () => {
    const { runner } = stage(async () => ({
      kind: 'failed',
      error: { code: 'executor_lost', message: '', retryable: true },
    }));
    const runId = await startJob(engine, [noop('a', [], { max_retries: 0 })]);
    for (let loss = 1; loss <= 3; loss += 1) {
      await engine.dispatcher.settle();
      await runner.handle(engine.queue.take()[0], nothing);
    }
    expect(await taskOf(runId)).toEqual({ status: 'failed', charged: 0, attempt: 3, lost_workers: 3 });
    await expectConsistent(engine, runId);
  });
});
