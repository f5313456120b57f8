import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { firstUuidOf, uuidv7 } from '../../../src/domain/ids.js';
import { DAY_MS, dayOf } from '../../../src/domain/partitions.js';
import { dataSourceOptions } from '../../../src/persistence/data-source-options.js';
import { HISTORY_TABLES, HistoryPartitions } from '../../../src/persistence/history-partitions.js';
import { HistoryPartitionsStore } from '../../../src/persistence/history-partitions.store.js';
import { History } from '../../../src/scheduler/history.js';
import {
  claimAll,
  createDag,
  createEngine,
  type EngineUnderTest,
  failure,
  noop,
  runToEnd,
  startJob,
  statusOf,
  SUCCESS,
} from '../../support/engine.js';
import { holdJob, joinEngines, range } from '../engine/contention.js';

const RETENTION_DAYS = 10;
const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS;

let engine: EngineUnderTest;
let source: DataSource;

beforeEach(async () => {
  engine = await createEngine({ MAX_RETRIES: '0' });
  source = await new DataSource(
    dataSourceOptions({ url: engine.url, poolSize: 8, applicationName: 'history-test', isHasty: true }),
  ).initialize();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await source.destroy();
  await engine.close();
});

function historyOf(one: EngineUnderTest = engine, days = RETENTION_DAYS): History {
  return new History(new HistoryPartitionsStore(source), one.upkeep, { ...one.config, retention: { days } });
}

const alive = (): void => undefined;

async function partition(days?: number): Promise<boolean> {
  return await historyOf(engine, days).partition(alive);
}

/** All rounds there are of it. */
async function retire(): Promise<number> {
  let total = 0;
  for (let last = -1; last !== 0; total += last) last = await historyOf().retire(alive);
  return total;
}

/** Partitions of a day each, from so many days ago up to now, in the place of the first one. */
async function pastPartitions(days: number): Promise<void> {
  for (const table of HISTORY_TABLES) {
    const [{ end }] = await engine.rows<{ end: string }>(
      `SELECT (regexp_match(pg_get_expr(relpartbound, oid), 'TO \\(''([^'']+)''\\)'))[1] AS end FROM pg_class WHERE relname = $1`,
      [`${table}_first`],
    );
    await source.query(`ALTER TABLE ${table} DETACH PARTITION ${table}_first`);
    await source.query(`DROP TABLE ${table}_first`);
    for (let from = midnight - days * DAY_MS; firstUuidOf(from) < end; from += DAY_MS) {
      const [first, behind] = [firstUuidOf(from), firstUuidOf(from + DAY_MS)];
      await source.query(
        `CREATE TABLE ${table}_${dayOf(first)} PARTITION OF ${table} FOR VALUES FROM ('${first}') TO ('${behind}')`,
      );
    }
  }
}

/** Names of the partitions but the default one, oldest first. */
async function partitionsOf(table: (typeof HISTORY_TABLES)[number]): Promise<string[]> {
  const runner = source.createQueryRunner();
  const partitions = await new HistoryPartitions(runner).list(table);
  await runner.release();
  return partitions.map(({ name }) => name);
}

const nameOf = (table: string, daysAgo: number): string =>
  `${table}_${dayOf(firstUuidOf(midnight - daysAgo * DAY_MS))}`;

/** As if it were so many days ago, at noon. */
async function daysAgo<Result>(days: number, work: () => Promise<Result>): Promise<Result> {
  let now = midnight - days * DAY_MS + DAY_MS / 2;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => (now += 1));
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
}

/** A job of two tasks that was made so many days ago and ended a minute later; with a log. */
async function ended(days: number, outcome: 'succeeded' | 'failed' = 'succeeded'): Promise<string> {
  const runId = await daysAgo(days, async () => await startJob(engine, [noop('a'), noop('b', ['a'])]));
  await runToEnd(engine, () => (outcome === 'succeeded' ? SUCCESS : failure(false)));
  await endedAgo(runId, days);
  await engine.rows(
    `INSERT INTO attempt_logs (run_id, idx, attempt, from_byte, stream, at, text, left_out_bytes)
     VALUES ($1, 0, 1, 0, 'stdout', now(), 'hello', 0)`,
    [runId],
  );
  return runId;
}

async function endedAgo(runId: string, days: number): Promise<void> {
  await engine.rows(`UPDATE jobs SET finished_at = now() - make_interval(days => $2) WHERE run_id = $1`, [
    runId,
    days,
  ]);
}

/** Rows of a job by table, those of `jobs` and `tasks` among them. */
async function rowsOf(runId: string): Promise<Record<string, number>> {
  const [counts] = await engine.rows<Record<string, number>>(
    `SELECT ${['jobs', 'tasks', 'dlq_entries', ...HISTORY_TABLES]
      .map((table) => `(SELECT count(*)::int FROM ${table} WHERE run_id = $1) AS ${table}`)
      .join(', ')}`,
    [runId],
  );
  return counts;
}

const ALL_GONE = { jobs: 0, tasks: 0, dlq_entries: 0, events: 0, attempts: 0, attempt_logs: 0 };

async function placeOf(table: string, runId: string): Promise<string[]> {
  const rows = await engine.rows<{ place: string }>(
    `SELECT DISTINCT tableoid::regclass::text AS place FROM ${table} WHERE run_id = $1`,
    [runId],
  );
  return rows.map(({ place }) => place);
}

async function pendingEntry(runId: string): Promise<number> {
  const [{ id }] = await engine.rows<{ id: number }>('SELECT id FROM dlq_entries WHERE run_id = $1', [runId]);
  return id;
}

/** A session of its own that holds a lock until it is let go. */
async function holdLock(statement: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: engine.url });
  // The database goes with a test that fails, and this with it.
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  await client.query(statement);
  return async () => {
    await client.query('ROLLBACK');
    await client.end();
  };
}

describe('Partitions', () => {
  it('are made a week ahead, and rows land in those of the day their job was made', async () => {
    expect(await partition(1)).toBe(true);
    for (const table of HISTORY_TABLES) {
      const runId = uuidv7(Date.now() + 7 * DAY_MS - 60_000, randomUUID());
      const [{ place }] = await source.query<{ place: string }[]>(
        table === 'events'
          ? `INSERT INTO events (run_id, seq, dag_id, type, at) VALUES ('${runId}', 1, 1, 'job.created', now()) RETURNING tableoid::regclass::text AS place`
          : table === 'attempts'
            ? `INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at)
               VALUES ('${runId}', 0, 1, 'succeeded', 1, '${runId}', now(), now(), now()) RETURNING tableoid::regclass::text AS place`
            : `INSERT INTO attempt_logs (run_id, idx, attempt, from_byte, stream, at, text, left_out_bytes)
               VALUES ('${runId}', 0, 1, 0, 'stdout', now(), 'x', 0) RETURNING tableoid::regclass::text AS place`,
      );
      expect(place).not.toBe(`${table}_default`);
      expect(place).toBe((await partitionsOf(table)).at(-1));
    }
    const runId = await startJob(engine, [noop('a')]);
    await runToEnd(engine);
    expect(await placeOf('events', runId)).toEqual(['events_first']);
    expect(await placeOf('attempts', runId)).toEqual(['attempts_first']);
  });

  it('are there once, however often and by however many schedulers they are made', async () => {
    const rounds = await Promise.all(range(4).map(async () => await partition(8)));
    expect(rounds.filter(Boolean).length).toBeGreaterThan(0);
    const once = await partitionsOf('events');
    expect(await partition(8)).toBe(true);
    expect(await partitionsOf('events')).toEqual(once);
    expect(new Set(once).size).toBe(once.length);
  });

  it('are what their table is: the same columns, defaults, checks and indexes', async () => {
    await partition();
    const shapes = await engine.rows<{ parent: string; shape: string; partitions: number }>(
      `SELECT i.inhparent::regclass::text AS parent,
              concat_ws(' | ',
                (SELECT string_agg(a.attname || ' ' || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), ''), ',' ORDER BY attnum)
                 FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                 WHERE a.attrelid = i.inhrelid AND attnum > 0),
                (SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint WHERE conrelid = i.inhrelid AND contype = 'c'),
                (SELECT string_agg(am.amname || ' ' || coalesce(array_to_string(c.reloptions, ' '), ''), ',' ORDER BY am.amname)
                 FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am am ON am.oid = c.relam WHERE x.indrelid = i.inhrelid)) AS shape,
              count(*)::int AS partitions
       FROM pg_inherits i WHERE i.inhparent::regclass::text = ANY ($1) GROUP BY 1, 2`,
      [HISTORY_TABLES],
    );
    expect(shapes.map(({ parent }) => parent).sort()).toEqual([...HISTORY_TABLES].sort());
    expect(shapes.find(({ parent }) => parent === 'events')?.shape).toContain('brin autosummarize=on');
  });

  it('begin behind what the default partition has of their span, and are made all the same', async () => {
    const early = uuidv7(midnight + 9 * DAY_MS + DAY_MS / 2, randomUUID());
    const add = `INSERT INTO events (run_id, seq, dag_id, type, at) VALUES ('${early}', $1, 1, 'job.created', now())`;
    await engine.rows(add, [1]);
    expect(await placeOf('events', early)).toEqual(['events_default']);
    await daysAgoIs(-7, async () => {
      expect(await partition(1)).toBe(true);
    });
    const names = await partitionsOf('events');
    expect(names).not.toContain(nameOf('events', -9));
    expect(names).toContain(nameOf('events', -10));
    await engine.rows(add, [2]);
    expect(await placeOf('events', early)).toEqual(['events_default']);
    expect(await partitionsOf('attempts')).toContain(nameOf('attempts', -9));
  });

  it('are made after a crash in the middle of it', async () => {
    // What is left of one that died with the constraint in its place, for a span that is not the next one any more.
    const [from, to] = [firstUuidOf(midnight + 20 * DAY_MS), firstUuidOf(midnight + 21 * DAY_MS)];
    await source.query(
      `ALTER TABLE events_default ADD CONSTRAINT events_elsewhere CHECK (run_id < '${from}' OR run_id >= '${to}') NOT VALID`,
    );
    const before = await partitionsOf('events');
    await daysAgoIs(-7, async () => void (await partition(1)));
    expect((await partitionsOf('events')).length).toBeGreaterThan(before.length);
    const left = await engine.rows(`SELECT conname FROM pg_constraint WHERE conname LIKE '%elsewhere%'`);
    expect(left).toEqual([]);
  });
});

/** As if the database's clock, which partitions are made by, were so many days back. */
async function daysAgoIs(days: number, work: () => Promise<void>): Promise<void> {
  const real = HistoryPartitions.prototype.nowMs;
  const clock = jest.spyOn(HistoryPartitions.prototype, 'nowMs').mockImplementation(async function (
    this: HistoryPartitions,
  ) {
    return (await real.call(this)) - days * DAY_MS;
  });
  await work();
  clock.mockRestore();
}

describe('Jobs past the retention', () => {
  it('are deleted with their tasks and closed entries; open ones, and those with a pending entry, never', async () => {
    const [old, young, failed, replayed] = [
      await ended(12),
      await ended(8),
      await ended(12, 'failed'),
      await ended(12, 'failed'),
    ];
    await engine.replayTasks.resolve(await pendingEntry(replayed), 'tester', null);
    const late = await ended(12);
    await endedAgo(late, 9);
    const open = await daysAgo(12, async () => await startJob(engine, [noop('a')]));
    const scheduled = await daysAgo(12, async () => {
      const runAt = new Date(midnight + 90 * DAY_MS);
      const answer = await engine.startJobs.start({
        dagId: await createDag(engine, [noop('a')]),
        trigger: 'manual',
        runAt,
      });
      return (answer as { runId: string }).runId;
    });
    expect(await retire()).toBe(2);
    for (const runId of [old, replayed])
      expect(await rowsOf(runId)).toMatchObject({ jobs: 0, tasks: 0, dlq_entries: 0 });
    for (const runId of [young, late]) expect(await rowsOf(runId)).toMatchObject({ jobs: 1, tasks: 2 });
    expect(await rowsOf(failed)).toMatchObject({ jobs: 1, tasks: 2, dlq_entries: 1 });
    expect(await statusOf(engine, open)).toBe('queued');
    expect(await statusOf(engine, scheduled)).toBe('scheduled');
  });

  it('are all deleted once by four schedulers', async () => {
    const runIds = await daysAgo(12, async () => {
      const dagId = await createDag(engine, [noop('a'), noop('b')]);
      const starts = range(900).map(async () => await engine.startJobs.start({ dagId, trigger: 'manual' }));
      return (await Promise.all(starts)).map((answer) => (answer as { runId: string }).runId);
    });
    await engine.rows(
      `UPDATE jobs SET status = 'succeeded', finished_at = now() - interval '12 days', tasks_queued = 0, tasks_succeeded = 2`,
    );
    const engines = await joinEngines(engine, 4);
    const counts = await Promise.all(engines.map(async (one) => await historyOf(one).retire(alive)));
    expect(counts.reduce((sum, count) => sum + count, 0) + (await retire())).toBe(runIds.length);
    const [left] = await engine.rows(
      'SELECT (SELECT count(*) FROM jobs)::int + (SELECT count(*) FROM tasks)::int AS n',
    );
    expect(left).toEqual({ n: 0 });
    for (const one of engines.slice(1)) await one.close();
  });

  it('of many tasks take several statements, one behind the other', async () => {
    const tasks = range(900).map((n) => noop(`t${n}`));
    for (const _ of range(5)) await daysAgo(12, async () => await startJob(engine, tasks));
    await engine.rows(
      `UPDATE jobs SET status = 'succeeded', finished_at = now() - interval '12 days', tasks_queued = 0, tasks_succeeded = 900`,
    );
    const statements = jest.spyOn(engine.database, 'query');
    expect(await historyOf().retire(alive)).toBe(5);
    expect(statements.mock.calls.filter(([{ name }]) => name === 'retire')).toHaveLength(2);
    expect(await engine.rows('SELECT 1 FROM jobs UNION ALL SELECT 1 FROM tasks')).toEqual([]);
  });

  it('are passed over while somebody holds them, and stay when that was a replay', async () => {
    const runId = await ended(12, 'failed');
    const entry = await pendingEntry(runId);
    const hold = await holdJob(engine, runId);
    const replaying = engine.replayTasks.replay(entry, 'tester');
    await hold.untilWaiting(1);
    // As if the entry had been closed before.
    await engine.rows(`UPDATE dlq_entries SET status = 'resolved', resolved_at = now() WHERE id = $1`, [
      entry,
    ]);
    expect(await retire()).toBe(0);
    await engine.rows(`UPDATE dlq_entries SET status = 'pending', resolved_at = NULL WHERE id = $1`, [entry]);
    await hold.release();
    expect(await replaying).toBe('done');
    expect(await retire()).toBe(0);
    expect(await statusOf(engine, runId)).toBe('running');
  });

  it('say no such entry, and no such job, to a replay and a rerun that come too late', async () => {
    const runId = await ended(12, 'failed');
    const entry = await pendingEntry(runId);
    await engine.replayTasks.resolve(entry, 'tester', null);
    expect(await retire()).toBe(1);
    expect(await engine.replayTasks.replay(entry, 'tester')).toBe('no_such_entry');
    expect(await engine.rerunJobs.rerun(runId, 'start')).toMatchObject({ kind: 'no_such_job' });
  });

  it('are not looked for again at once when the last was reached', async () => {
    const history = historyOf();
    expect(await history.retire(alive)).toBe(0);
    await ended(12);
    const statements = jest.spyOn(engine.database, 'query');
    expect(await history.retire(alive)).toBe(0);
    expect(statements).not.toHaveBeenCalled();
    expect(await retire()).toBe(1);
  });

  it('are kept for ever without a retention', async () => {
    const runId = await ended(4_000);
    expect(await historyOf(engine, 0).retire(alive)).toBe(0);
    await partition(0);
    expect(await rowsOf(runId)).toMatchObject({ jobs: 1, events: 9, attempts: 2, attempt_logs: 1 });
  });
});

describe('Partitions past the retention', () => {
  beforeEach(async () => await pastPartitions(14));

  it('are dropped once their jobs are gone, and no other is', async () => {
    const runIds = [await ended(13), await ended(12), await ended(11), await ended(9)];
    await partition();
    expect(await rowsOf(runIds[0])).toMatchObject({ jobs: 1, events: 9, attempts: 2, attempt_logs: 1 });
    expect(await retire()).toBe(3);
    await partition();
    for (const runId of runIds.slice(0, 3)) expect(await rowsOf(runId)).toEqual(ALL_GONE);
    expect(await rowsOf(runIds[3])).toMatchObject({ jobs: 1, events: 9, attempts: 2, attempt_logs: 1 });
    for (const table of HISTORY_TABLES) expect((await partitionsOf(table))[0]).toBe(nameOf(table, 10));
  });

  it('leave what jobs that stay have in them, together in one', async () => {
    const failed = await ended(13, 'failed');
    const open = await daysAgo(12, async () => await startJob(engine, [noop('a')]));
    const gone = [await ended(13), await ended(12), await ended(11)];
    await endedAgo(failed, 13);
    engine.queue.take();
    expect(await retire()).toBe(3);
    await partition();
    await partition();
    for (const runId of gone) expect(await rowsOf(runId)).toEqual(ALL_GONE);
    expect(await rowsOf(failed)).toMatchObject({ jobs: 1, events: 8, attempts: 1, attempt_logs: 1 });
    expect(await placeOf('events', failed)).toEqual([nameOf('events_until', 10)]);
    expect((await partitionsOf('events')).slice(0, 2)).toEqual([
      nameOf('events_until', 10),
      nameOf('events', 10),
    ]);
    // It goes on as if nothing had been.
    expect(await engine.cancelJobs.cancel(open)).toBeDefined();
    expect(await placeOf('events', open)).toEqual([nameOf('events_until', 10)]);
    await engine.replayTasks.replay(await pendingEntry(failed), 'tester');
    await runToEnd(engine);
    expect(await statusOf(engine, failed)).toBe('succeeded');
    const [{ events, seq }] = await engine.rows<{ events: number; seq: number }>(
      `SELECT count(*)::int AS events, max(seq) AS seq FROM events WHERE run_id = $1`,
      [failed],
    );
    expect(events).toBe(seq);
  });

  it('wait for a table that somebody reads, hold nobody up meanwhile, and go the next time', async () => {
    const runId = await ended(12);
    await retire();
    const letGo = await holdLock(`SELECT count(*) FROM events`);
    const rounds = (async () => {
      for (const _ of range(3)) await partition();
    })();
    let isOver = false;
    void rounds.finally(() => (isOver = true));
    const slowest = { ms: 0 };
    while (!isOver) {
      const beganAt = performance.now();
      await startJob(engine, [noop('a')]);
      for (const claim of await claimAll(engine)) await engine.finishTasks.finish(claim, SUCCESS);
      slowest.ms = Math.max(slowest.ms, performance.now() - beganAt);
    }
    await rounds;
    expect(slowest.ms).toBeLessThan(2_000);
    expect(await partitionsOf('events')).toContain(nameOf('events', 12));
    expect((await rowsOf(runId)).events).toBe(9);
    await letGo();
    await partition();
    expect(await partitionsOf('events')).not.toContain(nameOf('events', 12));
    expect(await rowsOf(runId)).toEqual(ALL_GONE);
  });

  it('go once, whoever else is at it, while jobs run', async () => {
    const gone = [await ended(13), await ended(12)];
    const engines = await joinEngines(engine, 3);
    const work = engines.map(async (one) => {
      for (const _ of range(4)) {
        await historyOf(one).retire(alive);
        await historyOf(one).partition(alive);
      }
    });
    const runIds: string[] = [];
    for (const _ of range(10)) {
      runIds.push(await startJob(engine, [noop('a'), noop('b', ['a'])]));
      await runToEnd(engine);
    }
    await Promise.all(work);
    await partition();
    for (const runId of gone) expect(await rowsOf(runId)).toEqual(ALL_GONE);
    for (const runId of runIds)
      expect(await rowsOf(runId)).toMatchObject({ jobs: 1, events: 9, attempts: 2 });
    expect((await partitionsOf('events'))[0]).toBe(nameOf('events', 10));
    for (const one of engines.slice(1)) await one.close();
  });

  it('take along what a stranger to all spans has left in the default partition', async () => {
    const runId = await ended(200);
    expect(await placeOf('events', runId)).toEqual(['events_default']);
    const kept = await ended(200, 'failed');
    await retire();
    await partition();
    expect(await rowsOf(runId)).toEqual(ALL_GONE);
    expect(await rowsOf(kept)).toMatchObject({ jobs: 1, events: 8 });
  });
});
