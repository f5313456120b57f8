import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { uuidv7 } from '../../../src/domain/ids.js';
import { dataSourceOptions } from '../../../src/persistence/data-source-options.js';
import { HISTORY_TABLES } from '../../../src/persistence/history-partitions.js';
import { migrateDatabase } from '../../../src/persistence/migrate.js';
import { HistoryPartitions1764700000000 } from '../../../src/persistence/migrations/1764700000000-history-partitions.js';
import { createEmptyDatabase, type TestDatabase } from '../../support/database.js';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** Times of run_ids: long past, now, and of a clock that is ten years ahead. */
const TIMES = [Date.now() - YEAR_MS, Date.now(), Date.now() + 10 * YEAR_MS];
const RUN_IDS = TIMES.map((ms) => uuidv7(ms, randomUUID()));

const ROWS = {
  events: `INSERT INTO events (run_id, seq, dag_id, type, at, data) VALUES ($1, 1, 1, 'job.created', now(), '{"a": 1}')`,
  attempts: `INSERT INTO attempts (run_id, idx, attempt, outcome, lease, worker_id, queued_at, started_at, finished_at)
             VALUES ($1, 0, 1, 'succeeded', 7, $1, now(), now(), now())`,
  attempt_logs: `INSERT INTO attempt_logs (run_id, idx, attempt, from_byte, stream, at, text, left_out_bytes)
                 VALUES ($1, 0, 1, 0, 'stdout', now(), 'hello', 0)`,
};

let database: TestDatabase;
let source: DataSource;
let before: Record<string, unknown[]>;

const contents = async (): Promise<Record<string, unknown[]>> =>
  Object.fromEntries(
    await Promise.all(
      HISTORY_TABLES.map(async (table) => [
        table,
        await source.query<unknown[]>(`SELECT * FROM ${table} ORDER BY run_id`),
      ]),
    ),
  );

beforeAll(async () => {
  database = await createEmptyDatabase();
  const options = dataSourceOptions({ url: database.url, poolSize: 2, applicationName: 'partitioning-test' });
  const all = options.migrations as unknown[];
  const older = all.slice(0, all.indexOf(HistoryPartitions1764700000000));
  source = await new DataSource({ ...options, migrations: older as never[] }).initialize();
  await source.runMigrations({ transaction: 'each' });
  for (const table of HISTORY_TABLES) for (const runId of RUN_IDS) await source.query(ROWS[table], [runId]);
  before = await contents();
}, 60_000);
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

describe('A history from before there were partitions', () => {
  it('is all there afterwards, whatever the clocks that made it said', async () => {
    await migrateDatabase(database.url);
    expect(await contents()).toEqual(before);
  });

  it.each(HISTORY_TABLES)('is the first partition of %s, without what is yet to come', async (table) => {
    const rows = await source.query<{ run_id: string; place: string }[]>(
      `SELECT run_id, tableoid::regclass::text AS place FROM ${table} ORDER BY run_id`,
    );
    expect(rows).toEqual([
      { run_id: RUN_IDS[0], place: `${table}_first` },
      { run_id: RUN_IDS[1], place: `${table}_first` },
      { run_id: RUN_IDS[2], place: `${table}_default` },
    ]);
  });

  it.each(HISTORY_TABLES)('goes on in the partitions of %s, under the constraints it had', async (table) => {
    const runId = uuidv7(Date.now() + 3 * DAY_MS, randomUUID());
    await source.query(ROWS[table], [runId]);
    const [{ place }] = await source.query<{ place: string }[]>(
      `SELECT tableoid::regclass::text AS place FROM ${table} WHERE run_id = $1`,
      [runId],
    );
    expect(place).toMatch(/_\d{8}$/);
    await expect(source.query(ROWS[table], [runId])).rejects.toMatchObject({ code: '23505' });
    await expect(source.query(ROWS[table], [RUN_IDS[0]])).rejects.toMatchObject({ code: '23505' });
    await source.query(`DELETE FROM ${table} WHERE run_id = $1`, [runId]);
  });

  it('is whole again, and the same, when the migration is undone', async () => {
    const undo = await new DataSource(
      dataSourceOptions({ url: database.url, poolSize: 2, applicationName: 'partitioning-test' }),
    ).initialize();
    try {
      let name = '';
      while (name !== 'HistoryPartitions1764700000000') {
        [{ name }] = await undo.query<{ name: string }[]>(
          'SELECT name FROM schema_migrations ORDER BY id DESC LIMIT 1',
        );
        await undo.undoLastMigration({ transaction: 'each' });
      }
    } finally {
      await undo.destroy();
    }
    expect(await contents()).toEqual(before);
    const relations = await source.query<{ name: string }[]>(
      `SELECT relname AS name FROM pg_class WHERE relname ~ '^(events|attempts|attempt_logs)_' AND relkind IN ('r', 'p', 'i') ORDER BY 1`,
    );
    expect(relations.map(({ name }) => name)).toEqual([
      'attempt_logs_pkey',
      'attempts_pkey',
      'events_at_idx',
      'events_pkey',
    ]);
  });
});
