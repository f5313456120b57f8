import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../src/persistence/data-source-options.js';
import { TickStore } from '../../../src/persistence/tick.store.js';
import { WorkerQueryStore } from '../../../src/persistence/worker-query.store.js';
import { CronTicks } from '../../../src/scheduler/cron-ticks.js';
import {
  claimAll,
  createDag,
  createEngine,
  type EngineUnderTest,
  failure,
  joinEngine,
  noop,
  startJob,
  SUCCESS,
} from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';

let engine: EngineUnderTest;
let crowdedDag: number;

const BIG = ['tasks', 'jobs', 'events', 'attempts'];

/** 5,000 jobs of one DAG, half of them ended, with 20 tasks, 20 attempts and 20 events each. */
async function crowd(dagId: number): Promise<void> {
  const worker = randomUUID();
  await engine.leases.register({ id: worker, hostname: 'busy', pid: 9, slots: 1_000, version: '0' }, 3_600);
  const [{ id: version }] = await engine.rows<{ id: number }>(
    'SELECT id FROM dag_versions WHERE dag_id = $1',
    [dagId],
  );
  await engine.rows(
    `INSERT INTO jobs (run_id, dag_id, dag_version_id, status, priority, trigger, finished_at, tasks_succeeded,
                       tasks_blocked, tasks_queued, tasks_running, tasks_retrying, last_seq)
     SELECT gen_random_uuid(), $1, $2, CASE WHEN n % 2 = 0 THEN 'running' ELSE 'succeeded' END, 'normal', 'manual',
            CASE WHEN n % 2 = 1 THEN now() END, CASE WHEN n % 2 = 0 THEN 0 ELSE 20 END,
            5 * (1 - n % 2), 5 * (1 - n % 2), 5 * (1 - n % 2), 5 * (1 - n % 2), 20
     FROM generate_series(1, 5000) n`,
    [dagId, version],
  );
  await engine.rows(
    `INSERT INTO tasks (run_id, idx, name, task_type, status, attempt, open_upstreams, max_retries, retry_base_seconds,
                        retry_max_seconds, lease, worker_id, queued_at, started_at, next_retry_at)
     SELECT run_id, n, 't' || n, 'noop', state, 1, (state = 'blocked')::int, 3, 1, 1,
            CASE WHEN state = 'running' THEN nextval('lease_numbers') END, $1, now(), now(),
            CASE WHEN state = 'retrying' THEN now() + interval '1 day' END
     FROM jobs, generate_series(0, 19) n, LATERAL (SELECT CASE WHEN jobs.status = 'succeeded' THEN 'succeeded'
            ELSE (ARRAY['blocked', 'queued', 'running', 'retrying'])[n % 4 + 1] END) s (state)`,
    [worker],
  );
  await engine.rows(
    `INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at)
     SELECT run_id, idx, 1, 'succeeded', 1, worker_id, now(), now(), now() FROM tasks`,
  );
  await engine.rows(
    `INSERT INTO events (run_id, seq, dag_id, type, at) SELECT run_id, idx + 1, $1, 'task.queued', now() FROM tasks`,
    [dagId],
  );
}

beforeAll(async () => {
  // A pool of one: what a session has read is told when it next asks, or ten seconds later, so with several sessions the
  // reads of the preparation would now and then count as a step's.
  engine = await createEngine({ MAX_RETRIES: '0' }, 1);
  // Statistics come when the tests say so.
  const stored = await engine.rows<{ name: string; times: string[] }>(
    `SELECT c.oid::regclass::text AS name,
            ARRAY(SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
                  WHERE i.indrelid = c.oid AND x.relam = (SELECT oid FROM pg_am WHERE amname = 'brin')) AS times
     FROM pg_class c
     WHERE c.relkind = 'r' AND coalesce(pg_partition_root(c.oid), c.oid)::regclass::text = ANY ($1)`,
    [BIG],
  );
  for (const { name, times } of stored) {
    await engine.rows(`ALTER TABLE ${name} SET (autovacuum_enabled = off)`);
    // So do the summaries of this: made in the background, each range of pages counts as a read of the whole table.
    for (const index of times) await engine.rows(`ALTER INDEX ${index} SET (autosummarize = off)`);
  }
  crowdedDag = await createDag(engine, [noop('a')]);
  await crowd(crowdedDag);
}, 60_000);
afterAll(async () => await engine.close());

interface Reads {
  table: string;
  wholeTables: number;
  indexEntries: number;
  pages: number;
}

async function reads(): Promise<Reads[]> {
  // The numbers of a session that has ended are all there; those of the engine's only session are sent by this.
  await engine.rows('SELECT pg_stat_force_next_flush()');
  return await engine.rows<Reads>(
    `SELECT coalesce(pg_partition_root(t.relid), t.relid)::regclass::text AS table, sum(t.seq_scan)::int AS "wholeTables",
            coalesce(sum((SELECT sum(i.idx_tup_read) FROM pg_stat_user_indexes i WHERE i.relid = t.relid)), 0)::int AS "indexEntries",
            sum((SELECT heap_blks_read + heap_blks_hit FROM pg_statio_user_tables p WHERE p.relid = t.relid))::int AS pages
     FROM pg_stat_user_tables t
     WHERE coalesce(pg_partition_root(t.relid), t.relid)::regclass::text = ANY ($1) GROUP BY 1 ORDER BY 1`,
    [BIG],
  );
}

/** Sessions besides the engine's: a pool that has closed has said goodbye, and its server may still be about to hear it. */
async function othersConnected(): Promise<number> {
  const [{ others }] = await engine.rows<{ others: number }>(
    `SELECT count(*)::int AS others FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  return others;
}

/** What a step that a process of its own takes reads of the big tables. */
async function readsOf(step: (process: EngineUnderTest) => Promise<unknown>): Promise<Record<string, Reads>> {
  const process = await joinEngine(engine, 1);
  const before = await reads();
  await step(process);
  await process.close();
  await eventually(async () => expect(await othersConnected()).toBe(0));
  const after = await reads();
  return Object.fromEntries(
    after.map((now, index) => [
      now.table,
      {
        table: now.table,
        wholeTables: now.wholeTables - before[index].wholeTables,
        indexEntries: now.indexEntries - before[index].indexEntries,
        pages: now.pages - before[index].pages,
      },
    ]),
  );
}

/** A job of three tasks in a row, of which the first is running, and its claim. */
async function running(process: EngineUnderTest = engine) {
  engine.queue.take();
  const runId = await startJob(engine, [noop('a'), noop('b', ['a']), noop('c', ['b'])]);
  const [claim] = await claimAll(process);
  return { runId, claim };
}

const wideJobs: string[] = [];
afterEach(async () => {
  for (const runId of wideJobs.splice(0)) await engine.cancelJobs.cancel(runId);
});

/** A job of 600 tasks that wait for nothing. */
async function wide() {
  engine.queue.take();
  const runId = await startJob(
    engine,
    Array.from({ length: 600 }, (_, n) => noop(`w${n}`)),
  );
  wideJobs.push(runId);
  return { runId, claims: async () => await claimAll(engine) };
}

async function entry(): Promise<number> {
  const { runId, claim } = await running();
  await engine.finishTasks.finish(claim, failure());
  const [{ id }] = await engine.rows<{ id: number }>('SELECT id FROM dlq_entries WHERE run_id = $1', [runId]);
  return id;
}

type Step = (process: EngineUnderTest) => Promise<unknown>;

/** Each prepares what it needs through the first engine and returns the step to be measured. */
const STEPS: Record<string, () => Promise<Step>> = {
  start: async () => {
    const dagId = await createDag(engine, [noop('a'), noop('b', ['a'])]);
    return async (one) => await one.startJobs.start({ dagId, trigger: 'manual' });
  },
  'start with an idempotency key': async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const key = {
      route: 'POST /jobs',
      caller: 'anonymous',
      digest: randomBytes(32),
      fingerprint: randomBytes(32),
    };
    return async (one) => {
      await one.startJobs.start({ dagId, trigger: 'manual', key });
      await one.startJobs.start({ dagId, trigger: 'manual', key });
    };
  },
  'start of many at once': async () => {
    const dagIds = [
      await createDag(engine, [noop('a'), noop('b', ['a'])]),
      await createDag(engine, [noop('a')]),
    ];
    const jobs = Array.from({ length: 40 }, (_, n) => ({ dagId: dagIds[n % 2], trigger: 'manual' }) as const);
    const key = {
      route: 'POST /jobs/batch',
      caller: 'anonymous',
      digest: randomBytes(32),
      fingerprint: randomBytes(32),
    };
    return async (one) => {
      await one.startJobs.startAll({ jobs });
      await one.startJobs.startAll({ jobs, key });
      await one.startJobs.startAll({ jobs, key });
    };
  },
  'start of a tick': async () => {
    const dagId = await createDag(engine, [noop('a')]);
    return async (one) => await one.startJobs.start({ dagId, trigger: 'cron', tickAt: new Date() });
  },
  claim: async () => {
    engine.queue.take();
    const runId = await startJob(engine, [noop('a')]);
    return async (one) => await one.claimTasks.claim({ runId, idx: 0, attempt: 1 }, engine.workerId);
  },
  succeed: async () => {
    const { claim } = await running();
    return async (one) => await one.finishTasks.finish(claim, SUCCESS);
  },
  retry: async () => {
    const { claim } = await running();
    return async (one) => await one.finishTasks.finish({ ...claim, maxRetries: 3 }, failure());
  },
  bury: async () => {
    const { claim } = await running();
    return async (one) => await one.finishTasks.finish(claim, failure());
  },
  requeue: async () => {
    const { claim } = await running();
    return async (one) => await one.requeueTasks.requeue([{ ...claim, outcome: 'drained' }]);
  },
  cancel: async () => {
    const { runId } = await running();
    return async (one) => await one.cancelJobs.cancel(runId);
  },
  replay: async () => {
    const id = await entry();
    return async (one) => await one.replayTasks.replay(id, 'tester');
  },
  resolve: async () => {
    const id = await entry();
    return async (one) => await one.replayTasks.resolve(id, 'tester', null, 1);
  },
  rerun: async () => {
    const { runId, claim } = await running();
    await engine.finishTasks.finish(claim, failure());
    return async (one) => await one.rerunJobs.rerun(runId, 'failed');
  },
  wake: async () => {
    const { claim } = await running();
    await engine.finishTasks.finish({ ...claim, maxRetries: 3 }, failure());
    return async (one) => await one.upkeep.wake();
  },
  release: async () => {
    const dagId = await createDag(engine, [noop('a')]);
    await engine.startJobs.start({ dagId, trigger: 'manual', runAt: new Date(Date.now() + 3_600_000) });
    await engine.rows(`UPDATE jobs SET scheduled_for = now() WHERE dag_id = $1`, [dagId]);
    return async (one) => await one.upkeep.release();
  },
  'cron ticks': async () => {
    const dagId = await createDag(engine, [noop('a')]);
    await engine.rows(
      `UPDATE dags SET cron_expression = '0 * * * *', next_run_at = date_trunc('hour', now()) WHERE id = $1`,
      [dagId],
    );
    return async (one) => await new CronTicks(new TickStore(one.database), one.startJobs).fire();
  },
  'cancel of the open jobs of a DAG': async () => {
    const dagId = await createDag(engine, [noop('a')]);
    await engine.startJobs.start({ dagId, trigger: 'manual' });
    return async (one) => await one.cancelJobs.cancelOfDag(dagId);
  },
  retire: async () => {
    await running();
    return async (one) => await one.upkeep.retire(1);
  },
  heartbeat: async () => {
    const { claim } = await running();
    return async (one) => {
      await one.leases.renew(engine.workerId, 60);
      await one.leases.findRevoked([claim]);
      await one.leases.findUnknown(engine.workerId, [claim.lease], 10);
    };
  },
  // Last: what they leave behind in the indexes until the next vacuum, a heartbeat would have to read.
  'claim of ten among hundreds queued in one job': async () => {
    const { runId } = await wide();
    const ten = Array.from({ length: 10 }, (_, n) => ({ runId, idx: 20 * n, attempt: 1 }));
    return async (one) => await Promise.all(ten.map((ref) => one.claimTasks.claim(ref, engine.workerId)));
  },
  'success of ten among hundreds running in one job': async () => {
    const { claims } = await wide();
    const ten = (await claims()).filter((_, n) => n % 20 === 0).slice(0, 10);
    return async (one) => await Promise.all(ten.map((claim) => one.finishTasks.finish(claim, SUCCESS)));
  },
  'retry of ten among hundreds running in one job': async () => {
    const { claims } = await wide();
    const ten = (await claims()).filter((_, n) => n % 20 === 0).slice(0, 10);
    return async (one) =>
      await Promise.all(ten.map((claim) => one.finishTasks.finish({ ...claim, maxRetries: 3 }, failure())));
  },
  'burial of ten among hundreds running in one job': async () => {
    const { claims } = await wide();
    const ten = (await claims()).filter((_, n) => n % 20 === 0).slice(0, 10);
    return async (one) => await Promise.all(ten.map((claim) => one.finishTasks.finish(claim, failure())));
  },
};

describe.each([
  ['before the first statistics', false],
  ['with statistics', true],
])('Among a hundred thousand other tasks, %s,', (_when, hasStatistics) => {
  beforeAll(async () => {
    if (hasStatistics) await engine.rows('VACUUM ANALYZE');
  });

  it.each(Object.keys(STEPS))('%s reads by key what it needs, and no more', async (name) => {
    const step = await STEPS[name]();
    const read = await readsOf(step);
    for (const table of BIG) {
      expect(read[table].wholeTables).toBe(0);
      expect(read[table].indexEntries).toBeLessThan(150);
    }
  });
});

describe('Among a hundred thousand other tasks', () => {
  beforeAll(async () => await engine.rows('VACUUM'));

  it('the reaper reads nothing of what runs on living workers', async () => {
    const read = await readsOf(async (one) => await one.upkeep.reap());
    for (const table of BIG) expect(read[table]).toMatchObject({ wholeTables: 0 });
    expect(read.tasks.indexEntries).toBeLessThan(150);
    expect(read.jobs.indexEntries).toBe(0);
  });

  it('a sweep whose counts agree reads the open jobs only', async () => {
    engine.queue.messages = Array.from({ length: 20_000 }, (_, index) => ({
      attemptId: `x${index}`,
      priority: 'normal',
    }));
    const read = await readsOf(async (one) => {
      await one.upkeep.sweep(0);
    });
    engine.queue.messages = [];
    expect(read.tasks).toMatchObject({ wholeTables: 0, indexEntries: 0 });
    expect(read.jobs.wholeTables).toBe(0);
    expect(read.jobs.indexEntries).toBeLessThan(3_000);
  });

  it('the statistics of the workers read nothing of what ended', async () => {
    const read = await readsOf(async () => {
      const source = await new DataSource(
        dataSourceOptions({ url: engine.url, poolSize: 1, applicationName: 'plans-test' }),
      ).initialize();
      const stats = await new WorkerQueryStore(source).stats();
      await source.destroy();
      expect(stats.lastHour.succeeded).toBeGreaterThan(0);
    });
    expect(read.attempts).toMatchObject({ wholeTables: 0, indexEntries: 0, pages: 0 });
  });

  it('the open jobs of a DAG are found without reading its history', async () => {
    await engine.rows(
      `UPDATE jobs SET status = 'succeeded', finished_at = now(), tasks_succeeded = 20, tasks_blocked = 0,
         tasks_queued = 0, tasks_running = 0, tasks_retrying = 0
       WHERE dag_id = $1 AND status = 'running'`,
      [crowdedDag],
    );
    await engine.rows('VACUUM jobs');
    const read = await readsOf(async (one) => await one.cancelJobs.cancelOfDag(crowdedDag));
    expect(read.jobs.wholeTables).toBe(0);
    expect(read.jobs.indexEntries).toBeLessThan(150);
  });
});
