import { expect, test } from '@jest/globals';
import { canonicalJson } from '../../../src/http/canonical-json.js';

test('equal values have one spelling, whatever the order of their keys', () => {
  const one = { b: [1, { d: null, c: 'x' }], a: { z: true, y: 1.0 } };
  const other = { a: { y: 1, z: true }, b: [1, { c: 'x', d: null }] };
  expect(canonicalJson(one)).toBe('{"a":{"y":1,"z":true},"b":[1,{"c":"x","d":null}]}');
  expect(canonicalJson(other)).toBe(canonicalJson(one));
});

test.each([
  ['the order of an array', [1, 2], [2, 1]],
  ['a number and its text', { a: 1 }, { a: '1' }],
  ['null and nothing', { a: null }, {}],
  ['a key and a value that look alike', { 'a":"b': 1 }, { a: 'b' }],
  ['an empty object and an empty array', {}, []],
])('%s make a difference', (_what, one, other) => {
  expect(canonicalJson(one)).not.toBe(canonicalJson(other));
});

test('a field that is undefined is a field that is missing', () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  expect(canonicalJson(undefined)).toBe('null');
});
