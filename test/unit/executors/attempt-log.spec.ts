import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { LogPiece } from '../../../src/domain/log-piece.js';
import { AttemptLog } from '../../../src/executors/host/attempt-log.js';
import { heapInUse } from '../../support/heap-in-use.js';

type Stream = 'stdout' | 'stderr';
type Chunk = [Stream, Buffer];

/** What the worker gets of these chunks. `accepts` says, send by send, whether the channel takes it; at the end it does. */
function passedOn(chunks: Chunk[], maxBytes = 4_096, accepts: boolean[] = []): LogPiece[] {
  const got: LogPiece[] = [];
  const answers = [...accepts];
  const log = new AttemptLog(maxBytes, (pieces) => {
    const isTaken = answers.shift() ?? true;
    if (isTaken) got.push(...pieces);
    return isTaken;
  });
  for (const [stream, chunk] of chunks) log.take(stream, chunk);
  answers.length = 0;
  log.end();
  return got;
}

const textOf = (pieces: LogPiece[], ...streams: string[]): string =>
  pieces
    .filter(({ stream }) => streams.length === 0 || streams.includes(stream))
    .map(({ text }) => text)
    .join('');
const bytesOf = (text: string): number => Buffer.byteLength(text);
const leftOut = (pieces: LogPiece[]): number => pieces.reduce((sum, piece) => sum + piece.leftOutBytes, 0);
/** The text of a whole stream, decoded in one go. */
const decoded = (chunks: Chunk[], wanted: Stream): string =>
  Buffer.concat(chunks.filter(([stream]) => stream === wanted).map(([, chunk]) => chunk))
    .toString('utf8')
    .replaceAll('\0', '');

const stream = fc.constantFrom<Stream>('stdout', 'stderr');
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  fc.string({ unit: 'binary', maxLength: 300 }).map((text) => Buffer.from(text)),
  fc
    .constantFrom('é', '😀', '€', '\0', '\n', 'a')
    .chain((character) => fc.nat(3_000).map((times) => Buffer.from(character.repeat(times)))),
);
/** Writes, cut anywhere: also inside characters. */
const chunks = fc.array(fc.tuple(stream, bytes), { maxLength: 30 });

describe('The log of an attempt', () => {
  it('is all that was written when that fits, stream by stream, with replacement characters for what is no UTF-8', () => {
    fc.assert(
      fc.property(chunks, (written) => {
        const pieces = passedOn(written, 1_048_576);
        expect(textOf(pieces, 'stdout')).toBe(decoded(written, 'stdout'));
        expect(textOf(pieces, 'stderr')).toBe(decoded(written, 'stderr'));
        expect(textOf(pieces)).not.toContain('\0');
        expect(leftOut(pieces)).toBe(0);
      }),
    );
  });

  it('is never longer than its limit, has whole characters only, and accounts for every byte', () => {
    fc.assert(
      fc.property(chunks, fc.integer({ min: 4_096, max: 20_000 }), (written, maxBytes) => {
        const pieces = passedOn(written, maxBytes);
        const total = bytesOf(decoded(written, 'stdout')) + bytesOf(decoded(written, 'stderr'));
        const kept = bytesOf(textOf(pieces, 'stdout', 'stderr'));
        expect(bytesOf(textOf(pieces))).toBeLessThanOrEqual(maxBytes);
        expect(kept + leftOut(pieces)).toBe(total);
        expect(Buffer.from(textOf(pieces)).toString('utf8')).toBe(textOf(pieces));
      }),
    );
  });

  it('keeps the beginning and the end of more, and says how much is missing between', () => {
    const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index}\n`);
    const pieces = passedOn(lines.map((line): Chunk => ['stdout', Buffer.from(line)]));
    const text = textOf(pieces);
    expect(text.startsWith('line 0\nline 1\n')).toBe(true);
    expect(text.endsWith('line 4998\nline 4999\n')).toBe(true);
    expect(text).toContain(`\n[... ${leftOut(pieces)} bytes left out ...]\n`);
  });

  it('keeps the order in which the streams were written', () => {
    const pieces = passedOn([
      ['stdout', Buffer.from('a')],
      ['stdout', Buffer.from('b\n')],
      ['stderr', Buffer.from('c\n')],
      ['stdout', Buffer.from('d\n')],
    ]);
    expect(pieces.map((piece) => [piece.stream, piece.text])).toEqual([
      ['stdout', 'ab\n'],
      ['stderr', 'c\n'],
      ['stdout', 'd\n'],
    ]);
  });

  it('puts a character together that came in pieces, and replaces one that never ended', () => {
    const [head, tail] = [Buffer.from('😀').subarray(0, 2), Buffer.from('😀').subarray(2)];
    const pieces = passedOn([
      ['stdout', head],
      ['stderr', Buffer.from('between')],
      ['stdout', tail],
      ['stderr', head],
    ]);
    expect(textOf(pieces, 'stdout')).toBe('😀');
    expect(textOf(pieces, 'stderr')).toBe('between\uFFFD');
  });

  it('accounts for what a full channel did not take, as soon as it takes something again', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            stream,
            fc.nat(70_000).map((length) => Buffer.alloc(length, 'x')),
          ),
          { maxLength: 12 },
        ),
        fc.array(fc.boolean(), { maxLength: 12 }),
        (written, accepts) => {
          const pieces = passedOn(written, 400_000, accepts);
          const total = written.reduce((sum, [, chunk]) => sum + chunk.length, 0);
          expect(bytesOf(textOf(pieces, 'stdout', 'stderr')) + leftOut(pieces)).toBe(total);
        },
      ),
    );
  });

  it('passes on what came while the attempt runs, after a moment and not piece by piece', () => {
    jest.useFakeTimers();
    try {
      const sent: string[] = [];
      const log = new AttemptLog(4_096, (pieces) => sent.push(textOf(pieces)) > 0);
      expect(jest.getTimerCount()).toBe(0);
      log.take('stdout', Buffer.from('one '));
      log.take('stdout', Buffer.from('two'));
      expect(sent).toEqual([]);
      jest.advanceTimersByTime(200);
      expect(sent).toEqual(['one two']);
      expect(jest.getTimerCount()).toBe(0);
      log.end();
      expect(sent).toEqual(['one two']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('says nothing when nothing was written', () => {
    expect(passedOn([])).toEqual([]);
  });

  it('lets a flood flow by in little memory', () => {
    const chunk = Buffer.from('0123456789abcde\n'.repeat(4_096));
    const pieces: LogPiece[] = [];
    const log = new AttemptLog(1_048_576, (more) => pieces.push(...more) > 0);
    const before = heapInUse();
    for (let count = 0; count < 1_600; count += 1) log.take('stdout', chunk);
    // A tenth of what flowed by.
    expect(heapInUse() - before).toBeLessThan(10 * 1_048_576);
    log.end();
    expect(bytesOf(textOf(pieces))).toBeLessThanOrEqual(1_048_576);
    expect(bytesOf(textOf(pieces, 'stdout')) + leftOut(pieces)).toBe(1_600 * chunk.length);
  });
});
