import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskSpec } from '../../../src/domain/task-spec.js';
import {
  claimAll,
  createEngine,
  type EngineUnderTest,
  eventsOf,
  expectConsistent,
  failure,
  noop,
  runToEnd,
  startJob,
  statusesOf,
  statusOf,
  SUCCESS,
} from '../../support/engine.js';
import { closeEngines, holdJob, holdRows, joinEngines } from './contention.js';

let engines: EngineUnderTest[];
let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine({ MAX_RETRIES: '0' });
  engines = await joinEngines(engine, 3);
});
afterAll(async () => await closeEngines(engines));

/** Runs a job whose tasks named `bad…` fail for good. @returns the job and its pending entries by task name */
async function failed(tasks: TaskSpec[]): Promise<{ runId: string; entries: Record<string, number> }> {
  const runId = await startJob(engine, tasks);
  await runToEnd(engine, (name) => (name.startsWith('bad') ? failure() : SUCCESS));
  return { runId, entries: await entriesOf(runId) };
}

async function entriesOf(runId: string): Promise<Record<string, number>> {
  const rows = await engine.rows<{ id: number; task_name: string }>(
    `SELECT id, task_name FROM dlq_entries WHERE run_id = $1 AND status = 'pending'`,
    [runId],
  );
  return Object.fromEntries(rows.map((row) => [row.task_name, row.id]));
}

describe('Replaying a DLQ entry', () => {
  it('acts once when two people do it at the same moment', async () => {
    const { runId, entries } = await failed([noop('bad'), noop('below', ['bad'])]);
    const held = await holdJob(engine, runId);
    const answers = engines
      .slice(0, 2)
      .map(async (one, index) => await one.replayTasks.replay(entries.bad, `p${index}`));
    await held.untilWaiting(2);
    await held.release();
    expect((await Promise.all(answers)).sort()).toEqual(['done', 'not_pending']);
    expect(await statusesOf(engine, runId)).toEqual({ bad: 'queued', below: 'blocked' });
    await expectConsistent(engine, runId);
    expect(await runToEnd(engine)).toEqual(['bad', 'below']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
  });

  it('gives the task fresh retries and a new entry when it fails again', async () => {
    const { runId, entries } = await failed([noop('bad', [], { max_retries: 1 })]);
    await engine.replayTasks.replay(entries.bad, 'tester');
    const order = await runToEnd(engine, () => failure());
    expect(order).toEqual(['bad', 'bad']);
    const rows = await engine.rows(
      'SELECT status, attempts, resolved_by FROM dlq_entries WHERE run_id = $1 ORDER BY id',
      [runId],
    );
    expect(rows).toEqual([
      { status: 'replayed', attempts: 2, resolved_by: 'tester' },
      { status: 'pending', attempts: 4, resolved_by: null },
    ]);
    await expectConsistent(engine, runId);
  });

  it('leaves a child of two failed parents upstream_failed until both are back', async () => {
    const { runId, entries } = await failed([
      noop('bad-1'),
      noop('bad-2'),
      noop('child', ['bad-1', 'bad-2']),
      noop('leaf', ['child']),
    ]);
    await engine.replayTasks.replay(entries['bad-1'], 'tester');
    await runToEnd(engine);
    expect(await statusesOf(engine, runId)).toEqual({
      'bad-1': 'succeeded',
      'bad-2': 'failed',
      child: 'upstream_failed',
      leaf: 'upstream_failed',
    });
    expect(await statusOf(engine, runId)).toBe('failed');
    await expectConsistent(engine, runId);
    await engine.replayTasks.replay(entries['bad-2'], 'tester');
    expect(await statusesOf(engine, runId)).toMatchObject({ child: 'blocked', leaf: 'blocked' });
    expect(await runToEnd(engine)).toEqual(['bad-2', 'child', 'leaf']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
    await expectConsistent(engine, runId);
  });

  it('works while the job still runs', async () => {
    const runId = await startJob(engine, [noop('bad'), noop('slow'), noop('both', ['bad', 'slow'])]);
    const [bad, slow] = await claimAll(engine);
    await engine.finishTasks.finish(bad, failure());
    const { bad: entry } = await entriesOf(runId);
    expect(await engine.replayTasks.replay(entry, 'tester')).toBe('done');
    expect(await statusesOf(engine, runId)).toEqual({ bad: 'queued', slow: 'running', both: 'blocked' });
    await expectConsistent(engine, runId);
    await engine.finishTasks.finish(slow, SUCCESS);
    expect(await runToEnd(engine)).toEqual(['bad', 'both']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
    const ends = (await eventsOf(engine, runId)).filter((event) => event.type === 'job.succeeded');
    expect(ends).toHaveLength(1);
    await expectConsistent(engine, runId);
  });

  it('counts a parent that succeeds while the replay is committed', async () => {
    const runId = await startJob(engine, [noop('bad'), noop('slow'), noop('both', ['bad', 'slow'])]);
    const [bad, slow] = await claimAll(engine);
    await engine.finishTasks.finish(bad, failure());
    const { bad: entry } = await entriesOf(runId);
    const held = await holdJob(engine, runId);
    const replay = engines[1].replayTasks.replay(entry, 'tester');
    await held.untilWaiting(1);
    // Its snapshot is older than the replay it waits for: it still sees `both` as upstream_failed.
    const finish = engines[2].finishTasks.finish(slow, SUCCESS);
    await held.untilWaiting(2);
    await held.release();
    expect(await Promise.all([replay, finish])).toEqual(['done', 'accepted']);
    await expectConsistent(engine, runId);
    await engines[1].dispatcher.settle();
    expect(await runToEnd(engine)).toEqual(['bad', 'both']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
  });

  it('counts a parent that succeeds while a resolve with an output is committed', async () => {
    const runId = await startJob(engine, [noop('bad'), noop('slow'), noop('both', ['bad', 'slow'])]);
    const [bad, slow] = await claimAll(engine);
    await engine.finishTasks.finish(bad, failure());
    const { bad: entry } = await entriesOf(runId);
    const held = await holdJob(engine, runId);
    const resolve = engines[1].replayTasks.resolve(entry, 'tester', null, 1);
    await held.untilWaiting(1);
    const finish = engines[2].finishTasks.finish(slow, SUCCESS);
    await held.untilWaiting(2);
    await held.release();
    expect(await Promise.all([resolve, finish])).toEqual(['done', 'accepted']);
    expect(await statusesOf(engine, runId)).toEqual({ bad: 'succeeded', slow: 'succeeded', both: 'queued' });
    await expectConsistent(engine, runId);
    await Promise.all(engines.map(async (one) => await one.dispatcher.settle()));
    expect(await runToEnd(engine)).toEqual(['both']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
  });

  it('dooms again what a parent is above that fails while the replay is committed', async () => {
    const runId = await startJob(engine, [noop('bad'), noop('worse'), noop('both', ['bad', 'worse'])]);
    const [bad, worse] = await claimAll(engine);
    await engine.finishTasks.finish(bad, failure());
    const { bad: entry } = await entriesOf(runId);
    const held = await holdJob(engine, runId);
    const replay = engines[1].replayTasks.replay(entry, 'tester');
    await held.untilWaiting(1);
    const finish = engines[2].finishTasks.finish(worse, failure());
    await held.untilWaiting(2);
    await held.release();
    expect(await Promise.all([replay, finish])).toEqual(['done', 'accepted']);
    expect(await statusesOf(engine, runId)).toEqual({
      bad: 'queued',
      worse: 'failed',
      both: 'upstream_failed',
    });
    expect(await runToEnd(engine)).toEqual(['bad']);
    expect(await statusOf(engine, runId)).toBe('failed');
    await expectConsistent(engine, runId);
  });

  it('is refused for a cancelled job, whose entry stays pending', async () => {
    const runId = await startJob(engine, [noop('bad'), noop('slow')]);
    const [bad] = await claimAll(engine);
    await engine.finishTasks.finish(bad, failure());
    expect(await statusesOf(engine, runId)).toEqual({ bad: 'failed', slow: 'running' });
    await engine.cancelJobs.cancel(runId);
    const { bad: entry } = await entriesOf(runId);
    expect(await engine.replayTasks.replay(entry, 'tester')).toBe('job_cancelled');
    expect(await engine.replayTasks.resolve(entry, 'tester', null, 'by hand')).toBe('job_cancelled');
    expect(await entriesOf(runId)).toEqual({ bad: entry });
    expect(await engine.replayTasks.resolve(entry, 'tester', 'only noted')).toBe('done');
    expect(await statusOf(engine, runId)).toBe('cancelled');
    await expectConsistent(engine, runId);
  });

  it('is refused once the DAG has been deleted, though the entry may be closed', async () => {
    const { runId, entries } = await failed([noop('bad'), noop('below', ['bad'])]);
    const [{ dag_id: dagId }] = await engine.rows<{ dag_id: number }>(
      'SELECT dag_id FROM jobs WHERE run_id = $1',
      [runId],
    );
    const held = await holdRows(engine, 'SELECT 1 FROM dags WHERE id = $1', [dagId]);
    const deletion = engines[1].rows('UPDATE dags SET deleted_at = now() WHERE id = $1', [dagId]);
    await held.untilWaiting(1);
    const replay = engines[2].replayTasks.replay(entries.bad, 'tester');
    await held.untilWaiting(2);
    await held.release();
    await deletion;
    expect(await replay).toBe('dag_deleted');
    expect(await engine.replayTasks.resolve(entries.bad, 'tester', null, 1)).toBe('dag_deleted');
    expect(await entriesOf(runId)).toEqual(entries);
    expect(await engine.replayTasks.resolve(entries.bad, 'tester', 'not needed')).toBe('done');
    expect(await statusOf(engine, runId)).toBe('failed');
    await expectConsistent(engine, runId);
  });

  it('ends in a cancelled job or a cancelled task when a cancel comes at the same moment', async () => {
    const { runId, entries } = await failed([noop('bad'), noop('below', ['bad'])]);
    const held = await holdJob(engine, runId);
    const replay = engines[1].replayTasks.replay(entries.bad, 'tester');
    await held.untilWaiting(1);
    const cancel = engines[2].cancelJobs.cancel(runId);
    await held.untilWaiting(2);
    await held.release();
    expect(await Promise.all([replay, cancel])).toEqual(['done', 'cancelled']);
    expect(await statusesOf(engine, runId)).toEqual({ bad: 'cancelled', below: 'cancelled' });
    await expectConsistent(engine, runId);
    expect(await runToEnd(engine)).toEqual([]);
  });

  it('says so when there is no such entry', async () => {
    expect(await engine.replayTasks.replay(2_000_000_000, 'tester')).toBe('no_such_entry');
    expect(await engine.replayTasks.resolve(2_000_000_000, 'tester', null)).toBe('no_such_entry');
  });
});

describe('Resolving a DLQ entry', () => {
  it('without an output closes the entry and changes nothing else', async () => {
    const { runId, entries } = await failed([noop('bad'), noop('below', ['bad'])]);
    expect(await engine.replayTasks.resolve(entries.bad, 'tester', 'known')).toBe('done');
    expect(await statusesOf(engine, runId)).toEqual({ bad: 'failed', below: 'upstream_failed' });
    expect(await statusOf(engine, runId)).toBe('failed');
    expect(
      await engine.rows('SELECT status, resolved_by, note FROM dlq_entries WHERE id = $1', [entries.bad]),
    ).toEqual([{ status: 'resolved', resolved_by: 'tester', note: 'known' }]);
    expect((await eventsOf(engine, runId)).at(-1)).toMatchObject({ type: 'dlq.resolved', task: 'bad' });
    expect(await engine.replayTasks.resolve(entries.bad, 'tester', null, 1)).toBe('not_pending');
    expect(await engine.replayTasks.replay(entries.bad, 'tester')).toBe('not_pending');
    await expectConsistent(engine, runId);
  });

  it('with an output ends the job at once when the task was its last', async () => {
    const { runId, entries } = await failed([noop('good'), noop('bad', ['good'])]);
    expect(await engine.replayTasks.resolve(entries.bad, 'tester', null, { by: 'hand' })).toBe('done');
    expect(await statusOf(engine, runId)).toBe('succeeded');
    expect(
      await engine.rows(`SELECT output, error FROM tasks WHERE run_id = $1 AND name = 'bad'`, [runId]),
    ).toEqual([{ output: { by: 'hand' }, error: null }]);
    expect((await eventsOf(engine, runId)).slice(-3).map((event) => event.type)).toEqual([
      'dlq.resolved',
      'task.succeeded',
      'job.succeeded',
    ]);
    await expectConsistent(engine, runId);
  });

  it('with an output lets the tasks below go on, and takes null for one', async () => {
    const { runId, entries } = await failed([noop('bad'), noop('below', ['bad']), noop('leaf', ['below'])]);
    expect(await engine.replayTasks.resolve(entries.bad, 'tester', null, null)).toBe('done');
    expect(await statusesOf(engine, runId)).toEqual({ bad: 'succeeded', below: 'queued', leaf: 'blocked' });
    expect(await statusOf(engine, runId)).toBe('running');
    await expectConsistent(engine, runId);
    expect(await runToEnd(engine)).toEqual(['below', 'leaf']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
    await expectConsistent(engine, runId);
  });

  it('keeps the job failed while another task of it is', async () => {
    const { runId, entries } = await failed([noop('bad-1'), noop('bad-2')]);
    expect(await engine.replayTasks.resolve(entries['bad-1'], 'tester', null, 1)).toBe('done');
    expect(await statusOf(engine, runId)).toBe('failed');
    await expectConsistent(engine, runId);
    expect(await engine.replayTasks.resolve(entries['bad-2'], 'tester', null, 2)).toBe('done');
    expect(await statusOf(engine, runId)).toBe('succeeded');
    await expectConsistent(engine, runId);
  });

  it('leaves open what still waits for another parent', async () => {
    const runId = await startJob(engine, [noop('bad'), noop('slow'), noop('both', ['bad', 'slow'])]);
    const [bad, slow] = await claimAll(engine);
    await engine.finishTasks.finish(bad, failure());
    const { bad: entry } = await entriesOf(runId);
    expect(await engine.replayTasks.resolve(entry, 'tester', null, 7)).toBe('done');
    expect(await statusesOf(engine, runId)).toEqual({ bad: 'succeeded', slow: 'running', both: 'blocked' });
    await engine.finishTasks.finish(slow, SUCCESS);
    expect(await runToEnd(engine)).toEqual(['both']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
    await expectConsistent(engine, runId);
  });
});

describe('Without the DLQ', () => {
  it('an exhausted task just fails', async () => {
    const plain = await createEngine({ DLQ_ENABLED: 'false', MAX_RETRIES: '0' });
    try {
      const runId = await startJob(plain, [noop('bad'), noop('below', ['bad'])]);
      await runToEnd(plain, () => failure());
      expect(await statusesOf(plain, runId)).toEqual({ bad: 'failed', below: 'upstream_failed' });
      expect(await plain.rows('SELECT 1 FROM dlq_entries')).toEqual([]);
      expect((await eventsOf(plain, runId)).map((event) => event.type)).not.toContain('dlq.added');
      await expectConsistent(plain, runId);
    } finally {
      await plain.close();
    }
  });
});
