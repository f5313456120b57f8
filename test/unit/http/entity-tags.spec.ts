import { describe, expect, test } from '@jest/globals';
import { allowedTags, isKnown, parseEntityTags } from '../../../src/http/entity-tags.js';

const strong = (tag: string) => ({ isWeak: false, tag });
const weak = (tag: string) => ({ isWeak: true, tag });

describe('a list of entity tags', () => {
  test.each([
    ['*', '*'],
    [' * ', '*'],
    ['"a"', [strong('a')]],
    ['""', [strong('')]],
    ['W/"a"', [weak('a')]],
    ['"a","b"', [strong('a'), strong('b')]],
    ['"a", W/"b" ,\t"c"', [strong('a'), weak('b'), strong('c')]],
    ['"with,comma", "b"', [strong('with,comma'), strong('b')]],
    ['"a",,"b",', [strong('a'), strong('b')]],
  ])('like %j is understood', (header, tags) => {
    expect(parseEntityTags(header)).toEqual(tags);
  });

  test.each([
    '',
    ' ',
    ',',
    'a',
    '"a',
    'a"',
    '"a" "b"',
    'w/"a"',
    'W/ "a"',
    '*, "a"',
    '"a", *',
    '"a b"',
    '"a"b',
  ])('like %j is malformed', (header) => {
    expect(parseEntityTags(header)).toBeNull();
  });
});

test('If-None-Match compares weakly', () => {
  expect(isKnown('W/"a"', '"a"')).toBe(true);
  expect(isKnown('"b", "a"', '"a"')).toBe(true);
  expect(isKnown('*', '"a"')).toBe(true);
  expect(isKnown('"b"', '"a"')).toBe(false);
  expect(isKnown('a', '"a"')).toBe(false);
  expect(isKnown(undefined, '"a"')).toBe(false);
});

test('If-Match compares strongly, and is never ignored', () => {
  expect(allowedTags('W/"a", "b"')).toEqual(['b']);
  expect(allowedTags('W/"a"')).toEqual([]);
  expect(allowedTags('*')).toBeNull();
  expect(allowedTags(undefined)).toBeNull();
  expect(() => allowedTags('a')).toThrow(expect.objectContaining({ code: 'malformed_request' }));
});
