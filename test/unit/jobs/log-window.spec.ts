import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutWindow } from '../../../src/jobs/log-window.js';
import type { StoredPiece } from '../../../src/persistence/log-query.store.js';

const AT = '2026-01-31T12:00:00.000Z';

function placed(texts: string[]): StoredPiece[] {
  let fromByte = 0;
  return texts.map((text, index) => {
    const piece: StoredPiece = { fromByte, stream: index % 2 === 0 ? 'stdout' : 'stderr', at: AT, text };
    fromByte += Buffer.byteLength(text);
    return piece;
  });
}

/** What the store would answer: from the piece that holds the offset, until enough. */
function stored(pieces: StoredPiece[], offset: number, bytes: number): StoredPiece[] {
  const first = pieces.findLastIndex(({ fromByte }) => fromByte <= offset);
  return pieces.filter(({ fromByte }, index) => index >= first && fromByte < offset + bytes);
}

const logs = fc
  .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { maxLength: 12 })
  .map(placed);

describe('A window of a log', () => {
  it('after window gives the whole, whatever the size, and its spans say where every byte is', () => {
    fc.assert(
      fc.property(logs, fc.integer({ min: 1, max: 40 }), (pieces, maxBytes) => {
        const whole = pieces.map(({ text }) => text).join('');
        const size = Buffer.byteLength(whole);
        let read = '';
        for (let offset = 0; offset < size;) {
          const window = cutWindow(stored(pieces, offset, maxBytes), offset, maxBytes);
          expect(window.offset).toBe(offset);
          expect(window.nextOffset).toBeGreaterThan(offset);
          // One character may be longer than what was asked for, nothing else.
          if ([...window.text].length > 1) expect(window.nextOffset - offset).toBeLessThanOrEqual(maxBytes);
          expect(window.spans.reduce((sum, span) => sum + span.bytes, 0)).toBe(window.nextOffset - offset);
          read += window.text;
          offset = window.nextOffset;
        }
        expect(read).toBe(whole);
      }),
    );
  });

  it('from any byte begins with a whole character', () => {
    fc.assert(
      fc.property(logs, fc.nat(150), (pieces, offset) => {
        const whole = Buffer.from(pieces.map(({ text }) => text).join(''));
        const window = cutWindow(stored(pieces, offset, 1_000), offset, 1_000);
        expect(window.text).toBe(whole.toString('utf8', window.offset));
        expect(window.offset - offset).toBeLessThan(4);
        expect(whole.toString('utf8').endsWith(window.text)).toBe(true);
      }),
    );
  });

  it('from inside the last character is empty, and at the end', () => {
    expect(cutWindow(placed(['a😀']), 2, 10)).toEqual({ offset: 5, nextOffset: 5, text: '', spans: [] });
  });

  it('behind the end is empty and stays where it is', () => {
    const pieces = placed(['abc']);
    for (const offset of [3, 4, 1_000])
      expect(cutWindow(stored(pieces, offset, 10), offset, 10)).toEqual({
        offset,
        nextOffset: offset,
        text: '',
        spans: [],
      });
    expect(cutWindow([], 5, 10)).toEqual({ offset: 5, nextOffset: 5, text: '', spans: [] });
  });

  it('tells the streams apart', () => {
    expect(cutWindow(placed(['out\n', 'érr\n']), 0, 100).spans).toEqual([
      { offset: 0, bytes: 4, stream: 'stdout', at: AT },
      { offset: 4, bytes: 5, stream: 'stderr', at: AT },
    ]);
  });
});
