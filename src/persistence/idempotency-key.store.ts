import type { SqlDatabase, SqlTransaction, Statement } from './sql-database.js';

/**
 * The idempotency key of one creating request. Equal keys of the same route and caller are one request; the fingerprint
 * says whether it was meant to be.
 */
export interface IdempotencyKey {
  /** Method and path, with the ids in it. */
  route: string;
  caller: string;
  /** SHA-256 of the key: it is the caller's secret, and whatever reaches the database may reach a log. */
  digest: Buffer;
  /** SHA-256 of the canonical body. */
  fingerprint: Buffer;
}

/** What became of a request whose key did not make anything new. */
export type KeyVerdict =
  { kind: 'replayed'; resource: string } | { kind: 'key_reused' } | { kind: 'key_in_progress' };

/** How long a key is remembered: a constant of SQL. */
const KEPT = `interval '24 hours'`;

/**
 * Keeps keys in the statement that has the effect, so that there is never one without the other. To be put between a
 * CTE `asked` (route, caller, key_digest, fingerprint, resource: one row per key, `resource` being the id of what is
 * about to be made) and the insertion of the effect, which is guarded by "`kept` has my resource".
 *
 * `free` tells the keys apart that another transaction holds at this moment: they are in progress, and waiting for them
 * would hold up everybody else in the batch. `kept` has the newest row of every other key: our own where the key is new
 * or has expired, else the one that was there, which the update leaves as it is and reads past our snapshot. In the
 * order of the keys, as rows of one that was there are locked.
 */
export const KEPT_KEYS = `free AS MATERIALIZED (
    SELECT *, pg_try_advisory_xact_lock(hashtextextended(route || ' ' || caller || ' ' || encode(key_digest, 'hex'), 0))
                AS is_free
    FROM asked
  ), kept AS (
    INSERT INTO idempotency_keys AS k (route, caller, key_digest, fingerprint, resource, expires_at)
    SELECT route, caller, key_digest, fingerprint, resource, now() + ${KEPT} FROM free WHERE is_free
    ORDER BY route, caller, key_digest
    ON CONFLICT (route, caller, key_digest) DO UPDATE
    SET fingerprint = CASE WHEN k.expires_at <= now() THEN excluded.fingerprint ELSE k.fingerprint END,
        resource = CASE WHEN k.expires_at <= now() THEN excluded.resource ELSE k.resource END,
        expires_at = CASE WHEN k.expires_at <= now() THEN excluded.expires_at ELSE k.expires_at END
    RETURNING k.route, k.caller, k.key_digest, k.fingerprint, k.resource
  )`;

/** A row about a key that made nothing new; no resource means that another transaction holds the key. */
export interface KeyRow {
  resource: string | null;
  is_same: boolean | null;
}

export function verdictOf({ resource, is_same: isSame }: KeyRow): KeyVerdict {
  if (resource === null) return { kind: 'key_in_progress' };
  return isSame === true ? { kind: 'replayed', resource } : { kind: 'key_reused' };
}

/** What only a creation with a key has in its one statement; `drawn` is the CTE with the `id` of what is about to be made. */
export interface KeyParts {
  /** CTEs to stand before the insertion. */
  kept: string;
  /** Guards the insertion. */
  isNew: string;
  /** A `KeyRow` as JSON, or null when something was made. */
  verdict: string;
}

export const WITHOUT_KEY: KeyParts = { kept: '', isNew: 'true', verdict: 'NULL::json' };

/**
 * @param param makes a placeholder of a value, in the order of the calls
 * @param madeId the id of the inserted row, null where there is none
 */
export function keyParts(
  { route, caller, digest, fingerprint }: IdempotencyKey,
  param: (value: unknown) => string,
  madeId: string,
): KeyParts {
  return {
    kept: `asked AS MATERIALIZED (
    SELECT ${param(route)}::text AS route, ${param(caller)}::text AS caller, ${param(digest)}::bytea AS key_digest,
           ${param(fingerprint)}::bytea AS fingerprint, id::text AS resource
    FROM drawn
  ), ${KEPT_KEYS}, `,
    isNew: 'drawn.id::text IN (SELECT resource FROM kept)',
    verdict: `CASE WHEN ${madeId} IS NULL THEN
    (SELECT json_build_object('resource', k.resource, 'is_same', k.fingerprint = a.fingerprint)
     FROM asked a LEFT JOIN kept k ON true) END`,
  };
}

/** For effects that need several statements: the first one of their transaction. */
const KEEP: Statement = {
  name: 'keep-idempotency-key',
  text: `
  WITH asked AS MATERIALIZED (
    SELECT $1::text AS route, $2::text AS caller, $3::bytea AS key_digest, $4::bytea AS fingerprint, $5::text AS resource
  ), ${KEPT_KEYS}
  SELECT k.resource, k.fingerprint = a.fingerprint AS is_same FROM asked a LEFT JOIN kept k ON true`,
};

/**
 * Keeps a key in the transaction that is about to make `resource`; one that makes nothing after all must roll back.
 *
 * @returns null when the key is new, so that the effect may follow
 */
export async function keepKey(
  tx: SqlTransaction,
  { route, caller, digest, fingerprint }: IdempotencyKey,
  resource: string,
): Promise<KeyVerdict | null> {
  const [row] = await tx.query<KeyRow>(KEEP, [route, caller, digest, fingerprint, resource]);
  return row.resource === resource ? null : verdictOf(row);
}

const PAGE = 1_000;
const MAX_PAGES = 100;

/** A key that is being renewed is locked, and is looked at again in the next round. */
const FORGET: Statement = {
  name: 'forget-idempotency-keys',
  text: `
  WITH expired AS MATERIALIZED (
    SELECT route, caller, key_digest FROM idempotency_keys WHERE expires_at <= now()
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
  )
  DELETE FROM idempotency_keys k USING expired e
  WHERE k.route = e.route AND k.caller = e.caller AND k.key_digest = e.key_digest
  RETURNING 1`,
};

/** The remembered keys as a whole; each single one belongs to the statement that has its effect. */
export class IdempotencyKeyStore {
  constructor(private readonly database: SqlDatabase) {}

  /** Deletes keys that have expired, in batches, up to a bound per call. @returns how many */
  async forgetExpired(): Promise<number> {
    let forgotten = 0;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const rows = await this.database.query(FORGET, [PAGE]);
      forgotten += rows.length;
      if (rows.length < PAGE) break;
    }
    return forgotten;
  }
}
