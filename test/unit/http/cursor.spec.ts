import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DomainError } from '../../../src/domain/errors.js';
import { decodeCursor, encodeCursor, isIntegerKey, isUuidKey } from '../../../src/http/cursor.js';
import { keyBehind, pageOf } from '../../../src/http/page.js';

const LIST = { list: 'jobs', status: ['queued'], dagId: undefined };

describe('a cursor', () => {
  test('gives back the key it was made of, for the same list', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2_147_483_647 }), (key) => {
        expect(decodeCursor(encodeCursor(key, LIST), LIST, isIntegerKey)).toBe(key);
      }),
    );
  });

  test('is made of characters that need no escaping in a URL', () => {
    expect(encodeCursor('01890000-0000-7000-8000-000000000000', LIST)).toMatch(/^[\w-]+$/);
  });

  test('does not care for the order of filters, nor for those that are not given', () => {
    const cursor = encodeCursor(7, { list: 'dags', tag: 'x', name: 'y' });
    expect(
      decodeCursor(cursor, { name: 'y', tag: 'x', isPaused: undefined, list: 'dags' }, isIntegerKey),
    ).toBe(7);
  });

  test.each([
    ['another list', { ...LIST, list: 'dags' }],
    ['another filter', { ...LIST, status: ['running'] }],
    ['one filter more', { ...LIST, dagId: 1 }],
    ['one filter less', { list: 'jobs' }],
  ])('is refused by %s', (_what, identity) => {
    expect(() => decodeCursor(encodeCursor(7, LIST), identity, isIntegerKey)).toThrow(
      expect.objectContaining({ code: 'cursor_invalid' }),
    );
  });

  test('is refused when its key is not one of the list, whatever it is', () => {
    for (const key of ['7', -1, 1.5, 2_147_483_648])
      expect(() => decodeCursor(encodeCursor(key, LIST), LIST, isIntegerKey)).toThrow(DomainError);
    expect(() => decodeCursor(encodeCursor('not-a-uuid', LIST), LIST, isUuidKey)).toThrow(DomainError);
  });

  test('may be any text without anything else than a refusal happening', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text, LIST, isIntegerKey)).toThrow(
          expect.objectContaining({ code: 'cursor_invalid' }),
        );
      }),
    );
  });
});

describe('a page', () => {
  const page = (rows: number[], limit: number) =>
    pageOf(
      rows,
      limit,
      LIST,
      (row) => row,
      (row) => ({ row }),
    );

  test('is the last one when there was no row beyond its limit', () => {
    expect(page([1, 2], 2)).toEqual({ items: [{ row: 1 }, { row: 2 }], next_cursor: null });
    expect(page([], 2)).toEqual({ items: [], next_cursor: null });
  });

  test('goes on behind its last item, not behind the row that was only a sign', () => {
    const { items, next_cursor: cursor } = page([1, 2, 3], 2);
    expect(items).toEqual([{ row: 1 }, { row: 2 }]);
    expect(keyBehind({ cursor: cursor! }, LIST, isIntegerKey)).toBe(2);
    expect(keyBehind({}, LIST, isIntegerKey)).toBeUndefined();
  });
});
