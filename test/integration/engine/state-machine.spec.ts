import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JOB_STATUSES, type JobStatus } from '../../../src/domain/job-state.js';
import {
  TASK_STATUSES,
  TASK_TRANSITIONS,
  type TaskEvent,
  type TaskStatus,
} from '../../../src/domain/task-state.js';
import type { Claim } from '../../../src/engine/claim-tasks.js';
import { buryTasks } from '../../../src/persistence/transitions/bury.js';
import { cancelJobs } from '../../../src/persistence/transitions/cancel.js';
import { claimTasks } from '../../../src/persistence/transitions/claim.js';
import { closeEntry } from '../../../src/persistence/transitions/replay.js';
import { requeueTasks } from '../../../src/persistence/transitions/requeue.js';
import { retryTasks } from '../../../src/persistence/transitions/retry.js';
import { succeedTasks } from '../../../src/persistence/transitions/succeed.js';
import { releaseJobs, wakeTasks } from '../../../src/persistence/transitions/wake.js';
import {
  claimAll,
  createDag,
  createEngine,
  type EngineUnderTest,
  eventsOf,
  expectConsistent,
  failure,
  noop,
  runToEnd,
  startJob,
  statusOf,
  SUCCESS,
} from '../../support/engine.js';

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(async () => await engine.close());

/** Index of the task whose transitions are tried; `helper` keeps the job open, `up` is above the subject. */
const HELPER = 0;
const SUBJECT = 2;
const ERROR = JSON.stringify({ code: 'exit_code', message: 'exit 1', retryable: false });

interface Stage {
  runId: string;
  helper: Claim;
}

interface TaskRow {
  status: TaskStatus;
  attempt: number;
  lease: string | null;
  open_upstreams: number;
}

async function subjectOf(runId: string): Promise<TaskRow> {
  const [row] = await engine.rows<TaskRow>('SELECT * FROM tasks WHERE run_id = $1 AND idx = $2', [
    runId,
    SUBJECT,
  ]);
  return row;
}

/** Sets a task aside in a status that no transition reaches while its job is open, counters included. */
async function setAside(runId: string, status: 'skipped' | 'cancelled'): Promise<void> {
  await engine.rows(
    `UPDATE tasks SET status = $2, finished_at = now() WHERE run_id = $1 AND idx = ${SUBJECT}`,
    [runId, status],
  );
  const counter = `tasks_${status}`;
  await engine.rows(
    `UPDATE jobs SET tasks_queued = tasks_queued - 1, ${counter} = ${counter} + 1 WHERE run_id = $1`,
    [runId],
  );
}

/** A job whose helper runs and whose subject has the status. */
async function stage(status: TaskStatus): Promise<Stage> {
  const subject = noop('subject', ['up'], { retry_base_delay: 3_600, retry_max_delay: 3_600 });
  const runId = await startJob(engine, [noop('helper'), noop('up'), subject]);
  const [helper, up] = await claimAll(engine);
  if (status === 'upstream_failed') await engine.finishTasks.finish(up, failure(false));
  else if (status !== 'blocked') await engine.finishTasks.finish(up, SUCCESS);
  if (status === 'skipped' || status === 'cancelled') await setAside(runId, status);
  if (['running', 'retrying', 'succeeded', 'failed'].includes(status)) {
    const [claim] = await claimAll(engine);
    if (status === 'retrying') await engine.finishTasks.finish(claim, failure());
    if (status === 'succeeded') await engine.finishTasks.finish(claim, SUCCESS);
    if (status === 'failed') await engine.finishTasks.finish(claim, failure(false));
  }
  engine.queue.take();
  expect((await subjectOf(runId)).status).toBe(status);
  return { runId, helper };
}

/** The lease under which the subject runs or last ran, else one that was never drawn. */
async function lastLease(runId: string): Promise<string> {
  const { lease } = await subjectOf(runId);
  if (lease !== null) return lease;
  const [ended] = await engine.rows<{ lease: string }>(
    'SELECT lease FROM attempts WHERE run_id = $1 AND idx = $2 ORDER BY attempt DESC LIMIT 1',
    [runId, SUBJECT],
  );
  return ended?.lease ?? '987654321';
}

async function entryOf(runId: string, idx: number): Promise<number> {
  const [pending] = await engine.rows<{ id: number }>(
    `SELECT id FROM dlq_entries WHERE run_id = $1 AND idx = $2 AND status = 'pending'`,
    [runId, idx],
  );
  if (pending !== undefined) return pending.id;
  const [forged] = await engine.rows<{ id: number }>(
    `INSERT INTO dlq_entries (run_id, idx, dag_id, task_name, task_type, attempts, error)
     SELECT t.run_id, t.idx, j.dag_id, t.name, t.task_type, t.attempt, '{}' FROM tasks t JOIN jobs j USING (run_id)
     WHERE t.run_id = $1 AND t.idx = $2 RETURNING id`,
    [runId, idx],
  );
  return forged.id;
}

async function close(
  runId: string,
  idx: number,
  output: string | null,
  revived: { idx: number; openUpstreams: number }[],
): Promise<void> {
  const entryId = await entryOf(runId, idx);
  await closeEntry(engine.database, entryId, () => ({
    entryId,
    runId,
    idx,
    by: 'test',
    note: null,
    output,
    revived,
  }));
}

async function buryHelper({ runId, helper }: Stage, descendants: number[]): Promise<void> {
  await buryTasks(engine.database, true, [
    { runId, idx: HELPER, lease: helper.lease, error: ERROR, outcome: 'failed', descendants },
  ]);
}

/** How each event is brought about by the function that the engine itself uses. */
const ATTEMPTS_AT: Record<TaskEvent, (stage: Stage) => Promise<unknown>> = {
  queue: async ({ runId, helper }) =>
    await succeedTasks(engine.database, [
      { runId, idx: HELPER, lease: helper.lease, output: 'null', children: [SUBJECT], keeper: null },
    ]),
  claim: async ({ runId }) => {
    const { attempt } = await subjectOf(runId);
    await claimTasks(engine.database, engine.workerId, [{ runId, idx: SUBJECT, attempt }]);
  },
  succeed: async ({ runId }) =>
    await succeedTasks(engine.database, [
      { runId, idx: SUBJECT, lease: await lastLease(runId), output: '1', children: [], keeper: null },
    ]),
  retry: async ({ runId }) =>
    await retryTasks(engine.database, [
      { runId, idx: SUBJECT, lease: await lastLease(runId), error: ERROR, delayMs: 60_000 },
    ]),
  wake: async ({ runId }) => {
    await engine.rows(
      `UPDATE tasks SET next_retry_at = now() - interval '1 second' WHERE run_id = $1 AND status = 'retrying'`,
      [runId],
    );
    await wakeTasks(engine.database, 500);
  },
  requeue: async ({ runId }) =>
    await requeueTasks(engine.database, [
      { runId, idx: SUBJECT, lease: await lastLease(runId), outcome: 'drained' },
    ]),
  bury: async ({ runId }) =>
    await buryTasks(engine.database, true, [
      {
        runId,
        idx: SUBJECT,
        lease: await lastLease(runId),
        error: ERROR,
        outcome: 'failed',
        descendants: [],
      },
    ]),
  doom: async (staged) => await buryHelper(staged, [SUBJECT]),
  cancel: async ({ runId }) => await cancelJobs(engine.database, [runId]),
  replay: async ({ runId }) => await close(runId, SUBJECT, null, []),
  resolve: async ({ runId }) => await close(runId, SUBJECT, '"by hand"', []),
  revive: async (staged) => {
    await buryHelper(staged, []);
    await close(staged.runId, HELPER, null, [{ idx: SUBJECT, openUpstreams: 1 }]);
  },
};

const EVENTS = Object.keys(TASK_TRANSITIONS) as TaskEvent[];
const PAIRS = TASK_STATUSES.flatMap((status) => EVENTS.map((event) => ({ status, event })));
const isAllowed = ({ status, event }: { status: TaskStatus; event: TaskEvent }): boolean =>
  (TASK_TRANSITIONS[event].from as readonly TaskStatus[]).includes(status);

describe('In the database', () => {
  it.each(PAIRS.filter(isAllowed))('a task that is $status can: $event', async ({ status, event }) => {
    const staged = await stage(status);
    await ATTEMPTS_AT[event](staged);
    expect((await subjectOf(staged.runId)).status).toBe(TASK_TRANSITIONS[event].to);
    await expectConsistent(engine, staged.runId);
  });

  it.each(PAIRS.filter((pair) => !isAllowed(pair)))(
    'a task that is $status cannot: $event',
    async ({ status, event }) => {
      const staged = await stage(status);
      const before = await subjectOf(staged.runId);
      await ATTEMPTS_AT[event](staged);
      // What is counted above it may change without it; it itself may not.
      const { open_upstreams } = await subjectOf(staged.runId);
      expect(await subjectOf(staged.runId)).toEqual({ ...before, open_upstreams });
      await expectConsistent(engine, staged.runId);
    },
  );
});

/** A job of one task in the status, by real transitions. */
async function jobThatIs(status: JobStatus): Promise<string> {
  if (status === 'scheduled') {
    const dagId = await createDag(engine, [noop('only')]);
    const answer = await engine.startJobs.start({
      dagId,
      trigger: 'manual',
      runAt: new Date(Date.now() + 3_600_000),
    });
    if (answer.kind !== 'started') throw new Error(answer.kind);
    return answer.runId;
  }
  const runId = await startJob(engine, [noop('only')]);
  if (status === 'running') await claimAll(engine);
  if (status === 'succeeded') await runToEnd(engine);
  if (status === 'failed') await runToEnd(engine, () => failure(false));
  if (status === 'cancelled') await engine.cancelJobs.cancel(runId);
  engine.queue.take();
  expect(await statusOf(engine, runId)).toBe(status);
  return runId;
}

/** Gives the only task of a job a status its job does not know of: nothing but the job's own guard is left. */
async function forge(runId: string, status: 'queued' | 'running'): Promise<void> {
  await engine.rows(
    `UPDATE tasks SET status = $2, lease = $3, worker_id = $4, queued_at = now(), started_at = now(), attempt = 1
     WHERE run_id = $1`,
    [runId, status, status === 'running' ? '1' : null, engine.workerId],
  );
}

async function stateOf(runId: string): Promise<unknown> {
  return {
    job: await engine.rows('SELECT * FROM jobs WHERE run_id = $1', [runId]),
    tasks: await engine.rows('SELECT * FROM tasks WHERE run_id = $1', [runId]),
    events: await eventsOf(engine, runId),
  };
}

const finishing = {
  idx: 0,
  lease: '1',
  error: ERROR,
  outcome: 'failed' as const,
  descendants: [],
  children: [],
  keeper: null,
};

describe('A job', () => {
  it.each(['scheduled', 'succeeded', 'failed', 'cancelled'] as const)(
    'that is %s lets none of its tasks be claimed, finished, given back or cancelled',
    async (status) => {
      const runId = await jobThatIs(status);
      await forge(runId, 'queued');
      const queued = await stateOf(runId);
      await claimTasks(engine.database, engine.workerId, [{ runId, idx: 0, attempt: 1 }]);
      expect(await stateOf(runId)).toEqual(queued);
      await forge(runId, 'running');
      const running = await stateOf(runId);
      await succeedTasks(engine.database, [{ ...finishing, runId, output: '1', keeper: null }]);
      await buryTasks(engine.database, true, [{ ...finishing, runId }]);
      await retryTasks(engine.database, [{ ...finishing, runId, delayMs: 1 }]);
      await requeueTasks(engine.database, [{ ...finishing, runId, outcome: 'lost' }]);
      if (status !== 'scheduled') await cancelJobs(engine.database, [runId]);
      expect(await stateOf(runId)).toEqual(running);
    },
  );

  it.each(JOB_STATUSES.filter((status) => status !== 'scheduled'))(
    'that is %s is not released',
    async (status) => {
      const runId = await jobThatIs(status);
      await engine.rows(`UPDATE jobs SET scheduled_for = now() - interval '1 minute' WHERE run_id = $1`, [
        runId,
      ]);
      const before = await stateOf(runId);
      await releaseJobs(engine.database, 500);
      expect(await stateOf(runId)).toEqual(before);
    },
  );

  it.each([
    ['scheduled', 'cancelled'],
    ['queued', 'cancelled'],
    ['running', 'cancelled'],
    ['succeeded', 'already_ended'],
    ['failed', 'already_ended'],
    ['cancelled', 'already_cancelled'],
  ] as const)('that is %s answers a cancel with %s', async (status, answer) => {
    const runId = await jobThatIs(status);
    const before = await stateOf(runId);
    expect(await engine.cancelJobs.cancel(runId)).toBe(answer);
    if (answer === 'cancelled') expect(await statusOf(engine, runId)).toBe('cancelled');
    else expect(await stateOf(runId)).toEqual(before);
    await expectConsistent(engine, runId);
  });

  it('that does not exist answers a cancel with no_such_job', async () => {
    expect(await engine.cancelJobs.cancel('01890000-0000-7000-8000-000000000000')).toBe('no_such_job');
  });

  it('cancelled as one of many open jobs of a DAG leaves the ended ones alone', async () => {
    const dagId = await createDag(engine, [noop('only')]);
    const start = async (): Promise<string> => {
      const answer = await engine.startJobs.start({ dagId, trigger: 'manual' });
      return answer.kind === 'started' ? answer.runId : '';
    };
    const ended = await start();
    await runToEnd(engine);
    const open = await Promise.all(Array.from({ length: 120 }, start));
    expect(await engine.cancelJobs.cancelOfDag(dagId)).toBe(120);
    expect(await statusOf(engine, ended)).toBe('succeeded');
    for (const runId of [open[0], open[119]]) expect(await statusOf(engine, runId)).toBe('cancelled');
    await expectConsistent(engine, open[60]);
    engine.queue.take();
  });
});
