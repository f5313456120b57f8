import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type DlqEntryView, SELECT_ENTRIES } from './dlq-query.store.js';
import { type PendingFilter, pendingEntries } from './pending-entries.js';
import {
  type IdempotencyKey,
  keyParts,
  type KeyRow,
  type KeyVerdict,
  verdictOf,
  WITHOUT_KEY,
} from './idempotency-key.store.js';
import { Conditions, isoTime, queryRows } from './rows.js';

export const DLQ_OPERATION_KINDS = ['replay', 'resolve'] as const;
export type DlqOperationKind = (typeof DLQ_OPERATION_KINDS)[number];

export const DLQ_OPERATION_STATUSES = ['running', 'done', 'cancelled'] as const;
export type DlqOperationStatus = (typeof DLQ_OPERATION_STATUSES)[number];

/** What somebody wants done with many entries. */
export interface NewDlqOperation {
  kind: DlqOperationKind;
  filter: PendingFilter;
  max: number;
  /** Entries per second. */
  rate: number;
  note: string | null;
  /** JSON text; null: none. */
  output: string | null;
  by: string;
}

/** A bulk operation and how far it is, in the form of the API. */
export interface DlqOperationView {
  id: number;
  kind: DlqOperationKind;
  filter: PendingFilter;
  max: number;
  rate: number;
  note: string | null;
  /** Whether its tasks are to count as succeeded. */
  has_output: boolean;
  status: DlqOperationStatus;
  matched: number;
  done: number;
  skipped: number;
  failed: number;
  /** Of what was skipped or failed, how many by error code. */
  reasons: Record<string, number>;
  created_by: string;
  created_at: string;
  finished_at: string | null;
}

const VIEW = `o.id, o.kind, o.filter, o.max_entries AS max, o.rate, o.note, o.output IS NOT NULL AS has_output, o.status,
  o.matched, o.done, o.skipped, o.failed, o.reasons, o.created_by, ${isoTime('o.created_at')} AS created_at,
  ${isoTime('o.finished_at')} AS finished_at`;

/** What the API does with bulk operations: makes, shows and cancels them. The scheduler works them off. */
@Injectable()
export class DlqOperationStore {
  constructor(private readonly source: DataSource) {}

  /** How many entries fit, counted up to `max`, whether more do, and the first of them, oldest first. */
  async preview(
    filter: PendingFilter,
    max: number,
    sampleSize: number,
  ): Promise<{ matched: number; more: boolean; sample: DlqEntryView[] }> {
    const { where, conditions } = pendingEntries(filter);
    const limit = conditions.param(Math.max(max + 1, sampleSize));
    const [{ count }] = await queryRows<{ count: number }>(
      this.source,
      `SELECT count(*)::int AS count FROM (SELECT 1 FROM dlq_entries e ${where} LIMIT ${limit}) AS fitting`,
      conditions.params,
    );
    const first = pendingEntries(filter);
    const sample = await queryRows<DlqEntryView>(
      this.source,
      `${SELECT_ENTRIES} FROM dlq_entries e ${first.where} ORDER BY e.id LIMIT ${first.conditions.param(Math.min(max, sampleSize))}`,
      first.conditions.params,
    );
    return { matched: Math.min(count, max), more: count > max, sample };
  }

  /**
   * Settles at once which entries are meant, the oldest `max` that are pending and fit now: what fails again after a
   * replay is a new entry, so it is none of them.
   */
  async create(
    operation: NewDlqOperation,
    key?: IdempotencyKey,
  ): Promise<{ kind: 'created'; operation: DlqOperationView } | KeyVerdict> {
    const { where, conditions } = pendingEntries(operation.filter);
    const max = conditions.param(operation.max);
    const [kind, filter, rate, note, output, by] = [
      operation.kind,
      JSON.stringify(operation.filter),
      operation.rate,
      operation.note,
      operation.output,
      operation.by,
    ].map((value) => conditions.param(value));
    const { kept, isNew, verdict } =
      key === undefined ? WITHOUT_KEY : keyParts(key, (value) => conditions.param(value), 'o.id');
    const [{ verdict: said, ...view }] = await queryRows<DlqOperationView & { verdict: KeyRow | null }>(
      this.source,
      `WITH drawn AS MATERIALIZED (
         SELECT nextval(pg_get_serial_sequence('dlq_operations', 'id'))::int AS id
       ), ${kept}o AS (
         INSERT INTO dlq_operations (id, kind, filter, max_entries, rate, note, output, created_by, matched, entry_ids, status,
                                     finished_at)
         OVERRIDING SYSTEM VALUE
         SELECT drawn.id, ${kind}, ${filter}::jsonb, ${max}::int, ${rate}::float8, ${note}, ${output}::jsonb, ${by}, cardinality(m.ids), m.ids,
                CASE WHEN cardinality(m.ids) = 0 THEN 'done' ELSE 'running' END,
                CASE WHEN cardinality(m.ids) = 0 THEN clock_timestamp() END
         FROM (SELECT ARRAY(SELECT e.id FROM dlq_entries e ${where} ORDER BY e.id LIMIT ${max}::int) AS ids) AS m, drawn
         WHERE ${isNew}
         RETURNING *
       ) SELECT ${VIEW}, ${verdict} AS verdict FROM (SELECT 1) AS always LEFT JOIN o ON true`,
      conditions.params,
    );
    return said === null ? { kind: 'created', operation: view } : verdictOf(said);
  }

  async find(id: number): Promise<DlqOperationView | null> {
    const sql = `SELECT ${VIEW} FROM dlq_operations o WHERE o.id = $1`;
    const [view] = await queryRows<DlqOperationView>(this.source, sql, [id]);
    return view ?? null;
  }

  /** Newest first. `before` is the id of the last operation already seen. */
  async list(before: number | undefined, limit: number): Promise<DlqOperationView[]> {
    const conditions = new Conditions().add('o.id < ?', before);
    const sql = `SELECT ${VIEW} FROM dlq_operations o ${conditions.where} ORDER BY o.id DESC LIMIT ${conditions.param(limit)}`;
    return await queryRows<DlqOperationView>(this.source, sql, conditions.params);
  }

  /** No further batch begins; one in hand is finished. Changes nothing of an operation that has ended. */
  async cancel(id: number): Promise<void> {
    await queryRows(
      this.source,
      `UPDATE dlq_operations SET status = 'cancelled', finished_at = clock_timestamp()
       WHERE id = $1 AND status = 'running'`,
      [id],
    );
  }
}
