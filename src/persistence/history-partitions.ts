import type { EntityManager, QueryRunner } from 'typeorm';
import { dayOf, type Span } from '../domain/partitions.js';
import { isRetryable } from './database-faults.js';
import { queryRows } from './rows.js';
import { firstRunIdAt } from './run-id-time.js';
import { isRetirable } from './transitions/retire.js';

/** The tables that only grow, partitioned by run_id: constants of SQL. */
export const HISTORY_TABLES = ['events', 'attempts', 'attempt_logs'] as const;
export type HistoryTable = (typeof HISTORY_TABLES)[number];

/** A partition with its bounds; `from` null: of all run_ids before `to`. The default partition is none of these. */
export interface Partition {
  name: string;
  from: string | null;
  to: string;
  /** Whether it holds what was left of others that are gone. */
  isRest: boolean;
}

/** What became of a partition that is past the retention. */
export type Shedding = 'shed' | 'needed' | 'locked';

const FIRST_UUID = '00000000-0000-0000-0000-000000000000';
/** While we wait for the lock of a table, whoever comes later waits behind us: so long at most. */
const LOCK_TIMEOUT = '100ms';
/** Rows that may be copied at most so that the rest can go; transitions of the jobs they are of wait meanwhile. */
const MAX_KEPT_ROWS = 100_000;
const ORPHANS = 5_000;

const LIST = `
  SELECT name, (regexp_match(bound, 'FROM \\(''([^'']+)''\\)'))[1] AS from, (regexp_match(bound, 'TO \\(''([^'']+)''\\)'))[1] AS to,
         name LIKE '%\\_until\\_%' AS "isRest"
  FROM (
    SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass
  ) p
  WHERE bound <> 'DEFAULT' ORDER BY "from" NULLS FIRST`;

/** $1, $2: a range of run_ids. What jobs that are still there have in it. */
const ofJobs = (table: HistoryTable): string => `
  FROM jobs j JOIN ${table} h ON h.run_id = j.run_id
  WHERE j.run_id >= $1::uuid AND j.run_id < $2::uuid AND h.run_id >= $1::uuid AND h.run_id < $2::uuid`;

/** Whether there are jobs to be retired or more rows than may be copied. $3: days. */
const isNeeded = (table: HistoryTable): string => `
  SELECT EXISTS (SELECT FROM jobs j WHERE j.run_id >= $1::uuid AND j.run_id < $2::uuid AND ${isRetirable('$3::int')})
      OR (SELECT count(*) FROM (SELECT ${ofJobs(table)} LIMIT ${MAX_KEPT_ROWS + 1}) h) > ${MAX_KEPT_ROWS} AS is_needed`;

/** BRIN leaves the end of a table out until the next vacuum, which one that is not written to any more may never see. */
const SUMMARISE = `
  SELECT brin_summarize_new_values(i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
  WHERE i.indrelid = $1::regclass AND a.amname = 'brin'`;

/**
 * The partitions of the history, changed over one connection that holds the lock of whoever does that: see
 * `HistoryPartitionsStore`. Each change is one transaction, and none waits long for a lock: what cannot be had at once is
 * left to the next round.
 */
export class HistoryPartitions {
  constructor(private readonly runner: QueryRunner) {}

  /** By the database's clock; milliseconds since 1970. */
  async nowMs(): Promise<number> {
    const [row] = await this.rows<{ now_ms: number }>(
      'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms',
    );
    return row.now_ms;
  }

  /** Oldest first. */
  async list(table: HistoryTable): Promise<Partition[]> {
    return await this.rows<Partition>(LIST, [table]);
  }

  /** The newest run_id of a span in the default partition, where it is since nobody had made a partition, or by a wrong clock. */
  async newestInDefault(table: HistoryTable, { from, to }: Span): Promise<string | null> {
    const [row] = await this.rows<{ run_id: string }>(
      `SELECT run_id FROM ${table}_default WHERE run_id >= $1 AND run_id < $2 ORDER BY run_id DESC LIMIT 1`,
      [from, to],
    );
    return row?.run_id ?? null;
  }

  /** @returns false when a lock could not be had */
  async make(table: HistoryTable, span: Span): Promise<boolean> {
    const name = `${table}_${dayOf(span.from)}`;
    return await this.change(async () => {
      await this.keepOutOfDefault(table, span);
      await this.transaction(async (tx) => {
        await tx.query(`CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL)`);
        await attach(tx, table, { name, ...span, isRest: false });
      });
    });
  }

  /**
   * Takes partitions, each beginning where the one before ends, off their table for good. What jobs that stay have in them
   * is kept in one partition in their place.
   *
   * @returns 'needed' when jobs are still to be retired there, or too many rows to be kept
   */
  async shed(
    table: HistoryTable,
    partitions: readonly Partition[],
    retentionDays: number,
  ): Promise<Shedding> {
    const { from } = partitions[0];
    const { to } = partitions[partitions.length - 1];
    const range = [from ?? FIRST_UUID, to];
    const [{ is_needed: isNeededYet }] = await this.rows<{ is_needed: boolean }>(isNeeded(table), [
      ...range,
      retentionDays,
    ]);
    if (isNeededYet) return 'needed';
    const isDone = await this.change(async () => {
      const kept = { name: `${table}_until_${dayOf(to)}`, from, to, isRest: true };
      await this.keepOutOfDefault(table, kept);
      await this.transaction(async (tx) => await replace(tx, table, partitions, kept));
    });
    return isDone ? 'shed' : 'locked';
  }

  /** Deletes what is in the default partition of jobs that are gone, up to a bound. @returns how many rows */
  async clearDefault(table: HistoryTable, retentionDays: number): Promise<number> {
    const rows = await this.rows(
      `DELETE FROM ${table}_default WHERE ctid = ANY (ARRAY(
         SELECT h.ctid FROM ${table}_default h
         WHERE h.run_id < ${firstRunIdAt('now() - make_interval(days => $1::int)')}
           AND NOT EXISTS (SELECT FROM jobs j WHERE j.run_id = h.run_id)
         ORDER BY h.run_id LIMIT ${ORPHANS}))
       RETURNING 1 AS deleted`,
      [retentionDays],
    );
    return rows.length;
  }

  /** Makes the indexes by time of a partition that rests know all of it. */
  async summarise({ name }: Partition): Promise<void> {
    await this.rows(SUMMARISE, [name]);
  }

  /**
   * A constraint that says that nothing of a span is in the default partition: found out here, while rows are written, so
   * that attaching a partition of that span need not do so while nobody may. Should we die behind it, it stands in the way of
   * run_ids of that span, which lies ahead or is long past, until the next round replaces it.
   */
  private async keepOutOfDefault(
    table: HistoryTable,
    { from, to }: Pick<Partition, 'from' | 'to'>,
  ): Promise<void> {
    const before = from === null ? '' : `run_id < '${from}' OR `;
    await this.transaction(async (tx) => {
      await tx.query(
        `ALTER TABLE ${table}_default DROP CONSTRAINT IF EXISTS ${table}_elsewhere,
           ADD CONSTRAINT ${table}_elsewhere CHECK (${before}run_id >= '${to}') NOT VALID`,
      );
    });
    await this.transaction(
      async (tx) => await tx.query(`ALTER TABLE ${table}_default VALIDATE CONSTRAINT ${table}_elsewhere`),
    );
  }

  private async rows<Row extends object>(sql: string, params: unknown[] = []): Promise<Row[]> {
    return await queryRows<Row>(this.runner.manager, sql, params);
  }

  private async transaction<Result>(work: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    return await this.runner.manager.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
      return await work(tx);
    });
  }

  private async change(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (isRetryable(error)) return false;
      throw error;
    }
  }
}

/** Behind `keepOutOfDefault` of its span. Takes no lock of the table that an INSERT would wait for. */
async function attach(tx: EntityManager, table: HistoryTable, { name, from, to }: Partition): Promise<void> {
  const begin = from === null ? 'MINVALUE' : `'${from}'`;
  await tx.query(`ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM (${begin}) TO ('${to}')`);
  await tx.query(`ALTER TABLE ${table}_default DROP CONSTRAINT ${table}_elsewhere`);
}

/**
 * First the partitions are closed to writers, so that what is copied then is all there is; the whole table is closed only
 * from the first DETACH to the end, in which no row is read or written any more.
 */
async function replace(
  tx: EntityManager,
  table: HistoryTable,
  partitions: readonly Partition[],
  kept: Partition,
): Promise<void> {
  const range = [kept.from ?? FIRST_UUID, kept.to];
  await tx.query(`LOCK TABLE ${partitions.map(({ name }) => name).join(', ')} IN SHARE MODE`);
  const begin = kept.from === null ? '' : `run_id >= '${kept.from}' AND `;
  // With its bounds as a constraint it is not read when it is attached.
  await tx.query(
    `CREATE TABLE ${kept.name} (LIKE ${table} INCLUDING ALL, CONSTRAINT ${table}_span CHECK (${begin}run_id < '${kept.to}'))`,
  );
  const [copied] = await queryRows(
    tx,
    `WITH copied AS (INSERT INTO ${kept.name} SELECT h.* ${ofJobs(table)} ORDER BY h.run_id RETURNING 1)
     SELECT 1 AS one FROM copied LIMIT 1`,
    range,
  );
  for (const { name } of partitions) {
    await tx.query(`ALTER TABLE ${table} DETACH PARTITION ${name}`);
    await tx.query(`DROP TABLE ${name}`);
  }
  if (copied === undefined) {
    await tx.query(`DROP TABLE ${kept.name}`);
    await tx.query(`ALTER TABLE ${table}_default DROP CONSTRAINT ${table}_elsewhere`);
    return;
  }
  await attach(tx, table, kept);
  await tx.query(`ALTER TABLE ${kept.name} DROP CONSTRAINT ${table}_span`);
}
