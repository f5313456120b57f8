import type { DlqOperationKind } from './dlq-operation.store.js';
import type { SqlDatabase, Statement } from './sql-database.js';

/** Entries of one operation that a scheduler has taken on. */
export interface DlqBatch {
  operationId: number;
  kind: DlqOperationKind;
  note: string | null;
  /** JSON text; null: none. */
  output: string | null;
  /** False when the operation was cancelled while somebody had the batch and died: it is only to be counted. */
  isWanted: boolean;
  entryIds: readonly number[];
  /** The fence under which it is recorded. */
  claim: number;
}

interface ClaimedRow {
  id: number;
  kind: DlqOperationKind;
  note: string | null;
  output: string | null;
  status: string;
  claim: number;
  entry_ids: number[];
}

/** Batches are a quarter of a second apart where the rate allows; entries of one batch come at once. */
const BATCH_SECONDS = 0.25;
const MAX_BATCH = 250;
/** What an operation that was late (a scheduler's loop, a slow batch) may catch up at most. */
const SLACK_SECONDS = 0.5;
/** After so long a scheduler that has not recorded its batch counts as dead. Too early does no harm: see RECORD. */
const CLAIM_SECONDS = 30;

/**
 * The next batch of the operation that is due the longest: one that somebody died with, else the next entries. Whoever
 * holds the row, or has claimed it, works on it; the others look at the next one.
 */
const CLAIM: Statement = {
  name: 'dlq-operation-claim',
  text: `
  WITH due AS MATERIALIZED (
    SELECT id, position, taken, matched, rate FROM dlq_operations
    WHERE (status = 'running' OR taken > position) AND next_at <= now()
      AND (claimed_until IS NULL OR claimed_until <= now())
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
  ), sized AS (
    SELECT id, position AS behind,
           CASE WHEN taken > position THEN taken
                ELSE least(matched, position + least(${MAX_BATCH}, greatest(1, round(rate * ${BATCH_SECONDS})::int))) END AS up_to
    FROM due
  )
  UPDATE dlq_operations o
  SET claim = o.claim + 1, taken = s.up_to,
      claimed_until = clock_timestamp() + ${CLAIM_SECONDS} * interval '1 second',
      next_at = greatest(o.next_at, clock_timestamp() - ${SLACK_SECONDS} * interval '1 second')
                + (s.up_to - s.behind) / o.rate * interval '1 second'
  FROM sized s WHERE o.id = s.id
  RETURNING o.id, o.kind, o.note, o.output::text AS output, o.status, o.claim,
            o.entry_ids[s.behind + 1 : s.up_to] AS entry_ids`,
};

/**
 * Counts a batch. Done is what the entries say was closed by this operation, not what the scheduler remembers: so a batch
 * that is worked off again after a crash is counted whole, and once, as only the newest claim is let through.
 */
const RECORD: Statement = {
  name: 'dlq-operation-record',
  text: `
  WITH judged AS MATERIALIZED (
    SELECT coalesce(e.resolved_by = $5, false) AS is_done, a.code
    FROM unnest($3::int[], $4::text[]) AS a (id, code) LEFT JOIN dlq_entries e ON e.id = a.id
  ), tally AS MATERIALIZED (
    SELECT (count(*) FILTER (WHERE is_done))::int AS done,
           (count(*) FILTER (WHERE NOT is_done AND code <> 'internal'))::int AS skipped,
           (count(*) FILTER (WHERE NOT is_done AND code = 'internal'))::int AS failed
    FROM judged
  )
  UPDATE dlq_operations o
  SET done = o.done + n.done, skipped = o.skipped + n.skipped, failed = o.failed + n.failed,
      reasons = (SELECT coalesce(jsonb_object_agg(r.code, r.entries), '{}')
                 FROM (SELECT b.code, sum(b.entries)::int AS entries
                       FROM (SELECT code, entries::int FROM jsonb_each_text(o.reasons) AS old (code, entries)
                             UNION ALL SELECT code, 1 FROM judged WHERE NOT is_done AND code IS NOT NULL) AS b
                       GROUP BY b.code) AS r),
      position = o.taken, claimed_until = NULL,
      status = CASE WHEN o.status = 'running' AND o.taken = o.matched THEN 'done' ELSE o.status END,
      finished_at = CASE WHEN o.status = 'running' AND o.taken = o.matched THEN clock_timestamp() ELSE o.finished_at END
  FROM tally n WHERE o.id = $1 AND o.claim = $2
  RETURNING o.id`,
};

/** Whom the entries name that an operation has closed. */
export function closerOf(operationId: number): string {
  return `operation ${operationId}`;
}

/**
 * How schedulers share out bulk operations. The row is the pace and the memory: a batch is written into it before any
 * of its entries is touched, together with the time of the next one, so two schedulers are not faster than one, and what
 * a scheduler had in hand when it died is taken up by another.
 */
export class DlqBatchStore {
  constructor(private readonly database: SqlDatabase) {}

  /** The next batch that is due, of any operation; null when none is. */
  async claim(): Promise<DlqBatch | null> {
    const [row] = await this.database.query<ClaimedRow>(CLAIM, []);
    if (row === undefined) return null;
    return {
      operationId: row.id,
      kind: row.kind,
      note: row.note,
      output: row.output,
      isWanted: row.status === 'running',
      entryIds: row.entry_ids,
      claim: row.claim,
    };
  }

  /**
   * @param codes by entry of the batch: why it was not closed; null where it was, or was not tried
   * @returns false when the batch has been claimed again meanwhile: its new holder counts it
   */
  async record(batch: DlqBatch, codes: readonly (string | null)[]): Promise<boolean> {
    const rows = await this.database.query(RECORD, [
      batch.operationId,
      batch.claim,
      batch.entryIds,
      codes,
      closerOf(batch.operationId),
    ]);
    return rows.length === 1;
  }
}
