import { describe, expect, it } from '@jest/globals';
import { pointerTo, quoted } from '../../../src/domain/faults.js';
import { jsonFaults } from '../../../src/domain/json-faults.js';
import { isDeeperThan, isJsonObject, MAX_JSON_DEPTH } from '../../../src/domain/json.js';
import type { Json } from '../../../src/domain/json.js';

describe('pointerTo', () => {
  it('escapes ~ and / as RFC 6901 says', () => {
    expect(pointerTo('/tasks', 3, 'a/b', 'c~d', '~1')).toBe('/tasks/3/a~1b/c~0d/~01');
    expect(pointerTo('')).toBe('');
  });
});

describe('quoted', () => {
  it('makes control characters visible and cuts long text', () => {
    expect(quoted('a\n"b"')).toBe('"a\\n\\"b\\""');
    expect(quoted('x'.repeat(500))).toBe(`"${'x'.repeat(80)}…"`);
  });
});

describe('isJsonObject', () => {
  it('is true for objects only', () => {
    expect([{}, [], null, 'a', 1, undefined].map(isJsonObject)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('isDeeperThan', () => {
  it('counts levels of lists and objects', () => {
    expect(isDeeperThan(1, 0)).toBe(false);
    expect(isDeeperThan([], 0)).toBe(true);
    expect(isDeeperThan({ a: [1] }, 2)).toBe(false);
    expect(isDeeperThan({ a: [{}], b: 1 }, 2)).toBe(true);
  });

  it('answers for a hundred thousand levels and for a very long list', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as Json;
    expect(isDeeperThan(deep, MAX_JSON_DEPTH)).toBe(true);
    expect(isDeeperThan(new Array(500_000).fill(0), 1)).toBe(false);
  });
});

describe('jsonFaults', () => {
  it('finds nothing in ordinary JSON', () => {
    expect(jsonFaults({ a: [1, null, true, 'text \u{1F600}'] }, '')).toEqual([]);
  });

  it('points at every text that cannot be stored', () => {
    expect(
      jsonFaults({ a: ['ok', 'b\0'], 'k\ud800': 1, c: { d: '\udc00' } }, '/params').map(
        (fault) => fault.pointer,
      ),
    ).toEqual(['/params/a/1', '/params', '/params/c/d']);
  });

  it('refuses what nests too deeply', () => {
    let value: Json = 1;
    for (let level = 0; level <= MAX_JSON_DEPTH; level += 1) value = { value };
    expect(jsonFaults(value, '/params')).toEqual([
      { pointer: '/params', message: 'Nested deeper than 200 levels.' },
    ]);
  });
});
