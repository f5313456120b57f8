import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StartAllAnswer } from '../../../src/engine/start-jobs.js';
import type { IdempotencyKey } from '../../../src/persistence/idempotency-key.store.js';
import { runIdsOf } from '../../../src/persistence/transitions/start-all.js';
import {
  createDag,
  createEngine,
  type EngineUnderTest,
  expectConsistent,
  noop,
  runToEnd,
  statusOf,
} from '../../support/engine.js';
import { closeEngines, holdChange, joinEngines, range } from './contention.js';

let engines: EngineUnderTest[];
let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
  engines = await joinEngines(engine, 3);
}, 60_000);
afterAll(async () => await closeEngines(engines));

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

function keyOf(key: string, body = 'body'): IdempotencyKey {
  return { route: 'POST /jobs/batch', caller: 'anonymous', digest: sha256(key), fingerprint: sha256(body) };
}

async function startAll(dagIds: readonly number[], key?: IdempotencyKey, through = engine) {
  return await through.startJobs.startAll({
    jobs: dagIds.map((dagId, n) => ({ dagId, trigger: 'manual', params: { n } })),
    key,
  });
}

async function jobsOf(...dagIds: number[]): Promise<string[]> {
  const rows = await engine.rows<{ run_id: string }>(
    'SELECT run_id FROM jobs WHERE dag_id = ANY ($1) ORDER BY run_id',
    [dagIds],
  );
  return rows.map((row) => row.run_id);
}

function startedOf(answer: StartAllAnswer) {
  if (answer.kind !== 'started') throw new Error(`expected jobs, got ${answer.kind}`);
  return answer.jobs;
}

describe('Many jobs at once', () => {
  it('of several DAGs start whole, in the order asked for, and run to their ends', async () => {
    const one = await createDag(engine, [noop('a'), noop('b', ['a'])]);
    const other = await createDag(engine, [noop('x'), noop('y'), noop('z', ['x', 'y'])]);
    const dagIds = [other, one, one, other, one];
    const jobs = startedOf(await startAll(dagIds));
    expect(jobs.map((job) => job.dag_id)).toEqual(dagIds);
    expect(jobs.map((job) => job.params)).toEqual(range(5).map((n) => ({ n })));
    expect(jobs.map(({ size, roots }) => [size, roots])).toEqual([
      [3, 2],
      [2, 1],
      [2, 1],
      [3, 2],
      [2, 1],
    ]);
    expect(await jobsOf(one, other)).toEqual(jobs.map((job) => job.run_id));
    await runToEnd(engine);
    for (const { run_id: runId } of jobs) {
      expect(await statusOf(engine, runId)).toBe('succeeded');
      await expectConsistent(engine, runId);
    }
  });

  it('have a message for every task that is ready, and none while they wait for their time', async () => {
    const dagId = await createDag(engine, [noop('a'), noop('b'), noop('c', ['a'])]);
    await engine.dispatcher.settle();
    engine.queue.take();
    const runAt = new Date(Date.now() + 3_600_000);
    const jobs = startedOf(
      await engine.startJobs.startAll({
        jobs: range(60).map((n) => ({
          dagId,
          trigger: 'manual',
          priority: n === 0 ? 'critical' : undefined,
          runAt: n === 59 ? runAt : undefined,
        })),
      }),
    );
    await engine.dispatcher.settle();
    const messages = engine.queue.messages.splice(0);
    const ready = jobs.slice(0, 59).flatMap((job) => [`${job.run_id}.0.1`, `${job.run_id}.1.1`]);
    expect(messages.map((message) => message.attemptId).sort()).toEqual(ready.sort());
    expect(messages.filter((message) => message.priority === 'critical')).toHaveLength(2);
    expect(jobs.map((job) => job.status)).toEqual([...range(59).map(() => 'queued'), 'scheduled']);
    await expectConsistent(engine, jobs[0].run_id);
    await expectConsistent(engine, jobs[59].run_id);
  });

  it('do not start when one of their DAGs is not there, and say which', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const gone = await createDag(engine, [noop('a')]);
    await engine.rows('UPDATE dags SET deleted_at = now() WHERE id = $1', [gone]);
    const key = keyOf(randomUUID());
    for (const through of [undefined, key])
      expect(await startAll([dagId, gone, dagId, 2_000_000_000], through)).toEqual({
        kind: 'no_such_dags',
        places: [1, 3],
      });
    expect(await jobsOf(dagId)).toEqual([]);
    expect(startedOf(await startAll([dagId], key))).toHaveLength(1);
  });

  it('do not start in part when one of their DAGs is deleted while they wait for it', async () => {
    const dagIds = [await createDag(engine, [noop('a')]), await createDag(engine, [noop('a')])];
    const held = await holdChange(engine, 'UPDATE dags SET deleted_at = now() WHERE id = $1', [dagIds[1]]);
    const answer = startAll([...dagIds, ...dagIds]);
    await held.untilWaiting(1);
    await held.release();
    expect(await answer).toEqual({ kind: 'no_such_dags', places: [1, 3] });
    expect(await jobsOf(...dagIds)).toEqual([]);
  });

  it('start with the new version of a DAG that is changed while they wait for it', async () => {
    const dagIds = [await createDag(engine, [noop('a')]), await createDag(engine, [noop('a')])];
    const held = await holdChange(
      engine,
      `WITH added AS (INSERT INTO dag_versions (dag_id, version, tasks) SELECT dag_id, 2, tasks || tasks FROM dag_versions WHERE dag_id = $1)
       UPDATE dags SET version = 2 WHERE id = $1`,
      [dagIds[0]],
    );
    const answer = startAll(dagIds);
    await held.untilWaiting(1);
    await held.release();
    expect(startedOf(await answer).map((job) => [job.dag_version, job.size])).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  it('with more tasks together than one statement may write do not start', async () => {
    const dagId = await createDag(
      engine,
      range(5_001).map((n) => noop(`t${n}`)),
    );
    const key = keyOf(randomUUID());
    const tooMany = { kind: 'too_many_tasks', tasks: 20_004, limit: 20_000 };
    expect(await startAll([dagId, dagId, dagId, dagId])).toEqual(tooMany);
    expect(await startAll([dagId, dagId, dagId, dagId], key)).toEqual(tooMany);
    expect(await jobsOf(dagId)).toEqual([]);
    expect(startedOf(await startAll([dagId], key))).toHaveLength(1);
  });
});

describe('Twelve times the same jobs with one key', () => {
  it('through three processes, again and again, start once', async () => {
    for (const round of range(10)) {
      const dagId = await createDag(engine, [noop('a')]);
      const key = keyOf(`round-${round}-${randomUUID()}`);
      const answers = await Promise.all(
        range(12).map(async (n) => await startAll([dagId, dagId, dagId], key, engines[n % 3])),
      );
      const runIds = await jobsOf(dagId);
      expect(runIds).toHaveLength(3);
      expect(answers.filter((answer) => answer.kind === 'started')).toHaveLength(1);
      for (const answer of answers)
        if (answer.kind === 'replayed') expect(runIdsOf(answer.resource)).toEqual(runIds);
        else expect(['started', 'key_in_progress']).toContain(answer.kind);
      expect((await startAll([dagId, dagId, dagId], key, engines[2])).kind).toBe('replayed');
      expect(await startAll([dagId], { ...key, fingerprint: sha256('other') })).toEqual({
        kind: 'key_reused',
      });
    }
  });

  it('find their jobs when the DAG has been deleted since', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const key = keyOf(randomUUID());
    const jobs = startedOf(await startAll([dagId, dagId], key));
    await engine.rows('UPDATE dags SET deleted_at = now() WHERE id = $1', [dagId]);
    expect(await startAll([dagId, dagId], key, engines[1])).toEqual({
      kind: 'replayed',
      resource: jobs.map((job) => job.run_id).join(' '),
    });
  });
});
