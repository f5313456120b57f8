import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type PendingFilter, pendingEntries } from '../../../src/persistence/pending-entries.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let client: pg.Client;

/** 40,000 entries: half of them pending, then those that are closed, at last twenty of another kind, of which ten are pending. */
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const runId = '00000000-0000-7000-8000-000000000001';
  await client.query(`INSERT INTO dags (name) VALUES ('other'), ('meant')`);
  await client.query(`INSERT INTO dag_versions (dag_id, version, tasks) VALUES (1, 1, '[]')`);
  await client.query(
    `INSERT INTO jobs (run_id, dag_id, dag_version_id, status, priority, trigger) VALUES ($1, 1, 1, 'running', 'low', 'manual')`,
    [runId],
  );
  await client.query(
    `INSERT INTO dlq_entries (run_id, idx, dag_id, task_name, task_type, attempts, error, status, resolved_at, created_at)
     SELECT $1, n, 1 + meant::int, CASE WHEN meant THEN 'meant' ELSE 'other' END, 'noop', 1,
            jsonb_build_object('code', CASE WHEN meant THEN 'meant' ELSE 'other' END),
            CASE WHEN pending THEN 'pending' ELSE 'resolved' END, CASE WHEN pending THEN NULL::timestamptz ELSE now() END,
            now() - (40000 - n) * interval '1 second'
     FROM generate_series(1, 40000) n,
          LATERAL (SELECT n > 39980 AS meant, n <= 20000 OR n > 39990 AS pending) p`,
    [runId],
  );
  await client.query('VACUUM ANALYZE dlq_entries');
}, 60_000);

afterAll(async () => {
  await client.end();
  await database.drop();
});

interface Plan {
  Plan: { 'Actual Rows': number; 'Shared Hit Blocks': number; 'Shared Read Blocks': number };
}

async function costOf(filter: PendingFilter): Promise<{ rows: number; pages: number }> {
  const { where, conditions } = pendingEntries(filter);
  const limit = conditions.param(10);
  const { rows } = await client.query<{ 'QUERY PLAN': Plan[] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT e.id FROM dlq_entries e ${where} ORDER BY e.id LIMIT ${limit}`,
    conditions.params,
  );
  const [{ Plan: plan }] = rows[0]['QUERY PLAN'];
  return { rows: plan['Actual Rows'], pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] };
}

describe('The pending entries that fit a filter', () => {
  it.each<PendingFilter>([
    { dag_id: 2 },
    { error_code: 'meant' },
    { task_name: 'meant' },
    { dag_id: 2, error_code: 'meant', task_name: 'meant', created_before: '2090-01-01T00:00:00Z' },
    { created_before: '2090-01-01T00:00:00Z' },
  ])('are found through an index, past all that is closed or of others: %j', async (filter) => {
    expect(await costOf(filter)).toEqual({ rows: 10, pages: expect.any(Number) });
    expect((await costOf(filter)).pages).toBeLessThan(20);
  });
});
