import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { ConfigModule } from '../../../src/config/config.module.js';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { DlqModule } from '../../../src/dlq/dlq.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { closerOf, DlqBatchStore } from '../../../src/persistence/dlq-batch.store.js';
import { SchedulerModule } from '../../../src/scheduler/scheduler.module.js';
import { createDag, type EngineUnderTest, engineOn, failure, noop } from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';
import { holdJob } from '../engine/contention.js';
import { type ApiApplication, startApi } from './api-application.js';

let api: ApiApplication;
let engine: EngineUnderTest;
const schedulers: INestApplicationContext[] = [];

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, DlqModule], { MAX_RETRIES: '0' });
  engine = await engineOn(api.database.url, { MAX_RETRIES: '0' });
}, 60_000);

afterAll(async () => {
  await stopSchedulers();
  await engine.close();
  await api.close();
}, 60_000);

/** Another process of the scheduler role, as far as the database can tell. */
async function startScheduler(): Promise<void> {
  const config = ConfigModule.forRoot({ ...api.config, role: 'scheduler' });
  const moduleRef = await Test.createTestingModule({ imports: [config, SchedulerModule] }).compile();
  schedulers.push(await moduleRef.init());
}

async function stopSchedulers(): Promise<void> {
  for (const scheduler of schedulers.splice(0)) await scheduler.close();
}

const http = () => request(api.app.getHttpServer());

/** Jobs whose only task failed for good. @returns their DAG, and their entries by id */
async function buried(count: number, code = 'exit_code', task = 'bad', dagId?: number) {
  const dag = dagId ?? (await createDag(engine, [noop(task), noop('below', [task])]));
  await Promise.all(
    Array.from({ length: count }, async () => {
      const job = await engine.startJobs.start({ dagId: dag, trigger: 'manual' });
      if (job.kind !== 'started') throw new Error(job.kind);
      const claim = await engine.claimTasks.claim({ runId: job.runId, idx: 0, attempt: 1 }, engine.workerId);
      const error = { code, message: 'exit 1', retryable: false };
      await engine.finishTasks.finish(claim!, { kind: 'failed', error });
    }),
  );
  const entries = await engine.rows<{ id: number; run_id: string }>(
    `SELECT id, run_id FROM dlq_entries WHERE dag_id = $1 AND status = 'pending' ORDER BY id`,
    [dag],
  );
  return { dagId: dag, entries };
}

async function entriesOf(dagId: number) {
  return await engine.rows<{ id: number; status: string; resolved_by: string | null; resolved_at: Date }>(
    'SELECT id, status, resolved_by, resolved_at FROM dlq_entries WHERE dag_id = $1 ORDER BY id',
    [dagId],
  );
}

const begin = async (kind: 'replay' | 'resolve', body: object) =>
  (await http().post(`/workers/dlq/${kind}`).send(body).expect(202)).body;

const operation = async (id: number) => (await http().get(`/workers/dlq/operations/${id}`).expect(200)).body;

const ended = async (id: number) =>
  await eventually(
    async () => {
      const now = await operation(id);
      expect(now.status).not.toBe('running');
      return now;
    },
    { timeoutMs: 60_000, everyMs: 50 },
  );

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('a bulk operation', () => {
  test.each([
    ['replay', {}, ['/filter']],
    ['replay', { filter: {} }, ['/filter']],
    ['replay', { filter: null }, ['/filter']],
    ['replay', { filter: [], max: 1 }, ['/filter']],
    ['replay', { filter: { status: 'pending' } }, ['/filter/status']],
    ['replay', { filter: { dag_id: '1', task_name: null } }, ['/filter/dag_id', '/filter/task_name']],
    [
      'replay',
      { filter: { dag_id: 2_147_483_648, error_code: '' } },
      ['/filter/dag_id', '/filter/error_code'],
    ],
    ['replay', { filter: { created_before: 'yesterday' } }, ['/filter/created_before']],
    ['replay', { filter: { dag_id: 1 }, max: 0, rate: 0, dry_run: 'no' }, ['/dry_run', '/max', '/rate']],
    ['replay', { filter: { dag_id: 1 }, max: 100_001, rate: 1_001 }, ['/max', '/rate']],
    ['replay', { filter: { dag_id: 1 }, note: 'why', output: 1 }, ['/note', '/output']],
    ['resolve', { filter: {}, note: 5 }, ['/filter', '/note']],
    ['resolve', [], ['']],
  ])('of the kind %s is refused with the body %j', async (kind, body, pointers) => {
    const answer = await http().post(`/workers/dlq/${kind}`).send(body).expect(422);
    expect(answer.body.code).toBe('validation_failed');
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer).sort()).toEqual(pointers);
  });

  test('is refused with an output that is too large', async () => {
    const output = 'x'.repeat(1_048_576);
    const answer = await http()
      .post('/workers/dlq/resolve')
      .send({ filter: { dag_id: 1 }, output })
      .expect(422);
    expect(answer.body.errors).toMatchObject([{ pointer: '/output' }]);
  });

  test('says what it would be meant for and changes nothing on a dry run', async () => {
    const { dagId, entries } = await buried(12);
    const before = await entriesOf(dagId);
    const operations = (await http().get('/workers/dlq/operations').expect(200)).body;
    for (const kind of ['replay', 'resolve']) {
      const dryRun = async (more: object) =>
        (
          await http()
            .post(`/workers/dlq/${kind}`)
            .send({ filter: { dag_id: dagId }, dry_run: true, ...more })
            .expect(200)
        ).body;
      const all = await dryRun({});
      expect(all).toMatchObject({ dry_run: true, matched: 12, more: false });
      expect(all.sample.map((entry: { id: number }) => entry.id)).toEqual(
        entries.slice(0, 10).map((entry) => entry.id),
      );
      expect(await dryRun({ max: 3 })).toMatchObject({ matched: 3, more: true, sample: [{}, {}, {}] });
    }
    expect(await entriesOf(dagId)).toEqual(before);
    expect((await http().get('/workers/dlq/operations').expect(200)).body).toEqual(operations);
  });

  test('is meant for pending entries that fit every field of its filter', async () => {
    const first = await buried(2, 'timeout');
    await buried(1, 'exit_code', 'bad', first.dagId);
    const other = await buried(1, 'timeout', 'other');
    const count = async (filter: object) =>
      (await http().post('/workers/dlq/replay').send({ filter, dry_run: true }).expect(200)).body.matched;
    const dag_id = first.dagId;
    expect(await count({ dag_id })).toBe(3);
    expect(await count({ dag_id, error_code: 'timeout' })).toBe(2);
    expect(await count({ error_code: 'timeout', task_name: 'other' })).toBe(1);
    expect(await count({ dag_id: other.dagId, task_name: 'bad' })).toBe(0);
    expect(await count({ dag_id, created_before: new Date(Date.now() - 60_000).toISOString() })).toBe(0);
    expect(await count({ dag_id, created_before: '2090-01-01T00:00:00+05:00' })).toBe(3);
    await http().post(`/workers/dlq/${first.entries[0].id}/resolve`).expect(200);
    expect(await count({ dag_id })).toBe(2);
  });

  test('that matches nothing is done at once', async () => {
    const answer = await http()
      .post('/workers/dlq/replay')
      .send({ filter: { error_code: 'never_seen' } })
      .expect(202);
    expect(answer.body).toEqual({
      id: expect.any(Number),
      kind: 'replay',
      filter: { error_code: 'never_seen' },
      max: 1_000,
      rate: 20,
      note: null,
      has_output: false,
      status: 'done',
      matched: 0,
      done: 0,
      skipped: 0,
      failed: 0,
      reasons: {},
      created_by: 'api',
      created_at: TIME,
      finished_at: TIME,
    });
    expect(answer.headers.location).toBe(`/workers/dlq/operations/${answer.body.id}`);
    expect((await http().get(answer.headers.location).expect(200)).body).toEqual(answer.body);
  });

  test('is listed newest first, and unknown where there is none', async () => {
    const ids: number[] = [];
    for (let index = 0; index < 3; index += 1)
      ids.unshift((await begin('resolve', { filter: { error_code: 'never_seen' } })).id);
    const first = (await http().get('/workers/dlq/operations?limit=2').expect(200)).body;
    const cursor = first.next_cursor as string;
    const second = (await http().get('/workers/dlq/operations').query({ limit: 2, cursor }).expect(200)).body;
    expect([...first.items, ...second.items].slice(0, 3).map((item: { id: number }) => item.id)).toEqual(ids);
    await http().get('/workers/dlq/entries').query({ cursor }).expect(422);
    for (const id of ['999999', 'x', '0'])
      expect((await http().get(`/workers/dlq/operations/${id}`).expect(404)).body.code).toBe(
        'dlq_operation_not_found',
      );
    await http().post('/workers/dlq/operations/999999/cancel').expect(404);
    expect((await http().post(`/workers/dlq/operations/${ids[0]}/cancel`).expect(409)).body.code).toBe(
      'dlq_operation_ended',
    );
  });

  test('has examples that work when pasted', async () => {
    const { body } = await http().get('/openapi.json').expect(200);
    for (const kind of ['replay', 'resolve']) {
      const { examples } = body.paths[`/workers/dlq/${kind}`].post.requestBody.content['application/json'];
      for (const { value } of Object.values<{ value: { dry_run?: boolean } }>(examples))
        await http()
          .post(`/workers/dlq/${kind}`)
          .send(value)
          .expect(value.dry_run === true ? 200 : 202);
    }
  });
});

/** Makes the database refuse any change of an entry, with an error of this SQLSTATE. */
async function breakEntry(id: number, sqlState: string): Promise<void> {
  await engine.rows(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE 'not this one' USING ERRCODE = '${sqlState}'; END $$`,
  );
  await engine.rows(
    `CREATE TRIGGER refuse BEFORE UPDATE ON dlq_entries FOR EACH ROW WHEN (OLD.id = ${id}) EXECUTE FUNCTION refuse()`,
  );
}

async function repairEntries(): Promise<void> {
  await engine.rows('DROP FUNCTION refuse CASCADE');
}

describe('a bulk operation that a scheduler works off', () => {
  beforeAll(async () => await startScheduler(), 60_000);
  afterAll(stopSchedulers);

  test('begins within a second and replays each entry', async () => {
    const { dagId, entries } = await buried(3);
    const { id } = await begin('replay', { filter: { dag_id: dagId }, dry_run: false });
    const done = await ended(id);
    expect(done).toMatchObject({
      status: 'done',
      matched: 3,
      done: 3,
      skipped: 0,
      failed: 0,
      finished_at: TIME,
    });
    expect(Date.parse(done.finished_at) - Date.parse(done.created_at)).toBeLessThan(2_000);
    expect(await entriesOf(dagId)).toMatchObject(
      entries.map((entry) => ({ id: entry.id, status: 'replayed', resolved_by: `operation ${id}` })),
    );
    const { body } = await http().get(`/jobs/${entries[0].run_id}`).expect(200);
    expect(body).toMatchObject({ status: 'running', tasks: [{ attempt: 2 }, { status: 'blocked' }] });
  });

  test('takes on the oldest ones, up to max', async () => {
    const { dagId } = await buried(4);
    const { id } = await begin('resolve', { filter: { dag_id: dagId }, max: 2, note: 'old' });
    expect(await ended(id)).toMatchObject({ matched: 2, done: 2, max: 2, note: 'old' });
    expect((await entriesOf(dagId)).map((entry) => entry.status)).toEqual([
      'resolved',
      'resolved',
      'pending',
      'pending',
    ]);
  });

  test.each([[{ rows: 0 }], [null]])('resolves with the output %j: what waits goes on', async (output) => {
    const { dagId, entries } = await buried(2);
    const { id } = await begin('resolve', { filter: { dag_id: dagId }, note: 'by hand', output });
    expect(await ended(id)).toMatchObject({ done: 2, has_output: true });
    for (const { id: entryId, run_id: runId } of entries) {
      const job = (await http().get(`/jobs/${runId}`).expect(200)).body;
      expect(job).toMatchObject({
        status: 'running',
        tasks: [{ status: 'succeeded', output }, { status: 'queued' }],
      });
      const [entry] = await engine.rows('SELECT note FROM dlq_entries WHERE id = $1', [entryId]);
      expect(entry).toEqual({ note: 'by hand' });
    }
  });

  test('skips what cannot be replayed, says why, and goes on', async () => {
    const { dagId } = await buried(2);
    const two = await createDag(engine, [noop('slow'), noop('bad')]);
    const job = await engine.startJobs.start({ dagId: two, trigger: 'manual' });
    const runId = job.kind === 'started' ? job.runId : '';
    const claim = await engine.claimTasks.claim({ runId, idx: 1, attempt: 1 }, engine.workerId);
    await engine.finishTasks.finish(claim!, {
      kind: 'failed',
      error: { code: 'odd', message: 'exit 1', retryable: false },
    });
    await engine.cancelJobs.cancel(runId);
    const deleted = await buried(2, 'odd');
    await http().delete(`/dags/${deleted.dagId}`).expect(204);
    await engine.rows(`UPDATE dlq_entries SET error = '{"code": "odd"}' WHERE dag_id = $1`, [dagId]);

    const { id } = await begin('replay', { filter: { error_code: 'odd' } });
    expect(await ended(id)).toMatchObject({
      status: 'done',
      matched: 5,
      done: 2,
      skipped: 3,
      failed: 0,
      reasons: { job_already_ended: 1, dag_deleted: 2 },
    });
    expect((await entriesOf(two))[0].status).toBe('pending');
    // Only closed, they may be.
    const close = await begin('resolve', { filter: { error_code: 'odd' } });
    expect(await ended(close.id)).toMatchObject({ matched: 3, done: 3, reasons: {} });
  });

  test('does not replay again what fails again, even where that would make up the number', async () => {
    const { dagId, entries } = await buried(5);
    // The operation does not get past the first entry before the last one has been closed by hand.
    const held = await holdJob(engine, entries[0].run_id);
    const { id } = await begin('replay', { filter: { dag_id: dagId }, rate: 4 });
    await http().post(`/workers/dlq/${entries[4].id}/resolve`).expect(200);
    await held.release();
    for (const { run_id: runId } of entries.slice(0, 4)) {
      const claim = await eventually(async () => {
        const ref = { runId, idx: 0, attempt: 2 };
        const got = await engine.claimTasks.claim(ref, engine.workerId);
        expect(got).not.toBeNull();
        return got!;
      });
      await engine.finishTasks.finish(claim, failure(false));
    }
    expect(await ended(id)).toMatchObject({
      matched: 5,
      done: 4,
      skipped: 1,
      reasons: { dlq_entry_not_pending: 1 },
    });
    expect((await entriesOf(dagId)).map((entry) => entry.status)).toEqual([
      'replayed',
      'replayed',
      'replayed',
      'replayed',
      'resolved',
      'pending',
      'pending',
      'pending',
      'pending',
    ]);
  });

  test('counts an entry that a fault of ours keeps pending as failed, and goes on', async () => {
    const { dagId, entries } = await buried(3);
    await breakEntry(entries[1].id, '23514');
    const { id } = await begin('replay', { filter: { dag_id: dagId } });
    expect(await ended(id)).toMatchObject({
      matched: 3,
      done: 2,
      skipped: 0,
      failed: 1,
      reasons: { internal: 1 },
    });
    expect((await entriesOf(dagId)).map((entry) => entry.status)).toEqual([
      'replayed',
      'pending',
      'replayed',
    ]);
    await repairEntries();
  });

  test('waits for a database that is away, and then goes on with all of it', async () => {
    const { dagId, entries } = await buried(3);
    await breakEntry(entries[1].id, '57P01');
    const { id } = await begin('replay', { filter: { dag_id: dagId } });
    await eventually(async () => expect((await entriesOf(dagId))[0].status).toBe('replayed'));
    expect(await operation(id)).toMatchObject({ status: 'running', done: 0, failed: 0 });
    await repairEntries();
    await engine.rows('UPDATE dlq_operations SET claimed_until = now() WHERE id = $1', [id]);
    expect(await ended(id)).toMatchObject({ matched: 3, done: 3, skipped: 0, failed: 0 });
  });

  test('stops when it is cancelled, once and for all', async () => {
    const { dagId } = await buried(30);
    const { id } = await begin('replay', { filter: { dag_id: dagId }, rate: 4 });
    await eventually(async () => expect((await operation(id)).done).toBeGreaterThan(0));
    const cancel = `/workers/dlq/operations/${id}/cancel`;
    expect((await http().post(cancel).expect(200)).body).toMatchObject({
      status: 'cancelled',
      finished_at: TIME,
    });
    await http().post(cancel).expect(200);
    // A second one gets all of what is left, so nobody works on the first any more.
    const rest = await begin('resolve', { filter: { dag_id: dagId }, rate: 1_000 });
    await ended(rest.id);
    const { done, status } = await operation(id);
    expect(status).toBe('cancelled');
    const replayed = (await entriesOf(dagId)).filter((entry) => entry.status === 'replayed');
    expect(replayed).toHaveLength(done);
    expect(done).toBeLessThan(30);
  });
});

describe('a bulk operation whose scheduler died', () => {
  afterAll(stopSchedulers);

  test('in the middle of a batch is taken up by the next, and nothing is done or counted twice', async () => {
    const { dagId, entries } = await buried(20);
    const { id } = await begin('replay', { filter: { dag_id: dagId }, rate: 40 });
    const dead = new DlqBatchStore(engine.database);
    const batch = (await dead.claim())!;
    expect(batch.entryIds).toEqual(entries.slice(0, 10).map((entry) => entry.id));
    // As long as it counts as alive, nobody else takes the operation on, even when the next batch is due.
    await engine.rows('UPDATE dlq_operations SET next_at = now() WHERE id = $1', [id]);
    expect(await dead.claim()).toBeNull();
    for (const entryId of batch.entryIds.slice(0, 4)) await engine.replayTasks.replay(entryId, closerOf(id));
    expect(await operation(id)).toMatchObject({ status: 'running', done: 0 });

    await engine.rows('UPDATE dlq_operations SET claimed_until = now() WHERE id = $1', [id]);
    await startScheduler();
    expect(await ended(id)).toMatchObject({
      status: 'done',
      matched: 20,
      done: 20,
      skipped: 0,
      failed: 0,
      reasons: {},
    });
    // It was only slow: what it has to say is no longer asked for.
    expect(
      await dead.record(
        batch,
        batch.entryIds.map(() => null),
      ),
    ).toBe(false);
    expect((await operation(id)).done).toBe(20);
    const replays = await engine.rows<{ times: number }>(
      `SELECT count(*)::int AS times FROM events WHERE dag_id = $1 AND type = 'dlq.replayed' GROUP BY run_id`,
      [dagId],
    );
    expect(replays).toEqual(entries.map(() => ({ times: 1 })));
  });

  test('after it was cancelled is still counted, and no more of it is done', async () => {
    await stopSchedulers();
    const { dagId } = await buried(20);
    const { id } = await begin('replay', { filter: { dag_id: dagId }, rate: 40 });
    const batch = (await new DlqBatchStore(engine.database).claim())!;
    for (const entryId of batch.entryIds.slice(0, 4)) await engine.replayTasks.replay(entryId, closerOf(id));
    await http().post(`/workers/dlq/operations/${id}/cancel`).expect(200);
    await engine.rows('UPDATE dlq_operations SET claimed_until = now() WHERE id = $1', [id]);
    await startScheduler();
    await eventually(async () => expect(await operation(id)).toMatchObject({ status: 'cancelled', done: 4 }));
    expect(await operation(id)).toMatchObject({ skipped: 0, failed: 0, reasons: {} });
    expect((await entriesOf(dagId)).filter((entry) => entry.status === 'pending')).toHaveLength(16);
  });
});

/**
 * Fails when entries were closed faster than the rate: at most half a second of it is caught up, and the entries of two
 * batches, a quarter of a second each, may come at once.
 */
function expectPace(closed: readonly { resolved_at: Date }[], rate: number): void {
  const times = closed.map((entry) => entry.resolved_at.getTime()).sort((one, other) => one - other);
  const burst = rate * 0.5 + 2 * Math.ceil(rate * 0.25);
  const step = Math.ceil(times.length / 40);
  times.forEach((from, first) => {
    for (let last = first; last < times.length; last += step)
      expect(last - first + 1).toBeLessThanOrEqual((rate * (times[last] - from)) / 1_000 + burst + 1);
  });
}

describe('the work of two schedulers', () => {
  beforeAll(async () => {
    await Promise.all([startScheduler(), startScheduler()]);
  }, 60_000);
  afterAll(stopSchedulers);

  test('keeps the rate of one, which is met as well as not exceeded', async () => {
    const rate = 8;
    const { dagId } = await buried(40);
    const { id } = await begin('replay', { filter: { dag_id: dagId }, rate });
    expect(await ended(id)).toMatchObject({ done: 40 });
    const closed = await entriesOf(dagId);
    expectPace(closed, rate);
    const seconds = (closed.at(-1)!.resolved_at.getTime() - closed[0].resolved_at.getTime()) / 1_000;
    expect(seconds).toBeGreaterThan(3.5);
    expect(seconds).toBeLessThan(10);
  }, 60_000);

  test('of a thousand entries closes each once, no faster than the rate, and the progress only grows', async () => {
    const rate = 100;
    const { dagId, entries } = await buried(1_000);
    expect(entries).toHaveLength(1_000);
    const { id } = await begin('replay', { filter: { dag_id: dagId }, rate });
    const seen: number[] = [];
    await eventually(
      async () => {
        const { status, done, skipped, failed } = await operation(id);
        seen.push(done);
        expect({ status, skipped, failed }).toEqual({ status: 'done', skipped: 0, failed: 0 });
      },
      { timeoutMs: 60_000, everyMs: 50 },
    );
    expect(seen.at(-1)).toBe(1_000);
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
    expect(new Set(seen).size).toBeGreaterThan(5);

    const closed = await entriesOf(dagId);
    expect(closed.map((entry) => entry.id)).toEqual(entries.map((entry) => entry.id));
    for (const entry of closed)
      expect(entry).toMatchObject({ status: 'replayed', resolved_by: `operation ${id}` });
    const replays = await engine.rows<{ times: number; jobs: number }>(
      `SELECT count(*)::int AS times, count(DISTINCT run_id)::int AS jobs FROM events
       WHERE dag_id = $1 AND type = 'dlq.replayed'`,
      [dagId],
    );
    expect(replays).toEqual([{ times: 1_000, jobs: 1_000 }]);

    expectPace(closed, rate);
  }, 120_000);
});
