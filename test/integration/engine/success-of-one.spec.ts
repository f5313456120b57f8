import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TaskSpec } from '../../../src/domain/task-spec.js';
import type { Claim } from '../../../src/engine/claim-tasks.js';
import { succeedOne } from '../../../src/persistence/transitions/succeed-one.js';
import { succeedBatch } from '../../../src/persistence/transitions/succeed.js';
import type { SucceedInput, Successes } from '../../../src/persistence/transitions/success.js';
import {
  type EngineUnderTest,
  claimAll,
  createEngine,
  expectConsistent,
  failure,
  noop,
  startJob,
} from '../../support/engine.js';

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(async () => await engine.close());

type Way = (input: SucceedInput) => Promise<Successes>;
const one: Way = async (input) => await succeedOne(engine.database, input);
const batch: Way = async (input) => await succeedBatch(engine.database, [input]);

interface Plan {
  task: TaskSpec;
  fails: boolean;
  keeps: boolean;
}

/** Up to ten tasks, each with up to three parents among those before it. */
const plans = fc
  .array(
    fc.record({
      parents: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }),
      fails: fc.nat({ max: 7 }).map((n) => n === 0),
      keeps: fc.boolean(),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((nodes): Plan[] =>
    nodes.map(({ parents, fails, keeps }, i) => ({
      task: noop(`t${i}`, [...new Set(parents.filter((p) => p < i).map((p) => `t${p}`))], { max_retries: 0 }),
      fails,
      keeps,
    })),
  );

type Ref = Pick<Claim, 'runId' | 'idx' | 'attempt' | 'lease' | 'dagVersionId'>;

/** Runs a job one task after the other. @returns everything it said and left, without ids of runs and leases, and times */
async function run(plan: readonly Plan[], succeed: Way): Promise<unknown> {
  const runId = await startJob(
    engine,
    plan.map(({ task }) => task),
  );
  const said: unknown[] = [];
  const open: Ref[] = [];
  const refill = async (): Promise<boolean> => {
    open.push(...(await claimAll(engine)).sort((a, b) => a.idx - b.idx));
    return open.length > 0;
  };
  while (await refill()) {
    const claim = open.shift()!;
    const { graph } = await engine.versions.get(claim.dagVersionId);
    if (plan[claim.idx].fails) {
      const failed = failure(false);
      if (failed.kind === 'failed') await engine.finishTasks.bury(claim, failed.error, 'failed');
      continue;
    }
    const children = graph.children[claim.idx];
    const way = children.length <= 1 ? succeed : batch;
    const { effects, kept } = await way({
      runId,
      idx: claim.idx,
      lease: claim.lease,
      output: JSON.stringify({ of: claim.idx }),
      children,
      keeper: plan[claim.idx].keeps ? engine.workerId : null,
    });
    said.push(neutral(runId, { effects: effects.map(set).sort(byWhat), kept: kept.map(set) }));
    engine.dispatcher.dispatch(effects);
    await engine.dispatcher.settle();
    open.push(
      ...kept.map((task) => ({ ...task, runId, dagVersionId: task.dag_version_id, lease: task.lease })),
    );
  }
  await expectConsistent(engine, runId);
  return { said, left: neutral(runId, await everythingOf(runId)) };
}

function byWhat(a: { what?: unknown }, b: { what?: unknown }): number {
  return String(a.what) < String(b.what) ? -1 : 1;
}

/** The columns that say something: the batch answers with one shape of row for everything. */
function set(row: object): Record<string, unknown> {
  const { what, ...rest } = row as Record<string, unknown>;
  const said = Object.entries(rest).filter(([, value]) => value !== null);
  return Object.fromEntries([...said, ...(what === 'kept' ? [] : [['what', what]])]);
}

async function everythingOf(runId: string): Promise<unknown[]> {
  return await engine.rows(
    `SELECT to_jsonb(j) AS job,
            (SELECT jsonb_agg(to_jsonb(t) ORDER BY idx) FROM tasks t WHERE t.run_id = j.run_id) AS tasks,
            (SELECT jsonb_agg(to_jsonb(a) ORDER BY idx, attempt) FROM attempts a WHERE a.run_id = j.run_id) AS attempts,
            (SELECT jsonb_agg(to_jsonb(e) ORDER BY seq) FROM events e WHERE e.run_id = j.run_id) AS events
     FROM jobs j WHERE run_id = $1`,
    [runId],
  );
}

/** What differs between two runs of the same thing, replaced by whether it is there. */
function neutral(runId: string, value: unknown): unknown {
  const text = JSON.stringify(value, (key, entry: unknown) => {
    if (/^(lease|duration_ms|.*_at|at|entry_id|dag_id|dag_version_id)$/.test(key)) return entry !== null;
    return entry;
  });
  return JSON.parse(text.replaceAll(runId, 'the run'));
}

describe('The success of one task by itself', () => {
  it('says and leaves what the batch of one would, whatever the DAG', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        expect(await run(plan, one)).toEqual(await run(plan, batch));
      }),
      { numRuns: 60 },
    );
  });

  it('changes nothing under a lease that is not the newest', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    const [claim] = await claimAll(engine);
    const before = await everythingOf(runId);
    const lease = String(BigInt(claim.lease) + 1n);
    const input = { runId, idx: 0, lease, output: 'null', children: [1], keeper: engine.workerId };
    expect(await one(input)).toEqual({ effects: [], kept: [] });
    expect(await everythingOf(runId)).toEqual(before);
  });

  it('keeps nothing for a worker that is lost or draining', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    const [claim] = await claimAll(engine);
    const keeper = '00000000-0000-4000-8000-000000000000';
    const input = { runId, idx: 0, lease: claim.lease, output: 'null', children: [1], keeper };
    const { effects, kept } = await one(input);
    expect(kept).toEqual([]);
    expect(effects.map((effect) => effect.what).sort()).toEqual(['done', 'events', 'ready']);
  });
});
