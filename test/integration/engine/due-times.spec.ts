import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
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
  noop,
  runToEnd,
  startJob,
  statusesOf,
  statusOf,
} from '../../support/engine.js';
import { closeEngines, holdJob, joinEngines, range } from './contention.js';

let engines: EngineUnderTest[];
let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
  engines = await joinEngines(engine, 4);
});
afterAll(async () => await closeEngines(engines));
beforeEach(() => {
  engine.queue.messages = [];
});

async function settle(): Promise<void> {
  await Promise.all(engines.map(async (one) => await one.dispatcher.settle()));
}

describe('A retry', () => {
  const SECONDS = 100;

  /** A job whose only task failed and waits about a hundred seconds. */
  async function retrying(): Promise<string> {
    const settings = { retry_base_delay: SECONDS, retry_max_delay: SECONDS };
    const runId = await startJob(engine, [noop('a', [], settings)]);
    const [claim] = await claimAll(engine);
    await engine.finishTasks.finish(claim, failure());
    return runId;
  }

  /** Moves the stored time so that it lies this far from now, by the database clock. */
  async function dueIn(runId: string, interval: string): Promise<void> {
    await engine.rows(`UPDATE tasks SET next_retry_at = clock_timestamp() + $2::interval WHERE run_id = $1`, [
      runId,
      interval,
    ]);
  }

  it('has its time stored, with ten per cent of jitter around the delay, and told in the event', async () => {
    const runId = await retrying();
    const [{ seconds, next_retry_at }] = await engine.rows<{ seconds: number; next_retry_at: Date }>(
      `SELECT extract(epoch FROM next_retry_at - finished_at)::float8 AS seconds, next_retry_at
       FROM tasks WHERE run_id = $1`,
      [runId],
    );
    expect(seconds).toBeGreaterThan(SECONDS * 0.9 - 1);
    expect(seconds).toBeLessThan(SECONDS * 1.1 + 1);
    const event = (await eventsOf(engine, runId)).at(-1)!;
    expect(event).toMatchObject({
      type: 'task.retrying',
      data: { next_retry_at: next_retry_at.toISOString() },
    });
  });

  it('never starts before its stored time', async () => {
    const runId = await retrying();
    // By the database clock, which goes on while this process stands still.
    await dueIn(runId, '20 seconds');
    await Promise.all(engines.map(async (one) => await one.upkeep.wake()));
    expect(await statusesOf(engine, runId)).toEqual({ a: 'retrying' });
    await dueIn(runId, '-1 ms');
    expect(await engine.upkeep.wake()).toBe(1);
    expect(await statusesOf(engine, runId)).toEqual({ a: 'queued' });
    await expectConsistent(engine, runId);
  });

  it('is woken once by four schedulers', async () => {
    const runIds: string[] = [];
    for (const _ of range(10)) runIds.push(await retrying());
    for (const runId of runIds) await dueIn(runId, '-1 ms');
    engine.queue.messages = [];
    await Promise.all(engines.map(async (one) => await one.upkeep.wake()));
    // Who skipped a job that another held leaves it to that one; the next round finds nothing.
    await engine.upkeep.wake();
    await settle();
    expect(engine.queue.take().sort()).toEqual(runIds.map((runId) => `${runId}.0.2`).sort());
    for (const runId of runIds) await expectConsistent(engine, runId);
  });

  it('does not wait for another job that somebody holds', async () => {
    const [held, free] = [await retrying(), await retrying()];
    await dueIn(held, '-1 second');
    await dueIn(free, '-1 ms');
    const hold = await holdJob(engine, held);
    expect(await engine.upkeep.wake()).toBe(1);
    expect(await statusesOf(engine, free)).toEqual({ a: 'queued' });
    await hold.release();
    expect(await engine.upkeep.wake()).toBe(1);
    expect(await statusesOf(engine, held)).toEqual({ a: 'queued' });
  });

  it('that is due by the thousand is woken page by page', async () => {
    const names = range(1_200).map((index) => noop(`t${index}`));
    const runId = await startJob(engine, names);
    const claims = await claimAll(engine);
    await Promise.all(claims.map(async (claim) => await engine.finishTasks.finish(claim, failure())));
    expect(await engine.upkeep.wake()).toBe(1_200);
    await expectConsistent(engine, runId);
    await engine.cancelJobs.cancel(runId);
  });
});

describe('A scheduled job', () => {
  async function scheduled(runAt: Date): Promise<string> {
    const dagId = await createDag(engine, [noop('a'), noop('b'), noop('c', ['a', 'b'])]);
    const answer = await engine.startJobs.start({ dagId, trigger: 'manual', runAt });
    if (answer.kind !== 'started') throw new Error(answer.kind);
    await settle();
    return answer.runId;
  }

  const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

  it('has no ready task and no message until its time', async () => {
    const runId = await scheduled(inAnHour());
    expect(await statusOf(engine, runId)).toBe('scheduled');
    expect(await statusesOf(engine, runId)).toEqual({ a: 'blocked', b: 'blocked', c: 'blocked' });
    expect(engine.queue.take()).toEqual([]);
    expect(await engine.upkeep.release()).toBe(0);
    expect(await statusOf(engine, runId)).toBe('scheduled');
    await expectConsistent(engine, runId);
  });

  it('is released once by four schedulers when its time has come', async () => {
    const runIds = await Promise.all(range(10).map(async () => await scheduled(inAnHour())));
    await engine.rows(
      `UPDATE jobs SET scheduled_for = now() - interval '1 ms' WHERE run_id = ANY ($1::uuid[])`,
      [runIds],
    );
    await Promise.all(engines.map(async (one) => await one.upkeep.release()));
    await engine.upkeep.release();
    await settle();
    expect(engine.queue.messages.map((message) => message.attemptId).sort()).toEqual(
      runIds.flatMap((runId) => [`${runId}.0.1`, `${runId}.1.1`]).sort(),
    );
    for (const runId of runIds) await expectConsistent(engine, runId);
    await runToEnd(engine);
    for (const runId of runIds) expect(await statusOf(engine, runId)).toBe('succeeded');
  });

  it('does not wait for another one that somebody holds', async () => {
    const [held, free] = [await scheduled(inAnHour()), await scheduled(inAnHour())];
    await engine.rows(`UPDATE jobs SET scheduled_for = now() WHERE run_id = ANY ($1::uuid[])`, [
      [held, free],
    ]);
    const hold = await holdJob(engine, held);
    expect(await engine.upkeep.release()).toBe(2);
    expect(await statusOf(engine, free)).toBe('queued');
    await hold.release();
    expect(await engine.upkeep.release()).toBe(2);
    engine.queue.take();
  });

  it('starts at once when its time is past', async () => {
    const runId = await scheduled(new Date(Date.now() - 60_000));
    expect(await statusOf(engine, runId)).toBe('queued');
    expect(await statusesOf(engine, runId)).toMatchObject({ a: 'queued', c: 'blocked' });
    engine.queue.take();
  });
});

describe('A due tick', () => {
  let ticks: CronTicks[];
  beforeAll(() => {
    ticks = engines.map((one) => new CronTicks(new TickStore(one.database), one.startJobs));
  });

  /** A DAG with a schedule whose next tick is at the given moment. */
  async function dagDueAt(nextRunAt: Date, cron = '0 0 1 1 *', timezone = 'UTC'): Promise<number> {
    const dagId = await createDag(engine, [noop('a')]);
    await engine.rows('UPDATE dags SET cron_expression = $2, timezone = $3, next_run_at = $4 WHERE id = $1', [
      dagId,
      cron,
      timezone,
      nextRunAt,
    ]);
    return dagId;
  }

  /** The last New Year, and those around it: ticks that lie far from the moment at which a test happens to run. */
  function newYear(offset: number): Date {
    return new Date(Date.UTC(new Date().getUTCFullYear() + offset, 0, 1));
  }

  async function jobsOf(dagId: number): Promise<{ trigger: string; scheduled_for: Date; tick_at: Date }[]> {
    return await engine.rows(
      'SELECT trigger, scheduled_for, tick_at FROM jobs WHERE dag_id = $1 ORDER BY tick_at',
      [dagId],
    );
  }

  async function cursorOf(dagId: number): Promise<Date | null> {
    const [dag] = await engine.rows<{ next_run_at: Date | null }>(
      'SELECT next_run_at FROM dags WHERE id = $1',
      [dagId],
    );
    return dag.next_run_at;
  }

  it('makes one job when four schedulers fire it, and moves on by one', async () => {
    const dagIds = await Promise.all(range(20).map(async () => await dagDueAt(newYear(0))));
    const fired = await Promise.all(ticks.map(async (one) => await one.fire()));
    expect(fired.reduce((sum, count) => sum + count)).toBe(20);
    for (const dagId of dagIds) {
      expect(await jobsOf(dagId)).toEqual([
        { trigger: 'cron', scheduled_for: newYear(0), tick_at: newYear(0) },
      ]);
      expect(await cursorOf(dagId)).toEqual(newYear(1));
    }
    expect(await ticks[0].fire()).toBe(0);
  });

  it('makes one job although its scheduler died between the job and the cursor', async () => {
    const dagId = await dagDueAt(newYear(0));
    expect(await engine.startJobs.start({ dagId, trigger: 'cron', tickAt: newYear(0) })).toMatchObject({
      kind: 'started',
    });
    expect(await ticks[1].fire()).toBe(0);
    expect(await jobsOf(dagId)).toHaveLength(1);
    expect(await cursorOf(dagId)).toEqual(newYear(1));
  });

  it('that four processes start at once is taken three times', async () => {
    const dagId = await dagDueAt(newYear(5));
    const answers = await Promise.all(
      engines.map(async (one) => await one.startJobs.start({ dagId, trigger: 'cron', tickAt: newYear(0) })),
    );
    expect(answers.map((answer) => answer.kind).sort()).toEqual([
      'started',
      'tick_taken',
      'tick_taken',
      'tick_taken',
    ]);
    expect(await jobsOf(dagId)).toHaveLength(1);
  });

  it('runs the latest of those that were missed', async () => {
    const dagId = await dagDueAt(newYear(-30));
    expect(await ticks[0].fire()).toBe(1);
    expect((await jobsOf(dagId)).map((job) => job.tick_at)).toEqual([newYear(0)]);
    expect(await cursorOf(dagId)).toEqual(newYear(1));
  });

  it('finds the latest of five million missed ones in a moment', async () => {
    const dagId = await dagDueAt(new Date(Date.now() - 3_650 * 86_400_000), '* * * * *');
    const before = Date.now();
    const startedAt = performance.now();
    expect(await ticks[0].fire()).toBe(1);
    // Far too little for whoever goes through them one by one.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    const [job] = await jobsOf(dagId);
    expect(before - job.tick_at.getTime()).toBeLessThan(60_000);
    await engine.rows('UPDATE dags SET is_paused = true WHERE id = $1', [dagId]);
  });

  /** Fires what is due of a schedule of every second, with all schedulers at once, and pauses it. */
  async function fireEverySecond(dagId: number): Promise<number[]> {
    const before = Date.now();
    await Promise.all(ticks.map(async (one) => await one.fire()));
    await engine.rows('UPDATE dags SET is_paused = true WHERE id = $1', [dagId]);
    const fired = (await jobsOf(dagId)).map((job) => job.tick_at.getTime());
    expect(fired.at(-1)!).toBeGreaterThan(before - 1_000);
    return fired;
  }

  it('that is a few seconds late gets its job, and so does each behind it, once', async () => {
    const before = Date.now();
    const first = Math.floor(before / 1_000) * 1_000 - 4_000;
    const dagId = await dagDueAt(new Date(first), '* * * * * *');
    const fired = await fireEverySecond(dagId);
    expect(fired.length).toBeGreaterThanOrEqual(5);
    expect(fired).toEqual(fired.map((_, index) => first + index * 1_000));
    // Behind what the scheduler fired that moved it on. When a second turned between two schedulers' looks, the other one
    // has fired one more, which the next round finds taken.
    const cursor = (await cursorOf(dagId))!.getTime();
    expect(cursor).toBeGreaterThan(before);
    expect([...fired.slice(1), fired.at(-1)! + 1_000]).toContain(cursor);
  });

  it('that is later than that is passed over, and those behind it get their jobs', async () => {
    const before = Date.now();
    const dagId = await dagDueAt(new Date(before - 3_600_000), '* * * * * *');
    const fired = await fireEverySecond(dagId);
    expect(fired[0]).toBeGreaterThan(before - 10_000);
    expect(fired.length).toBeGreaterThanOrEqual(10);
    expect(fired).toEqual(fired.map((_, index) => fired[0] + index * 1_000));
  });

  it('is not fired for a DAG that is paused, deleted or not due', async () => {
    const [paused, deleted, early] = [
      await dagDueAt(newYear(0)),
      await dagDueAt(newYear(0)),
      await dagDueAt(newYear(1)),
    ];
    await engine.rows('UPDATE dags SET is_paused = true WHERE id = $1', [paused]);
    await engine.rows('UPDATE dags SET deleted_at = now() WHERE id = $1', [deleted]);
    expect(await ticks[0].fire()).toBe(0);
    for (const dagId of [paused, deleted, early]) expect(await jobsOf(dagId)).toEqual([]);
  });

  it('starts nothing when the DAG is deleted in the meantime', async () => {
    const dagId = await dagDueAt(newYear(0));
    const store = new TickStore(engine.database);
    const due = await store.findDue(10);
    await engine.rows('UPDATE dags SET deleted_at = now(), next_run_at = NULL WHERE id = $1', [dagId]);
    const late = new CronTicks(
      Object.assign(new TickStore(engine.database), { findDue: async () => due }),
      engine.startJobs,
    );
    expect(await late.fire()).toBe(0);
    expect(await jobsOf(dagId)).toEqual([]);
    expect(await cursorOf(dagId)).toBeNull();
    expect(await engine.startJobs.start({ dagId, trigger: 'manual' })).toEqual({ kind: 'no_such_dag' });
  });

  it('lets a new schedule of the DAG win over its own next tick', async () => {
    const dagId = await dagDueAt(newYear(0));
    const store = new TickStore(engine.database);
    expect(await store.advance(dagId, newYear(-1), newYear(9))).toBe(false);
    expect(await cursorOf(dagId)).toEqual(newYear(0));
    await engine.rows('UPDATE dags SET cron_expression = NULL, next_run_at = NULL WHERE id = $1', [dagId]);
    expect(await store.advance(dagId, newYear(0), newYear(1))).toBe(false);
  });

  it('of one DAG is not held up by a DAG whose schedule cannot be read', async () => {
    const [broken, sound] = [await dagDueAt(newYear(-1), 'nonsense'), await dagDueAt(newYear(0))];
    expect(await ticks[0].fire()).toBe(1);
    expect(await jobsOf(broken)).toEqual([]);
    expect(await jobsOf(sound)).toHaveLength(1);
  });
});
