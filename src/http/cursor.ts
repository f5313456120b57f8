/**
 * Keyset cursors: where a list goes on, as a word the client only hands back.
 *
 * A cursor holds the key of the last item and a digest of the list it belongs to (its name and filters): the key of one
 * list means nothing in another, so a foreign cursor is refused instead of answering something arbitrary.
 */
import { createHash } from 'node:crypto';
import { DomainError } from '../domain/errors.js';
import { isUuid } from '../domain/ids.js';

/** The name of a list and the filters it was asked with; undefined filters do not count. */
export type ListIdentity = Record<string, unknown> & { list: string };

/** Length of the digest: enough to tell lists apart; nothing secret hangs on it. */
const DIGEST_CHARACTERS = 12;
const MAX_CURSOR_CHARACTERS = 200;

export function encodeCursor(key: string | number, identity: ListIdentity): string {
  return Buffer.from(JSON.stringify([key, digestOf(identity)])).toString('base64url');
}

/**
 * The key a cursor holds.
 *
 * @param isKey says whether a value is a key of this list: a cursor is text from outside like any other
 * @throws DomainError `cursor_invalid`
 */
export function decodeCursor<Key>(
  cursor: string,
  identity: ListIdentity,
  isKey: (value: unknown) => value is Key,
): Key {
  const parts = parse(cursor);
  if (!Array.isArray(parts) || parts.length !== 2 || !isKey(parts[0]))
    throw refused('The cursor is not one of ours.');
  if (parts[1] !== digestOf(identity))
    throw refused('The cursor belongs to another list or to other filters.');
  return parts[0];
}

/** Keys that are ids, version or sequence numbers. */
export function isIntegerKey(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 2_147_483_647;
}

/** Keys that are run_ids. */
export function isUuidKey(value: unknown): value is string {
  return typeof value === 'string' && isUuid(value);
}

function parse(cursor: string): unknown {
  if (cursor.length > MAX_CURSOR_CHARACTERS) return null;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
}

function refused(message: string): DomainError {
  return new DomainError('cursor_invalid', message, [{ pointer: '/cursor', message }]);
}

function digestOf(identity: ListIdentity): string {
  const entries = Object.entries(identity)
    .filter(([, value]) => value !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries)).digest('base64url').slice(0, DIGEST_CHARACTERS);
}
