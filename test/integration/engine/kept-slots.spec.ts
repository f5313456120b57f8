import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome } from '../../../src/domain/outcome.js';
import type { TaskSpec } from '../../../src/domain/task-spec.js';
import type { Claim } from '../../../src/engine/claim-tasks.js';
import {
  type EngineUnderTest,
  SUCCESS,
  claimAll,
  createEngine,
  eventsOf,
  expectConsistent,
  failure,
  noop,
  startJob,
  statusOf,
  statusesOf,
} from '../../support/engine.js';

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(async () => await engine.close());

async function nameOf(claim: Claim): Promise<string> {
  return (await engine.versions.get(claim.dagVersionId)).graph.names[claim.idx];
}

describe('A slot that is kept', () => {
  it('goes on with the only child, which never has a message', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    const [a] = await claimAll(engine);
    const { answer, next } = await engine.finishTasks.finishAndKeep(a, SUCCESS, engine.workerId);
    await engine.dispatcher.settle();
    expect(answer).toBe('accepted');
    expect(next).toMatchObject({ runId, idx: 1, attempt: 1, priority: 'normal' });
    expect(engine.queue.take()).toEqual([]);
    expect(await statusesOf(engine, runId)).toEqual({ a: 'succeeded', b: 'running' });
    await expectConsistent(engine, runId);
    expect(await engine.finishTasks.finish(next!, SUCCESS)).toBe('accepted');
    expect(await statusOf(engine, runId)).toBe('succeeded');
  });

  it('leaves children to the queue when there are several', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b', ['a']), noop('c', ['a'])]);
    const [a] = await claimAll(engine);
    expect((await engine.finishTasks.finishAndKeep(a, SUCCESS, engine.workerId)).next).toBeNull();
    await engine.dispatcher.settle();
    expect(engine.queue.take()).toHaveLength(2);
    expect(await statusesOf(engine, runId)).toEqual({ a: 'succeeded', b: 'queued', c: 'queued' });
  });

  it('is kept by exactly one of the parents that finish together', async () => {
    const parents = Array.from({ length: 20 }, (_, i) => noop(`p${i}`));
    const runId = await startJob(engine, [
      ...parents,
      noop(
        'sink',
        parents.map((task) => task.name),
      ),
    ]);
    const claims = await claimAll(engine);
    const answers = await Promise.all(
      claims.map(async (claim) => await engine.finishTasks.finishAndKeep(claim, SUCCESS, engine.workerId)),
    );
    expect(answers.filter(({ next }) => next !== null)).toHaveLength(1);
    await expectConsistent(engine, runId);
  });

  it('is not kept for a worker that was declared lost', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    const [a] = await claimAll(engine);
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect((await engine.finishTasks.finishAndKeep(a, SUCCESS, nobody)).next).toBeNull();
    await engine.dispatcher.settle();
    expect(engine.queue.take()).toHaveLength(1);
    expect(await statusesOf(engine, runId)).toEqual({ a: 'succeeded', b: 'queued' });
  });

  it('ends any random DAG as the way through the queue does, with the same events', async () => {
    const dags = fc
      .array(
        fc.record({ parents: fc.array(fc.nat({ max: 20 }), { maxLength: 3 }), fails: fc.nat({ max: 9 }) }),
        {
          minLength: 1,
          maxLength: 12,
        },
      )
      .map((nodes) =>
        nodes.map(({ parents, fails }, i) => ({
          task: noop(`t${i}`, [...new Set(parents.filter((p) => p < i).map((p) => `t${p}`))], {
            max_retries: 0,
          }),
          fails: fails === 0,
        })),
      );
    await fc.assert(
      fc.asyncProperty(dags, async (nodes) => {
        const failing = new Set(nodes.filter((node) => node.fails).map((node) => node.task.name));
        const tasks = nodes.map((node) => node.task);
        expect(await runAll(tasks, failing, engine.workerId)).toEqual(await runAll(tasks, failing, null));
      }),
      { numRuns: 40 },
    );
  });
});

/** Runs a job to its end. @returns what it left, without what may differ: order between branches, who ran what */
async function runAll(
  tasks: TaskSpec[],
  failing: ReadonlySet<string>,
  keeper: string | null,
): Promise<unknown> {
  const runId = await startJob(engine, tasks);
  for (let claims = await claimAll(engine); claims.length > 0; claims = await claimAll(engine)) {
    await Promise.all(
      claims.map(async (first) => {
        for (let claim: Claim | null = first; claim !== null;) {
          const outcome: Outcome = failing.has(await nameOf(claim)) ? failure(false) : SUCCESS;
          claim = (await engine.finishTasks.finishAndKeep(claim, outcome, keeper)).next;
        }
      }),
    );
  }
  await expectConsistent(engine, runId);
  const events = (await eventsOf(engine, runId))
    .map((event) => `${event.type} ${event.task} ${event.attempt}`)
    .sort();
  return { status: await statusOf(engine, runId), tasks: await statusesOf(engine, runId), events };
}
