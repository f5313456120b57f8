import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/domain/json.js';
import type { TaskSpec } from '../../../src/domain/task-spec.js';
import type { RerunAnswer } from '../../../src/engine/rerun-jobs.js';
import {
  createDag,
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
} from '../../support/engine.js';
import { closeEngines, holdJob, holdRows, joinEngines } from './contention.js';

let engines: EngineUnderTest[];
let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine({ MAX_RETRIES: '0' });
  engines = await joinEngines(engine, 3);
});
afterAll(async () => await closeEngines(engines));

/** Runs a job to its end: tasks named `bad…` fail, the others put their own name out. */
async function ended(tasks: TaskSpec[]): Promise<string> {
  const runId = await startJob(engine, tasks);
  await runToEnd(engine, (name) =>
    name.startsWith('bad') ? failure() : { kind: 'succeeded', output: { of: name } },
  );
  return runId;
}

function started(answer: RerunAnswer): string {
  if (answer.kind !== 'started') throw new Error(`expected a job, got ${answer.kind}`);
  return answer.runId;
}

async function outputsOf(runId: string): Promise<Record<string, Json>> {
  const rows = await engine.rows<{ name: string; output: Json }>(
    'SELECT name, output FROM tasks WHERE run_id = $1 ORDER BY idx',
    [runId],
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.output]));
}

const DIAMOND = [
  noop('top'),
  noop('left', ['top']),
  noop('bad', ['top']),
  noop('bottom', ['left', 'bad']),
  noop('leaf', ['bottom']),
];

describe('Rerunning what failed of a job', () => {
  it('starts a new job that reuses what succeeded and runs the rest', async () => {
    const original = await ended(DIAMOND);
    const before = await eventsOf(engine, original);
    const runId = started(await engine.rerunJobs.rerun(original, 'failed'));
    await expectConsistent(engine, runId);
    expect(await statusOf(engine, runId)).toBe('queued');
    expect(await statusesOf(engine, runId)).toEqual({
      top: 'succeeded',
      left: 'succeeded',
      bad: 'queued',
      bottom: 'blocked',
      leaf: 'blocked',
    });
    expect(await outputsOf(runId)).toEqual({
      top: { of: 'top' },
      left: { of: 'left' },
      bad: null,
      bottom: null,
      leaf: null,
    });
    expect(await runToEnd(engine)).toEqual(['bad', 'bottom', 'leaf']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
    await expectConsistent(engine, runId);
    // The original is history.
    expect(await statusOf(engine, original)).toBe('failed');
    expect(await eventsOf(engine, original)).toEqual(before);
  });

  it('tells of each reused task by an event, so that the events alone say how every task stands', async () => {
    const original = await ended(DIAMOND);
    const runId = started(await engine.rerunJobs.rerun(original, 'failed'));
    expect(await eventsOf(engine, runId)).toEqual([
      {
        seq: 1,
        type: 'job.created',
        task: null,
        attempt: null,
        data: { trigger: 'manual', priority: 'normal', rerun_of: original },
      },
      { seq: 2, type: 'task.succeeded', task: 'top', attempt: null, data: { reason: 'reused' } },
      { seq: 3, type: 'task.succeeded', task: 'left', attempt: null, data: { reason: 'reused' } },
      { seq: 4, type: 'task.queued', task: 'bad', attempt: 1, data: {} },
    ]);
    await runToEnd(engine);
    const { nudges } = engine.bus;
    expect(nudges).toContainEqual(expect.objectContaining({ kind: 'events', runId, from: 1, to: 4 }));
  });

  it('leaves reused tasks without attempt, start, worker and history', async () => {
    const runId = started(await engine.rerunJobs.rerun(await ended(DIAMOND), 'failed'));
    await runToEnd(engine);
    expect(
      await engine.rows(
        `SELECT attempt, started_at, worker_id, error, finished_at IS NOT NULL AS finished FROM tasks
         WHERE run_id = $1 AND name = 'top'`,
        [runId],
      ),
    ).toEqual([{ attempt: 0, started_at: null, worker_id: null, error: null, finished: true }]);
    expect(await engine.rows('SELECT idx FROM attempts WHERE run_id = $1 ORDER BY idx', [runId])).toEqual([
      { idx: 2 },
      { idx: 3 },
      { idx: 4 },
    ]);
  });

  it('is answered with nothing_to_run where everything succeeded', async () => {
    const original = await ended([noop('a'), noop('b', ['a'])]);
    expect(await engine.rerunJobs.rerun(original, 'failed')).toEqual({ kind: 'nothing_to_run' });
    expect(await engine.rows('SELECT 1 FROM jobs WHERE rerun_of = $1', [original])).toEqual([]);
  });

  it('runs what was cancelled', async () => {
    const original = await startJob(engine, [noop('a'), noop('b', ['a'])]);
    await engine.cancelJobs.cancel(original);
    engine.queue.take();
    const runId = started(await engine.rerunJobs.rerun(original, 'failed'));
    expect(await runToEnd(engine)).toEqual(['a', 'b']);
    expect(await statusOf(engine, runId)).toBe('succeeded');
  });

  it('fails again where the same thing fails again, with a DLQ entry of its own, and can be rerun again', async () => {
    const original = await ended(DIAMOND);
    const second = started(await engine.rerunJobs.rerun(original, 'failed'));
    await runToEnd(engine, () => failure());
    expect(await statusOf(engine, second)).toBe('failed');
    expect(
      await engine.rows(
        `SELECT task_name FROM dlq_entries WHERE status = 'pending' AND run_id = ANY ($1::uuid[])`,
        [[original, second]],
      ),
    ).toEqual([{ task_name: 'bad' }, { task_name: 'bad' }]);
    const third = started(await engine.rerunJobs.rerun(second, 'failed'));
    expect(await outputsOf(third)).toMatchObject({ top: { of: 'top' }, left: { of: 'left' } });
    expect(await runToEnd(engine)).toEqual(['bad', 'bottom', 'leaf']);
    await expectConsistent(engine, third);
  });
});

describe('Rerunning a job', () => {
  it('from the start reuses nothing, and keeps version, parameters, priority and scheduled_for', async () => {
    const dagId = await createDag(engine, [noop('a'), noop('b', ['a'])]);
    const tick = new Date('2026-01-01T00:00:00Z');
    const answer = await engine.startJobs.start({
      dagId,
      trigger: 'cron',
      priority: 'high',
      params: { day: 1 },
      tickAt: tick,
    });
    const original = answer.kind === 'started' ? answer.runId : '';
    await runToEnd(engine);
    await engine.rows('UPDATE dags SET version = 2 WHERE id = $1', [dagId]);
    await engine.rows('INSERT INTO dag_versions (dag_id, version, tasks) VALUES ($1, 2, $2::jsonb)', [
      dagId,
      JSON.stringify([noop('other')]),
    ]);
    const runId = started(await engine.rerunJobs.rerun(original, 'start'));
    const what = 'dag_version_id, priority, params, scheduled_for';
    const [kept] = await engine.rows(`SELECT ${what} FROM jobs WHERE run_id = $1`, [original]);
    expect(
      await engine.rows(`SELECT ${what}, trigger, tick_at, rerun_of, status FROM jobs WHERE run_id = $1`, [
        runId,
      ]),
    ).toEqual([
      { ...(kept as object), trigger: 'manual', tick_at: null, rerun_of: original, status: 'queued' },
    ]);
    expect(await runToEnd(engine)).toEqual(['a', 'b']);
  });

  it('from named tasks runs them and what is below them', async () => {
    const original = await ended([noop('a'), noop('b', ['a']), noop('c', ['b']), noop('d')]);
    const runId = started(await engine.rerunJobs.rerun(original, ['b']));
    expect(await statusesOf(engine, runId)).toEqual({
      a: 'succeeded',
      b: 'queued',
      c: 'blocked',
      d: 'succeeded',
    });
    await expectConsistent(engine, runId);
    expect(await runToEnd(engine)).toEqual(['b', 'c']);
  });

  it('names the places of unknown tasks', async () => {
    const original = await ended([noop('a')]);
    expect(await engine.rerunJobs.rerun(original, ['a', 'x', 'constructor'])).toEqual({
      kind: 'no_such_tasks',
      places: [1, 2],
    });
  });

  it('takes its retries from the definition and from the settings of today', async () => {
    const original = await ended([noop('a', [], { max_retries: 2 }), noop('b')]);
    await engine.rows('UPDATE tasks SET max_retries = 9 WHERE run_id = $1', [original]);
    const runId = started(await engine.rerunJobs.rerun(original, 'start'));
    expect(
      await engine.rows('SELECT max_retries FROM tasks WHERE run_id = $1 ORDER BY idx', [runId]),
    ).toEqual([{ max_retries: 2 }, { max_retries: 0 }]);
    await runToEnd(engine);
  });

  it.each(['queued', 'running'])('is refused while it is %s', async (status) => {
    const original = await startJob(engine, [noop('a')]);
    if (status === 'running') {
      await engine.claimTasks.claim({ runId: original, idx: 0, attempt: 1 }, engine.workerId);
    }
    expect(await engine.rerunJobs.rerun(original, 'start')).toEqual({ kind: 'not_ended' });
    await engine.cancelJobs.cancel(original);
    engine.queue.take();
  });

  it('is refused when there is no such job, or its DAG has been deleted', async () => {
    const nobody = '01890000-0000-7000-8000-000000000000';
    expect(await engine.rerunJobs.rerun(nobody, 'start')).toEqual({ kind: 'no_such_job' });
    const original = await ended([noop('a')]);
    await engine.rows(
      'UPDATE dags SET deleted_at = now() WHERE id = (SELECT dag_id FROM jobs WHERE run_id = $1)',
      [original],
    );
    expect(await engine.rerunJobs.rerun(original, 'start')).toEqual({ kind: 'dag_deleted' });
  });

  it('of ten thousand tasks takes over all outputs', async () => {
    const tasks = Array.from({ length: 10_000 }, (_, n) => noop(`t${n}`, n === 0 ? [] : ['t0']));
    const original = await startJob(engine, [...tasks.slice(0, 9_999), noop('last', ['t1'])]);
    await engine.rows(
      `UPDATE tasks SET status = CASE WHEN name = 'last' THEN 'failed' ELSE 'succeeded' END, open_upstreams = 0,
         output = to_jsonb(idx), finished_at = now() WHERE run_id = $1`,
      [original],
    );
    await engine.rows(
      `UPDATE jobs SET status = 'failed', finished_at = now(), tasks_queued = 0, tasks_blocked = 0,
         tasks_succeeded = 9999, tasks_failed = 1 WHERE run_id = $1`,
      [original],
    );
    engine.queue.take();
    const runId = started(await engine.rerunJobs.rerun(original, 'failed'));
    await expectConsistent(engine, runId);
    expect(
      await engine.rows(
        `SELECT count(*)::int AS reused FROM tasks WHERE run_id = $1 AND output = to_jsonb(idx)`,
        [runId],
      ),
    ).toEqual([{ reused: 9_999 }]);
    expect(await runToEnd(engine)).toEqual(['last']);
  }, 60_000);
});

describe('A rerun that comes at the same moment', () => {
  async function entryOf(runId: string): Promise<number> {
    const [{ id }] = await engine.rows<{ id: number }>('SELECT id FROM dlq_entries WHERE run_id = $1', [
      runId,
    ]);
    return id;
  }

  it('as a replay that is first finds the job running', async () => {
    const original = await ended([noop('a'), noop('bad', ['a'])]);
    const held = await holdJob(engine, original);
    const replay = engines[1].replayTasks.replay(await entryOf(original), 'tester');
    await held.untilWaiting(1);
    const rerun = engines[2].rerunJobs.rerun(original, 'failed');
    await held.untilWaiting(2);
    await held.release();
    expect(await Promise.all([replay, rerun])).toEqual(['done', { kind: 'not_ended' }]);
    await runToEnd(engine);
    expect(await statusOf(engine, original)).toBe('succeeded');
  });

  it('as a replay that is second copies what was there, and both run', async () => {
    const original = await ended([noop('a'), noop('bad', ['a'])]);
    const entry = await entryOf(original);
    const held = await holdJob(engine, original);
    const rerun = engines[2].rerunJobs.rerun(original, 'failed');
    await held.untilWaiting(1);
    const replay = engines[1].replayTasks.replay(entry, 'tester');
    await held.untilWaiting(2);
    await held.release();
    expect(await replay).toBe('done');
    const runId = started(await rerun);
    await Promise.all(engines.map(async (one) => await one.dispatcher.settle()));
    expect(await runToEnd(engine)).toEqual(['bad', 'bad']);
    for (const id of [original, runId]) {
      expect(await statusOf(engine, id)).toBe('succeeded');
      await expectConsistent(engine, id);
    }
  });

  it('as a deletion of the DAG that is first finds it deleted', async () => {
    const original = await ended([noop('a')]);
    const [{ dag_id: dagId }] = await engine.rows<{ dag_id: number }>(
      'SELECT dag_id FROM jobs WHERE run_id = $1',
      [original],
    );
    const held = await holdRows(engine, 'SELECT 1 FROM dags WHERE id = $1', [dagId]);
    const deletion = engines[1].rows('UPDATE dags SET deleted_at = now() WHERE id = $1', [dagId]);
    await held.untilWaiting(1);
    const rerun = engines[2].rerunJobs.rerun(original, 'start');
    await held.untilWaiting(2);
    await held.release();
    await deletion;
    expect(await rerun).toEqual({ kind: 'dag_deleted' });
  });

  it('as others of the same job is a job of its own', async () => {
    const original = await ended([noop('a'), noop('bad', ['a'])]);
    const answers = await Promise.all(
      engines.map(async (one) => await one.rerunJobs.rerun(original, 'failed')),
    );
    expect(new Set(answers.map(started)).size).toBe(3);
    await Promise.all(engines.map(async (one) => await one.dispatcher.settle()));
    expect(await runToEnd(engine)).toEqual(['bad', 'bad', 'bad']);
    for (const answer of answers) await expectConsistent(engine, started(answer));
  });
});
