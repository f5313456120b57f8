import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../src/persistence/data-source-options.js';
import { isSchemaCurrent, migrateDatabase } from '../../../src/persistence/migrate.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../support/database.js';

async function connect(url: string): Promise<DataSource> {
  return await new DataSource(
    dataSourceOptions({ url, poolSize: 2, applicationName: 'schema-test' }),
  ).initialize();
}

const TABLES = [
  'attempt_logs',
  'attempts',
  'dag_versions',
  'dags',
  'dlq_entries',
  'dlq_operations',
  'ended_attempts',
  'events',
  'idempotency_keys',
  'jobs',
  'tasks',
  'workers',
];
const MIGRATIONS = (
  dataSourceOptions({ url: '', poolSize: 1, applicationName: '' }).migrations as { name: string }[]
).map((migration) => migration.name);

async function tablesOf(source: DataSource): Promise<string[]> {
  const rows = await source.query<{ name: string }[]>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND relname <> 'schema_migrations'
     ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}

describe('Migrating', () => {
  let empty: TestDatabase;
  beforeAll(async () => {
    empty = await createEmptyDatabase();
  });
  afterAll(async () => await empty.drop());

  it('an empty database from five processes at once applies each migration once', async () => {
    expect(await isSchemaCurrent(empty.url)).toBe(false);
    const applied = await Promise.all(
      Array.from({ length: 5 }, async () => await migrateDatabase(empty.url)),
    );
    expect(applied.flat()).toEqual(MIGRATIONS);
    expect(await isSchemaCurrent(empty.url)).toBe(true);
  });

  it('again does nothing', async () => {
    expect(await migrateDatabase(empty.url)).toEqual([]);
  });

  it('down leaves nothing, and up again makes the same', async () => {
    const source = await connect(empty.url);
    try {
      expect(await tablesOf(source)).toEqual(TABLES);
      for (const _migration of MIGRATIONS) await source.undoLastMigration({ transaction: 'each' });
      expect(await tablesOf(source)).toEqual([]);
      const left = await source.query(
        `SELECT relname FROM pg_class WHERE relkind = 'S' AND relname NOT LIKE 'schema_migrations%'`,
      );
      expect(left).toEqual([]);
      expect(await isSchemaCurrent(empty.url)).toBe(false);
      expect(await migrateDatabase(empty.url)).toEqual(MIGRATIONS);
      expect(await tablesOf(source)).toEqual(TABLES);
    } finally {
      await source.destroy();
    }
  });
});

describe('The migrated schema', () => {
  let database: TestDatabase;
  let source: DataSource;
  beforeAll(async () => {
    database = await createTestDatabase();
    source = await connect(database.url);
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  it('is what the entities say', async () => {
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    expect(upQueries.map((query) => query.query)).toEqual([]);
  });

  it('is missed by the entities when it lacks a column, an index or a check', async () => {
    await source.query('ALTER TABLE workers DROP COLUMN version');
    await source.query('DROP INDEX jobs_tick_key');
    await source.query('ALTER TABLE tasks DROP CONSTRAINT tasks_lease_check');
    try {
      const { upQueries } = await source.driver.createSchemaBuilder().log();
      const text = upQueries.map((query) => query.query).join('\n');
      expect(text).toMatch(/"version"/);
      expect(text).toMatch(/jobs_tick_key/);
      expect(text).toMatch(/tasks_lease_check/);
    } finally {
      await source.query(`ALTER TABLE workers ADD COLUMN version text NOT NULL DEFAULT ''`);
    }
  });
});

describe('The constraints', () => {
  let database: TestDatabase;
  let source: DataSource;
  beforeAll(async () => {
    database = await createTestDatabase();
    source = await connect(database.url);
    await source.query(`INSERT INTO dags (name) VALUES ('a')`);
    await source.query(`INSERT INTO dag_versions (dag_id, version, tasks) VALUES (1, 1, '[]')`);
    await source.query(job('00000000-0000-7000-8000-000000000001', {}));
    await source.query(task(0, {}));
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  function insert(table: string, columns: Record<string, string>): string {
    return `INSERT INTO ${table} (${Object.keys(columns).join(', ')}) VALUES (${Object.values(columns).join(', ')})`;
  }

  function job(runId: string, more: Record<string, string>): string {
    const columns = { run_id: `'${runId}'`, dag_id: '1', dag_version_id: '1', status: `'queued'` };
    return insert('jobs', {
      ...columns,
      priority: `'normal'`,
      trigger: `'manual'`,
      tasks_queued: '1',
      ...more,
    });
  }

  function task(idx: number, more: Record<string, string>): string {
    const columns = {
      run_id: `'00000000-0000-7000-8000-000000000001'`,
      idx: String(idx),
      name: `'t'`,
      task_type: `'noop'`,
    };
    const retries = { max_retries: '0', retry_base_seconds: '0', retry_max_seconds: '0' };
    return insert('tasks', { ...columns, ...retries, status: `'blocked'`, open_upstreams: '1', ...more });
  }

  function entry(more: Record<string, string>): string {
    const columns = {
      run_id: `'00000000-0000-7000-8000-000000000001'`,
      idx: '0',
      dag_id: '1',
      task_name: `'t'`,
    };
    return insert('dlq_entries', { ...columns, task_type: `'noop'`, attempts: '1', error: `'{}'`, ...more });
  }

  const J = '00000000-0000-7000-8000-000000000002';

  it.each([
    [
      'a job that ended with tasks still open',
      job(J, { status: `'succeeded'`, finished_at: 'now()' }),
      'jobs_end_check',
    ],
    ['a job that ended at no time', job(J, { status: `'failed'`, tasks_queued: '0' }), 'jobs_finished_check'],
    ['an open job with a time of its end', job(J, { finished_at: 'now()' }), 'jobs_finished_check'],
    ['a count below zero', job(J, { tasks_running: '-1' }), 'jobs_counts_check'],
    ['an unknown status of a job', job(J, { status: `'done'`, tasks_queued: '0' }), 'jobs_status_check'],
    ['an unknown priority', job(J, { priority: `'urgent'` }), 'jobs_priority_check'],
    ['an unknown trigger', job(J, { trigger: `'magic'` }), 'jobs_trigger_check'],
    ['a job of no DAG', job(J, { dag_id: '99' }), 'jobs_dag_fkey'],
    ['a running task without a lease', task(1, { status: `'running'` }), 'tasks_lease_check'],
    ['a lease on a task that does not run', task(1, { lease: '1' }), 'tasks_lease_check'],
    ['a retrying task without its time', task(1, { status: `'retrying'` }), 'tasks_retry_check'],
    ['a retry time on another task', task(1, { next_retry_at: 'now()' }), 'tasks_retry_check'],
    ['a queued task with something open above it', task(1, { status: `'queued'` }), 'tasks_upstreams_check'],
    ['open upstreams below zero', task(1, { open_upstreams: '-1' }), 'tasks_upstreams_check'],
    ['an unknown status of a task', task(1, { status: `'lost'` }), 'tasks_status_check'],
    ['the same task twice', task(0, {}), 'tasks_pkey'],
    ['a resolved entry without a time', entry({ status: `'resolved'` }), 'dlq_entries_resolved_check'],
    ['a pending entry with one', entry({ resolved_at: 'now()' }), 'dlq_entries_resolved_check'],
    ['a next tick without a schedule', `UPDATE dags SET next_run_at = now()`, 'dags_cron_check'],
    ['the name of a DAG twice', `INSERT INTO dags (name) VALUES ('a')`, 'dags_name_key'],
    [
      'a version twice',
      `INSERT INTO dag_versions (dag_id, version, tasks) VALUES (1, 1, '[]')`,
      'dag_versions_number_key',
    ],
  ])('refuse %s', async (_what, statement, constraint) => {
    await expect(source.query(statement)).rejects.toMatchObject({ driverError: { constraint } });
  });

  it('refuse a second job of one tick, and allow many without a tick', async () => {
    const tick = { tick_at: `'2030-01-01T00:00:00Z'` };
    await source.query(job('00000000-0000-7000-8000-000000000003', tick));
    await expect(source.query(job('00000000-0000-7000-8000-000000000004', tick))).rejects.toMatchObject({
      driverError: { constraint: 'jobs_tick_key' },
    });
    await source.query(job('00000000-0000-7000-8000-000000000005', {}));
  });

  it('refuse a second pending entry of one task, and allow one beside a closed one', async () => {
    await source.query(entry({ status: `'replayed'`, resolved_at: 'now()' }));
    await source.query(entry({}));
    await expect(source.query(entry({}))).rejects.toMatchObject({
      driverError: { constraint: 'dlq_entries_pending_key' },
    });
  });

  it('let a name be used again when its DAG is deleted', async () => {
    await source.query(
      `INSERT INTO dags (name, deleted_at) VALUES ('gone', now()), ('gone', now()), ('gone', NULL)`,
    );
  });
});
