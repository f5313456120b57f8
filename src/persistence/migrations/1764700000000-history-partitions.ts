import type { MigrationInterface, QueryRunner } from 'typeorm';
import { firstUuidOf } from '../../domain/ids.js';
import { dayOf } from '../../domain/partitions.js';

const TABLES = ['events', 'attempts', 'attempt_logs'];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Partitions the tables that only grow by the run_id, which begins with its moment: see ADR 017. What is there becomes
 * the first partition, up to the next midnight (UTC) that is at least an hour away; a week follows. It is read once, to
 * see that nothing younger is in it, while transitions wait. Jobs that are deleted take their DLQ entries along: these get
 * an index by job.
 */
export class HistoryPartitions1764700000000 implements MigrationInterface {
  async up(run: QueryRunner): Promise<void> {
    await run.query('SET LOCAL statement_timeout = 0');
    await run.query('CREATE INDEX dlq_entries_job_idx ON dlq_entries (run_id)');
    const [{ now_ms: nowMs }] = (await run.query(
      'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms',
    )) as { now_ms: number }[];
    const end = (Math.floor((nowMs + HOUR_MS) / DAY_MS) + 1) * DAY_MS;
    await run.query(`LOCK TABLE ${TABLES.join(', ')} IN ACCESS EXCLUSIVE MODE`);
    for (const table of TABLES) await partition(run, table, end);
  }

  async down(run: QueryRunner): Promise<void> {
    await run.query('SET LOCAL statement_timeout = 0');
    await run.query(`LOCK TABLE ${TABLES.join(', ')} IN ACCESS EXCLUSIVE MODE`);
    for (const table of TABLES) {
      await run.query(`CREATE TABLE ${table}_whole (LIKE ${table} INCLUDING ALL)`);
      await run.query(`INSERT INTO ${table}_whole SELECT * FROM ${table} ORDER BY run_id`);
      await run.query(`DROP TABLE ${table}`);
      await rename(run, `${table}_whole`, table);
    }
    await run.query('DROP INDEX dlq_entries_job_idx');
  }
}

async function partition(run: QueryRunner, table: string, end: number): Promise<void> {
  const [from, to] = [firstUuidOf(end), firstUuidOf(end + 7 * DAY_MS)];
  await rename(run, table, `${table}_first`);
  await run.query(`CREATE TABLE ${table} (LIKE ${table}_first INCLUDING ALL) PARTITION BY RANGE (run_id)`);
  await run.query(`CREATE TABLE ${table}_default PARTITION OF ${table} DEFAULT`);
  await run.query(
    `CREATE TABLE ${table}_${dayOf(from)} PARTITION OF ${table} FOR VALUES FROM ('${from}') TO ('${to}')`,
  );
  // Of clocks that are ahead: next to none.
  await run.query(
    `WITH early AS (DELETE FROM ${table}_first WHERE run_id >= '${from}' RETURNING *) INSERT INTO ${table} SELECT * FROM early`,
  );
  await run.query(
    `ALTER TABLE ${table} ATTACH PARTITION ${table}_first FOR VALUES FROM (MINVALUE) TO ('${from}')`,
  );
}

/** With its indexes, whose names begin with its own. */
async function rename(run: QueryRunner, from: string, to: string): Promise<void> {
  await run.query(`ALTER TABLE ${from} RENAME TO ${to}`);
  const indexes = (await run.query(
    'SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indrelid = $1::regclass',
    [to],
  )) as { name: string }[];
  for (const { name } of indexes) await run.query(`ALTER INDEX ${name} RENAME TO ${name.replace(from, to)}`);
}
