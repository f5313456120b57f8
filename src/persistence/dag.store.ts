import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Priority } from '../domain/priority.js';
import type { TaskSpec } from '../domain/task-spec.js';
import { isUniqueViolation } from './database-faults.js';
import { repeatConflicts } from './repeat-conflicts.js';
import { Conditions, queryRows } from './rows.js';

/** What people define of a DAG. */
export interface DagDefinition {
  name: string;
  description: string;
  cron_expression: string | null;
  timezone: string;
  priority: Priority;
  tags: string[];
  tasks: TaskSpec[];
}

/** A DAG with the tasks of its newest version. */
export interface DagRow extends DagDefinition {
  id: number;
  is_paused: boolean;
  version: number;
  /** Counts every change but the ticks. */
  revision: number;
  next_run_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

export interface DagVersionRow {
  version: number;
  tasks: TaskSpec[];
  created_at: Date;
}

export interface DagFilter {
  /** Part of the name, in any case. */
  name?: string;
  tag?: string;
  isPaused?: boolean;
}

/** What a DAG becomes. Other `tasks` than it has make a new version. */
export type DagChange = Omit<DagRow, 'id' | 'version' | 'revision' | 'created_at' | 'updated_at'> & {
  hasNewTasks: boolean;
};

const COLUMNS = `d.id, d.name, d.description, d.cron_expression, d.timezone, d.priority, d.tags, d.is_paused, d.version,
  d.revision, v.tasks, d.next_run_at, d.created_at, d.updated_at`;
const VERSION = 'JOIN dag_versions v ON v.dag_id = d.id AND v.version = d.version';
const FROM = `FROM dags d ${VERSION}`;

/** OFFSET keeps it apart: a plan that knows no tag takes each for a common one, and reads all DAGs for one that none has. */
const TAGGED = 'SELECT * FROM dags WHERE deleted_at IS NULL AND tags @> ARRAY[?]::text[] OFFSET 0';

/**
 * DAGs and their versions. Deleted ones are invisible here; their rows stay for the history of their jobs.
 *
 * Ticks are arithmetic on the database clock: whatever decides `next_run_at` is handed that clock.
 */
@Injectable()
export class DagStore {
  constructor(private readonly source: DataSource) {}

  /** Newest first. `before` is the id of the last DAG already seen. */
  async list(filter: DagFilter, before: number | undefined, limit: number): Promise<DagRow[]> {
    const conditions = new Conditions()
      .addText('deleted_at IS NULL')
      .add('id < ?', before)
      .add('position(lower(?) IN lower(name)) > 0', filter.name)
      .add('is_paused = ?', filter.isPaused);
    const from =
      filter.tag === undefined ? 'dags' : `(${TAGGED.replace('?', conditions.param(filter.tag))}) AS tagged`;
    const page = `SELECT id FROM ${from} ${conditions.where} ORDER BY id DESC LIMIT ${conditions.param(limit)}`;
    const sql = `WITH page AS MATERIALIZED (${page}) SELECT ${COLUMNS} FROM page JOIN dags d ON d.id = page.id ${VERSION}
      ORDER BY page.id DESC`;
    return await queryRows<DagRow>(this.source, sql, conditions.params);
  }

  async find(id: number): Promise<DagRow | null> {
    return await findDag(this.source, id);
  }

  /** Newest first; null when there is no such DAG. */
  async versions(id: number, before: number | undefined, limit: number): Promise<DagVersionRow[] | null> {
    const rows = await queryRows<DagVersionRow>(
      this.source,
      `SELECT v.version, v.tasks, v.created_at
       FROM dag_versions v JOIN dags d ON d.id = v.dag_id
       WHERE d.id = $1 AND d.deleted_at IS NULL AND v.version < $2
       ORDER BY v.version DESC LIMIT $3`,
      [id, before ?? 2_147_483_647, limit],
    );
    if (rows.length === 0 && (await this.find(id)) === null) return null;
    return rows;
  }

  /**
   * Changes a DAG under its row lock, so that two changes, or a change and a tick, never mix.
   *
   * @param decide gets the DAG as it is and the database clock; null leaves everything as it is, as does an error
   */
  async change(
    id: number,
    decide: (dag: DagRow, now: Date) => DagChange | null,
  ): Promise<DagRow | 'no_such_dag' | 'name_taken'> {
    const work = async (tx: EntityManager): Promise<DagRow | 'no_such_dag'> => {
      // The lock alone first: a statement that waits for it would still join the version from before the wait.
      await queryRows(tx, 'SELECT id FROM dags WHERE id = $1 FOR UPDATE', [id]);
      const dag = await findDag(tx, id);
      if (dag === null) return 'no_such_dag';
      const change = decide(dag, await databaseNow(tx));
      if (change === null) return dag;
      const version = change.hasNewTasks ? dag.version + 1 : dag.version;
      if (change.hasNewTasks) await addVersion(tx, id, version, change.tasks);
      await update(tx, id, version, change);
      return (await findDag(tx, id))!;
    };
    const changed = await unlessNameTaken(
      async () => await repeatConflicts(async () => await this.source.transaction(work)),
    );
    return changed ?? 'name_taken';
  }

  /**
   * From here on the DAG starts no job.
   *
   * @param revisions only while it is at one of them; null: whatever it is at
   */
  async markDeleted(
    id: number,
    revisions: readonly number[] | null,
  ): Promise<'deleted' | 'no_such_dag' | 'other_revision'> {
    const rows = await queryRows(
      this.source,
      `UPDATE dags SET deleted_at = now(), updated_at = now(), next_run_at = NULL, revision = revision + 1
       WHERE id = $1 AND deleted_at IS NULL AND ($2::int[] IS NULL OR revision = ANY ($2)) RETURNING id`,
      [id, revisions],
    );
    if (rows.length > 0) return 'deleted';
    return (await this.find(id)) === null ? 'no_such_dag' : 'other_revision';
  }

  /** The database clock. */
  async now(): Promise<Date> {
    return await databaseNow(this.source);
  }
}

async function findDag(through: DataSource | EntityManager, id: number): Promise<DagRow | null> {
  const rows = await queryRows<DagRow>(
    through,
    `SELECT ${COLUMNS} ${FROM} WHERE d.id = $1 AND d.deleted_at IS NULL`,
    [id],
  );
  return rows[0] ?? null;
}

async function addVersion(
  tx: EntityManager,
  dagId: number,
  version: number,
  tasks: TaskSpec[],
): Promise<void> {
  await tx.query('INSERT INTO dag_versions (dag_id, version, tasks) VALUES ($1, $2, $3::jsonb)', [
    dagId,
    version,
    JSON.stringify(tasks),
  ]);
}

async function update(tx: EntityManager, id: number, version: number, change: DagChange): Promise<void> {
  await tx.query(
    `UPDATE dags SET name = $2, description = $3, cron_expression = $4, timezone = $5, priority = $6, tags = $7,
       is_paused = $8, next_run_at = $9, version = $10, updated_at = now(),
       revision = revision + 1
     WHERE id = $1`,
    [
      id,
      change.name,
      change.description,
      change.cron_expression,
      change.timezone,
      change.priority,
      change.tags,
      change.is_paused,
      change.next_run_at,
      version,
    ],
  );
}

async function databaseNow(through: DataSource | EntityManager): Promise<Date> {
  const [{ now }] = await queryRows<{ now: Date }>(through, 'SELECT clock_timestamp() AS now');
  return now;
}

/** Null when the work failed on the name of another DAG. */
export async function unlessNameTaken<Result>(work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    const fromDriver =
      typeof error === 'object' && error !== null && 'driverError' in error ? error.driverError : error;
    if (isUniqueViolation(fromDriver, 'dags_name_key')) return null;
    throw error;
  }
}
