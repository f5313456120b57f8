import type { Tables } from '../tables.js';
import { rule } from './rule.js';

const KEPT_MS = 24 * 3_600_000;

/** An idempotency key as a request brings it. */
export interface Asked {
  /** Route, caller and digest in one. */
  key: string;
  fingerprint: string;
}

/** What is said of a key that makes nothing new; no resource: another transaction holds it. */
interface Verdict {
  resource: string | null;
  is_same: boolean | null;
}

export function asked(route: string, caller: string, digest: Buffer, fingerprint: Buffer): Asked {
  return { key: [route, caller, digest.toString('hex')].join(' '), fingerprint: fingerprint.toString('hex') };
}

/**
 * Keeps a key that is new, or has expired, for what is about to be made.
 *
 * @param resource null: nothing can be made, the key is only looked up
 * @returns null when it is kept, or not known and only looked up
 */
export function keepKey(db: Tables, { key, fingerprint }: Asked, resource: string | null): Verdict | null {
  if (resource !== null && db.isHeld(key)) return { resource: null, is_same: null };
  const known = db.keys.get(key);
  if (known !== undefined && known.expires_at > db.now)
    return { resource: known.resource, is_same: known.fingerprint === fingerprint };
  if (resource === null) return null;
  db.hold(key);
  const row = { key, fingerprint, resource, expires_at: db.now + KEPT_MS };
  if (known === undefined) db.keys.add(row);
  else db.keys.change(known, row);
  return null;
}

/** The same as the first statement of a transaction. */
export const keep = rule(
  (db, route: string, caller: string, digest: Buffer, fingerprint: Buffer, resource: string) => [
    keepKey(db, asked(route, caller, digest, fingerprint), resource) ?? { resource, is_same: true },
  ],
);
