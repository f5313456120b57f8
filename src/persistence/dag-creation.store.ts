import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type DagDefinition, type DagRow, DagStore, unlessNameTaken } from './dag.store.js';
import {
  type IdempotencyKey,
  keyParts,
  type KeyParts,
  type KeyRow,
  type KeyVerdict,
  verdictOf,
  WITHOUT_KEY,
} from './idempotency-key.store.js';
import { queryRows } from './rows.js';

/** Answers one row: the new DAG, or else what its key says. A name that is taken fails the whole statement. */
function text({ kept, isNew, verdict }: KeyParts): string {
  return `
  WITH drawn AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('dags', 'id'))::int AS id
  ), ${kept}made AS (
    INSERT INTO dags (id, name, description, cron_expression, timezone, priority, tags, next_run_at)
    OVERRIDING SYSTEM VALUE
    SELECT id, $1::text, $2::text, $3::text, $4::text, $5::text, $6::text[], $7::timestamptz FROM drawn WHERE ${isNew}
    RETURNING *
  ), versions AS (
    INSERT INTO dag_versions (dag_id, version, tasks) SELECT id, version, $8::jsonb FROM made RETURNING tasks
  )
  SELECT m.id, m.name, m.description, m.cron_expression, m.timezone, m.priority, m.tags, m.is_paused, m.version,
         m.revision, v.tasks, m.next_run_at, m.created_at, m.updated_at, ${verdict} AS verdict
  FROM (SELECT 1) AS always LEFT JOIN made m ON true LEFT JOIN versions v ON true`;
}

/** Makes DAGs: in one statement, so that DAG, version and key are there together or not at all. */
@Injectable()
export class DagCreationStore {
  constructor(
    private readonly source: DataSource,
    private readonly dags: DagStore,
  ) {}

  /** @param key another creation with it makes no second DAG */
  async create(
    definition: DagDefinition,
    nextRunAt: (now: Date) => Date | null,
    key?: IdempotencyKey,
  ): Promise<{ kind: 'created'; dag: DagRow } | { kind: 'name_taken' } | KeyVerdict> {
    const { name, description, cron_expression, timezone, priority, tags, tasks } = definition;
    const tick = nextRunAt(await this.dags.now());
    const params: unknown[] = [
      name,
      description,
      cron_expression,
      timezone,
      priority,
      tags,
      tick,
      JSON.stringify(tasks),
    ];
    const param = (value: unknown): string => `$${params.push(value)}`;
    const statement = text(key === undefined ? WITHOUT_KEY : keyParts(key, param, 'm.id'));
    const rows = await unlessNameTaken(
      async () => await queryRows<DagRow & { verdict: KeyRow | null }>(this.source, statement, params),
    );
    if (rows === null) return { kind: 'name_taken' };
    const [{ verdict, ...dag }] = rows;
    return verdict === null ? { kind: 'created', dag } : verdictOf(verdict);
  }
}
