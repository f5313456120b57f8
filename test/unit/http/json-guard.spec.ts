import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bodyFaults } from '../../../src/http/json-guard.js';

const faultsOf = (text: string): string[] => bodyFaults(JSON.parse(text), text).map((fault) => fault.pointer);

describe('a body', () => {
  test('of JSON without any of that has no fault', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/__proto__|\\u/.test(text));
        expect(faultsOf(text)).toEqual([]);
      }),
    );
  });

  test.each([
    ['{"a/b": {"~": "\\u0000"}}', ['/a~1b/~0']],
    ['["ok", "\\uD83D\\uDE00", "\\uDE00\\uD83D"]', ['/2']],
    ['{"x\\u0000": 1, "y": "\\u0000"}', ['', '/y']],
    ['[1e308, 1e309, -1E+400, 1e-400]', ['/1', '/2']],
    [`[${'9'.repeat(309)}, ${'9'.repeat(308)}]`, ['/0']],
    ['{"a": [{"__proto__": {}}]}', ['/a/0']],
    ['{"\\u005f\\u005fproto__": {}}', ['']],
    ['"__proto__ as a text, \\\\u0000 as letters, constructor as a word"', []],
    ['{"constructor": {"prototype": 1}}', []],
  ])('%s has its faults where they are', (text, pointers) => {
    expect(faultsOf(text)).toEqual(pointers);
  });

  test('nested 200 levels deep is fine, one more is not, and a hundred thousand do not overflow anything', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(faultsOf(nested(200))).toEqual([]);
    expect(faultsOf(nested(201))).toEqual(['']);
    expect(faultsOf(nested(100_000))).toEqual(['']);
  });
});
