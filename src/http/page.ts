import { decodeCursor, encodeCursor, type ListIdentity } from './cursor.js';
import type { ListQuery } from './list-query.dto.js';

/** One page of a list. */
export interface Page<Item> {
  items: Item[];
  /** Where the next page begins; null on the last one. */
  next_cursor: string | null;
}

/**
 * Makes a page of up to `limit` items from `rows`, which were asked for with one more than that: the extra one only
 * says that there is a next page.
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  identity: ListIdentity,
  keyOf: (row: Row) => string | number,
  itemOf: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const isMore = rows.length > limit && last !== undefined;
  return { items: shown.map(itemOf), next_cursor: isMore ? encodeCursor(keyOf(last), identity) : null };
}

/** The key behind which a list goes on; undefined at its beginning. @throws DomainError `cursor_invalid` */
export function keyBehind<Key>(
  query: ListQuery,
  identity: ListIdentity,
  isKey: (value: unknown) => value is Key,
): Key | undefined {
  return query.cursor === undefined ? undefined : decodeCursor(query.cursor, identity, isKey);
}
