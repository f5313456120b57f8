import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { JOB_STATUSES, JOB_TRIGGERS } from '../../../src/domain/job-state.js';
import { PRIORITIES } from '../../../src/domain/priority.js';
import { DagStore } from '../../../src/persistence/dag.store.js';
import { dataSourceOptions } from '../../../src/persistence/data-source-options.js';
import { DLQ_STATUSES, type DlqFilter, DlqQueryStore } from '../../../src/persistence/dlq-query.store.js';
import { EventStore } from '../../../src/persistence/event.store.js';
import type { JobFilter } from '../../../src/persistence/job-list.js';
import { JobQueryStore } from '../../../src/persistence/job-query.store.js';
import { WorkerQueryStore } from '../../../src/persistence/worker-query.store.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { loadEndedAttempts, loadHistory, RARE } from '../../support/history.mjs';
import { watched } from './reads.js';

const JOBS = 30_000;
const LIMIT = 51;
/** Of jobs: what the kinds that can match may offer, and looking up the page. */
const MOST_ROWS = 1_600;

let database: TestDatabase;
let source: DataSource;
let dags: { common: number; rare: number; unused: number };
let watch: ReturnType<typeof watched>;
let jobs: JobQueryStore;
let dlq: DlqQueryStore;

const query = async (text: string, params?: unknown[]) => ({ rows: await source.query(text, params) });

beforeAll(async () => {
  database = await createTestDatabase();
  source = await new DataSource(
    dataSourceOptions({
      url: database.url,
      poolSize: 2,
      applicationName: 'long-history-test',
      isHasty: true,
    }),
  ).initialize();
  dags = await loadHistory({ query }, { jobs: JOBS, dags: 2_000, openJobs: 200, workers: 60 });
  await source.query('VACUUM ANALYZE');
  watch = watched(source);
  jobs = new JobQueryStore(watch.source);
  dlq = new DlqQueryStore(watch.source);
}, 120_000);
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

/** Every subset of the properties. */
function subsets<Filter extends object>(filter: Filter): Partial<Filter>[] {
  const entries = Object.entries(filter);
  return Array.from({ length: 2 ** entries.length }, (_, bits) =>
    Object.fromEntries(entries.filter((_entry, i) => (bits >> i) & 1)),
  ) as Partial<Filter>[];
}

const describeFilter = (filter: object): string => JSON.stringify(filter);

/** DAGs are known by their role until the history is there. */
type Sample = Omit<JobFilter, 'dagId'> & { dag?: 'common' | 'rare' | 'unused' };

type DlqSample = Omit<DlqFilter, 'dagId'> & Pick<Sample, 'dag'>;

const SAMPLES: Sample[] = [
  ...subsets<Sample>({ statuses: ['succeeded'], dag: 'common', trigger: 'cron', priority: 'normal' }),
  ...subsets<Sample>({ statuses: ['failed'], dag: 'rare', trigger: RARE.trigger, priority: RARE.priority }),
  { dag: 'unused' },
  { statuses: ['scheduled'] },
  { statuses: ['queued', 'running'] },
  { statuses: ['failed', 'cancelled'], priority: 'low' },
  { statuses: [...JOB_STATUSES] },
];

function filterOf({ dag, ...sample }: Sample): JobFilter {
  return dag === undefined ? sample : { ...sample, dagId: dags[dag] };
}

/** The run_id in the middle of the history, and when it was created. */
async function middle(): Promise<{ runId: string; createdAt: Date }> {
  const [row] = await source.query<{ run_id: string; created_at: Date }[]>(
    'SELECT run_id, created_at FROM jobs ORDER BY run_id OFFSET $1 LIMIT 1',
    [JOBS / 2],
  );
  return { runId: row.run_id, createdAt: row.created_at };
}

describe('Among thirty thousand jobs', () => {
  it.each(SAMPLES.map((sample) => [describeFilter(sample), sample] as const))(
    'a page of %s is found by reading little more than the page, wherever it is',
    async (_text, sample) => {
      const { runId, createdAt } = await middle();
      const filter = filterOf(sample);
      const pages = [
        await jobs.list(filter, undefined, LIMIT),
        await jobs.list(filter, runId, LIMIT),
        await jobs.list({ ...filter, createdBefore: createdAt }, undefined, LIMIT),
        await jobs.list(
          { ...filter, createdAfter: createdAt, createdBefore: new Date(+createdAt + 60_000) },
          runId,
          LIMIT,
        ),
      ];
      expect(pages).toHaveLength(4);
      const { rows, wholeTables } = watch.reads();
      expect(rows).toBeLessThan(4 * MOST_ROWS);
      expect(wholeTables).toEqual([]);
    },
  );

  it.each(
    subsets<DlqSample>({ status: 'pending', errorCode: 'timeout', dag: 'common' })
      .concat(subsets({ status: 'resolved', errorCode: RARE.errorCode, dag: 'rare' }))
      .concat({ errorCode: 'exit_code', dag: 'common' })
      .map((sample) => [describeFilter(sample), sample] as const),
  )('a page of DLQ entries of %s is found by its index', async (_text, { dag, ...sample }) => {
    const filter: DlqFilter = dag === undefined ? sample : { ...sample, dagId: dags[dag] };
    await dlq.list(filter, undefined, LIMIT);
    await dlq.list(filter, 1_500, LIMIT);
    const { rows, wholeTables } = watch.reads();
    // Three statuses, and what the page needs to look up.
    expect(rows).toBeLessThan(2 * 6 * LIMIT);
    expect(wholeTables).toEqual([]);
  });

  it('a search for DAGs reads each at most once, and those with a tag by its index', async () => {
    const definitions = new DagStore(watch.source);
    await definitions.list({ name: 'none of them' }, undefined, LIMIT);
    expect(watch.reads().rows).toBeLessThan(2_100);
    await definitions.list({ tag: 'single' }, undefined, LIMIT);
    await definitions.list({ tag: 'none' }, undefined, LIMIT);
    expect(watch.reads().rows).toBeLessThan(10);
  });

  it('a job, its events and its attempts are found by key', async () => {
    const { runId } = await middle();
    expect((await jobs.find(runId))?.job.tasks).toHaveLength(3);
    expect(await jobs.findTask(runId, 'b')).toBe(1);
    expect(await jobs.attempts(runId, 0, 0, LIMIT)).toHaveLength(1);
    expect((await new EventStore(watch.source).list(runId, 3, LIMIT)).length).toBeGreaterThan(5);
    const { rows, wholeTables } = watch.reads();
    expect(rows).toBeLessThan(100);
    expect(wholeTables).toEqual([]);
  });

  it('the statistics look at what is open, and at counts', async () => {
    const { tasks, running } = await jobs.countOpen();
    // Every other of the open jobs runs its second task of three.
    expect(tasks).toMatchObject({ queued: 100, running: 100, succeeded: 100, blocked: 300, failed: 0 });
    expect(running.critical + running.high + running.normal + running.low).toBe(100);
    // Entries of the index, and the jobs they lead to.
    expect(watch.reads().rows).toBeLessThan(500);
    // The tests so far may have taken longer than the last minute reaches back.
    await loadEndedAttempts({ query });
    const workers = new WorkerQueryStore(watch.source);
    const { lastMinute, lastHour } = await workers.stats();
    expect(lastMinute.failed / (lastMinute.failed + lastMinute.succeeded)).toBeCloseTo(0.1);
    // Rows of the loading are 5 s apart; the test may sit on an edge.
    expect(Math.round(lastHour.succeeded / 900)).toBeGreaterThan(700);
    // 60 workers, the tasks that run, the counts of two hours.
    expect(watch.reads().rows).toBeLessThan(2_000);
  });

  it('a statement of the API is prepared once in a session, whatever its values', async () => {
    const alone = await new DataSource(
      dataSourceOptions({ url: database.url, poolSize: 1, applicationName: 'prepared-test', isHasty: true }),
    ).initialize();
    try {
      const store = new JobQueryStore(alone);
      const { runId } = await middle();
      for (const dagId of [dags.common, dags.rare]) await store.list({ dagId }, undefined, LIMIT);
      for (const id of [runId, runId.replace(/^./, 'f')]) await store.find(id);
      const prepared = await alone.query<{ generic: number; custom: number }[]>(
        `SELECT generic_plans::int AS generic, custom_plans::int AS custom FROM pg_prepared_statements`,
      );
      expect(prepared).toEqual([
        { generic: 2, custom: 0 },
        { generic: 2, custom: 0 },
      ]);
    } finally {
      await alone.destroy();
    }
  });

  it('the same page without its index reads far more: the tests above can fail', async () => {
    // PostgreSQL 18 can skip through an index whose first column has few values, so the one behind dag_id goes as well.
    await source.query('DROP INDEX jobs_kind_idx, jobs_dag_kind_idx');
    await source.query('DROP INDEX dlq_entries_dag_code_idx');
    try {
      await jobs.list({ trigger: RARE.trigger }, undefined, LIMIT);
      expect(watch.reads().rows).toBeGreaterThan(10 * MOST_ROWS);
      await dlq.list({ dagId: dags.common, errorCode: 'exit_code' }, undefined, LIMIT);
      expect(watch.reads().rows).toBeGreaterThan(6 * LIMIT);
    } finally {
      await source.query('CREATE INDEX jobs_kind_idx ON jobs (status, trigger, priority, run_id)');
      await source.query(
        'CREATE INDEX jobs_dag_kind_idx ON jobs (dag_id, status, trigger, priority, run_id)',
      );
      await source.query(
        `CREATE INDEX dlq_entries_dag_code_idx ON dlq_entries (dag_id, (error ->> 'code'), status, id)`,
      );
    }
  });
});

/** Walks a list by pages of `limit`, at most `most` of them. */
async function walk<Row, Key>(
  list: (before: Key | undefined) => Promise<Row[]>,
  keyOf: (row: Row) => Key,
  most: number,
): Promise<Key[]> {
  const keys: Key[] = [];
  for (let pages = 0; pages < most; pages += 1) {
    const page = await list(keys.at(-1));
    keys.push(...page.map(keyOf));
    if (page.length === 0) break;
  }
  return keys;
}

const PAGES = 4;

describe('Page by page, a list is what picking the rows by hand gives:', () => {
  it('jobs', async () => {
    const plain = new JobQueryStore(source);
    const all = await source.query<
      {
        run_id: string;
        dag_id: number;
        status: string;
        trigger: string;
        priority: string;
        created_at: Date;
      }[]
    >('SELECT run_id, dag_id, status, trigger, priority, created_at FROM jobs ORDER BY run_id DESC');
    const times = fc.integer({ min: 0, max: all.length - 1 }).map((i) => all[i].created_at);
    const filters = fc.record(
      {
        statuses: fc.array(fc.constantFrom(...JOB_STATUSES), { minLength: 1, maxLength: 7 }),
        dagId: fc.constantFrom(dags.common, dags.rare, dags.unused, dags.common + 7),
        trigger: fc.constantFrom(...JOB_TRIGGERS),
        priority: fc.constantFrom(...PRIORITIES),
        createdAfter: times,
        createdBefore: times,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 60 }), async (filter, limit) => {
        const wanted = all.filter(
          (job) =>
            (filter.statuses as string[] | undefined)?.includes(job.status) !== false &&
            (filter.dagId ?? job.dag_id) === job.dag_id &&
            (filter.trigger ?? job.trigger) === job.trigger &&
            (filter.priority ?? job.priority) === job.priority &&
            !(filter.createdAfter !== undefined && job.created_at <= filter.createdAfter) &&
            !(filter.createdBefore !== undefined && job.created_at >= filter.createdBefore),
        );
        const walked = await walk<{ run_id: string }, string>(
          async (before) => await plain.list(filter, before, limit),
          (job) => job.run_id,
          PAGES,
        );
        expect(walked).toEqual(wanted.slice(0, PAGES * limit).map((job) => job.run_id));
      }),
      { numRuns: 150 },
    );
  });

  it('DLQ entries', async () => {
    const plain = new DlqQueryStore(source);
    const all = await source.query<{ id: number; dag_id: number; status: string; code: string }[]>(
      `SELECT id, dag_id, status, error ->> 'code' AS code FROM dlq_entries ORDER BY id DESC`,
    );
    const filters = fc.record(
      {
        status: fc.constantFrom(...DLQ_STATUSES),
        dagId: fc.constantFrom(dags.common, dags.rare, dags.unused, dags.common + 7),
        errorCode: fc.constantFrom('timeout', 'exit_code', RARE.errorCode, 'none'),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 60 }), async (filter, limit) => {
        const wanted = all.filter(
          (entry) =>
            (filter.status ?? entry.status) === entry.status &&
            (filter.dagId ?? entry.dag_id) === entry.dag_id &&
            (filter.errorCode ?? entry.code) === entry.code,
        );
        const walked = await walk<{ id: number }, number>(
          async (before) => await plain.list(filter, before, limit),
          (entry) => entry.id,
          PAGES,
        );
        expect(walked).toEqual(wanted.slice(0, PAGES * limit).map((entry) => entry.id));
      }),
      { numRuns: 100 },
    );
  });

  it('DAGs, without the deleted ones', async () => {
    const plain = new DagStore(source);
    const all = await source.query<{ id: number; name: string; tags: string[]; is_paused: boolean }[]>(
      'SELECT id, name, tags, is_paused FROM dags WHERE deleted_at IS NULL ORDER BY id DESC',
    );
    const filters = fc.record(
      {
        name: fc.constantFrom('history', 'HISTORY-1', '99', 'y-7', 'none of them', '%', '_'),
        tag: fc.constantFrom('every', 'team-3', 'team-4', 'single', 'team'),
        isPaused: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 60 }), async (filter, limit) => {
        const wanted = all.filter(
          (dag) =>
            dag.name.toLowerCase().includes(filter.name?.toLowerCase() ?? '') &&
            (filter.tag === undefined || dag.tags.includes(filter.tag)) &&
            (filter.isPaused ?? dag.is_paused) === dag.is_paused,
        );
        const walked = await walk<{ id: number }, number>(
          async (before) => await plain.list(filter, before, limit),
          (dag) => dag.id,
          PAGES,
        );
        expect(walked).toEqual(wanted.slice(0, PAGES * limit).map((dag) => dag.id));
      }),
      { numRuns: 100 },
    );
  });

  it('workers, of every status in one order', async () => {
    const plain = new WorkerQueryStore(source);
    const all = await source.query<{ id: string; status: string }[]>(
      'SELECT id, status FROM workers ORDER BY started_at DESC, id DESC',
    );
    for (const status of [undefined, 'active', 'draining', 'lost'] as const) {
      const keys = await walk(
        async (after: { startedMicros: number; id: string } | undefined) =>
          (await plain.list(status, after, 7)).map((row) => row.key),
        (key) => key,
        20,
      );
      const wanted = all.filter((worker) => (status ?? worker.status) === worker.status);
      expect(keys.map((key) => key.id)).toEqual(wanted.map((worker) => worker.id));
    }
  });
});

describe('Where all jobs are of one kind, and the statistics know no other,', () => {
  beforeAll(async () => {
    await source.query('TRUNCATE dlq_entries');
    await source.query(
      `DELETE FROM jobs WHERE (status, trigger, priority) <> ('succeeded', 'cron', 'normal')`,
    );
    await source.query('VACUUM ANALYZE jobs');
  });

  it.each([
    { statuses: ['failed'] },
    { trigger: 'manual' },
    { priority: 'high' },
    { dag: 'unused' },
  ] as Sample[])('a page of %j, which is empty, is not looked for in all of them', async (sample) => {
    expect(await jobs.list(filterOf(sample), undefined, LIMIT)).toEqual([]);
    expect(watch.reads()).toEqual({ rows: 0, wholeTables: [] });
  });
});
