import {
  bodyValue,
  BodyTooLarge,
  readBodyWithin,
  retryAfterMs,
} from '../../../src/executors/http-response.js';

describe('Retry-After', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  it.each([
    ['0', 0],
    ['120', 120_000],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['1.5', null],
    ['99999999999', null],
    ['', null],
  ])('%j means %j ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });

  it('is nothing when it is not there', () => expect(retryAfterMs(null, now)).toBeNull());
});

describe('a body', () => {
  async function* chunks(...texts: string[]): AsyncGenerator<Buffer> {
    for (const text of texts) yield await Promise.resolve(Buffer.from(text));
  }

  it('of exactly the limit is read, one byte more is not', async () => {
    expect((await readBodyWithin(chunks('ab', 'cd'), 4)).toString()).toBe('abcd');
    await expect(readBodyWithin(chunks('ab', 'cde'), 4)).rejects.toBeInstanceOf(BodyTooLarge);
  });

  it.each([
    ['application/jsonish', '1', '1'],
    ['application/vnd.api+json', '1', 1],
    ['APPLICATION/JSON ;charset=utf-8', 'true', true],
    ['', '{"a":1}', { a: 1 }],
    ['', '{not json}', '{not json}'],
    ['application/json', '\uFEFF{"a":1}', { a: 1 }],
    ['text/plain; charset=no-such-charset', 'ü', 'ü'],
  ])('of type %j holding %j is %j', (type, text, value) => {
    expect(bodyValue(Buffer.from(text), type)).toEqual(value);
  });
});
