import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_JSON_DEPTH } from '../../../src/domain/json.js';
import type { Json } from '../../../src/domain/json.js';
import {
  acceptOutput,
  cleanError,
  cleanJson,
  cleanText,
  cutText,
  MAX_DETAILS_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_OUTPUT_BYTES,
} from '../../../src/domain/outcome.js';

/** Text with many of the characters that matter. */
const wildText = fc
  .array(
    fc.constantFrom('\0', '\ud800', '\udc00', '\ud83d\ude00', '\\', 'u0000', '\\ud800', '"', 'é', 'a', '\n'),
  )
  .map((parts) => parts.join(''));

describe('cleanText', () => {
  it('drops NUL and lone surrogates and nothing else', () => {
    expect(cleanText('a\0b\ud800c\udc00d\u{1F600}\\u0000')).toBe('abcd\u{1F600}\\u0000');
  });

  it('leaves well-formed text that PostgreSQL takes', () => {
    fc.assert(
      fc.property(wildText, (text) => {
        const cleaned = cleanText(text);
        expect(cleaned).not.toContain('\0');
        expect(Buffer.from(cleaned).toString()).toBe(cleaned);
      }),
    );
  });
});

describe('cleanJson', () => {
  it('cleans keys and values at every depth', () => {
    const value = { 'k\0': ['\ud800x', { deep: 'y\udfff', n: 1, t: true, nothing: null }] };
    expect(cleanJson(value)).toEqual({ k: ['x', { deep: 'y', n: 1, t: true, nothing: null }] });
  });

  it('returns the very same value when there is nothing to clean', () => {
    const value = { a: ['\u{1F600}', '\n', 'C:\\temp'] };
    expect(cleanJson(value)).toBe(value);
  });

  it('does not mistake the text of an escape for the character', () => {
    expect(cleanJson(['\\u0000', '\\\\ud800', '\\\0'])).toEqual(['\\u0000', '\\\\ud800', '\\']);
  });

  it('keeps a key named __proto__ as a key', () => {
    const value = JSON.parse('{"__proto__": {"polluted": "a\\u0000"}}') as Json;
    expect(JSON.stringify(cleanJson(value))).toBe('{"__proto__":{"polluted":"a"}}');
  });

  it('does to every text within what cleanText does to it', () => {
    fc.assert(
      fc.property(fc.array(wildText), (texts) => {
        expect(cleanJson(texts)).toEqual(texts.map(cleanText));
      }),
      { numRuns: 500 },
    );
  });
});

describe('cutText', () => {
  it('cuts between characters and says that it did', () => {
    expect(cutText('short', 5)).toBe('short');
    expect(cutText('äöüäöü', 9)).toBe('äöü…');
    expect(cutText('\u{1F600}\u{1F600}\u{1F600}', 8)).toBe('\u{1F600}…');
  });

  it('never exceeds its bytes and never breaks a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 40 }), (text, maxBytes) => {
        const cut = cutText(text, maxBytes);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
        expect(Buffer.from(cut).toString()).toBe(cut);
        expect(text.startsWith(cut.replace(/…$/, ''))).toBe(true);
      }),
    );
  });
});

describe('cleanError', () => {
  it('keeps an error that fits as it is', () => {
    const error = { code: 'timeout', message: 'took too long', retryable: true, details: { seconds: 3 } };
    expect(cleanError(error)).toEqual(error);
  });

  it('adds no details where there were none', () => {
    expect('details' in cleanError({ code: 'x', message: 'y', retryable: false })).toBe(false);
  });

  it('caps the message and the details, whatever they are made of', () => {
    for (const character of ['a', '"', '\u0001', 'ä', '\u{1F600}', '\\']) {
      const huge = character.repeat(100_000);
      const cleaned = cleanError({
        code: huge,
        message: huge,
        retryable: true,
        details: { traceback: huge },
      });
      expect(Buffer.byteLength(cleaned.message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
      expect(Buffer.byteLength(JSON.stringify(cleaned.details))).toBeLessThanOrEqual(MAX_DETAILS_BYTES * 1.1);
      expect(cleaned.details).toMatchObject({ omitted: 'too large' });
    }
  });

  it('survives details that nest without end', () => {
    expect(
      cleanError({ code: 'x', message: 'y', retryable: true, details: nested(100_000) }).details,
    ).toEqual({
      omitted: 'nested too deeply',
    });
  });

  it('cleans every text, and never leaves the code empty', () => {
    expect(cleanError({ code: '\0', message: 'a\ud800', retryable: true, details: ['\0'] })).toEqual({
      code: 'unknown',
      message: 'a',
      retryable: true,
      details: [''],
    });
  });
});

describe('acceptOutput', () => {
  it('takes an output of exactly the limit and refuses one byte more, for good', () => {
    const fits = 'x'.repeat(MAX_OUTPUT_BYTES - 2);
    expect(acceptOutput(fits)).toEqual({ kind: 'succeeded', output: fits });
    expect(acceptOutput(`${fits}x`)).toMatchObject({
      kind: 'failed',
      error: { code: 'output_too_large', retryable: false },
    });
  });

  it('counts bytes, not characters', () => {
    expect(acceptOutput('ä'.repeat(MAX_OUTPUT_BYTES / 2))).toMatchObject({ kind: 'failed' });
  });

  it('refuses an output that nests too deeply, and takes one that just does not', () => {
    expect(acceptOutput(nested(MAX_JSON_DEPTH))).toMatchObject({ kind: 'succeeded' });
    expect(acceptOutput(nested(MAX_JSON_DEPTH + 1))).toMatchObject({ error: { code: 'output_too_deep' } });
  });

  it('cleans what it takes', () => {
    expect(acceptOutput({ a: 'b\0' })).toEqual({ kind: 'succeeded', output: { a: 'b' } });
  });
});

function nested(depth: number): Json {
  let value: Json = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
