/**
 * Cuts the part of a log that was asked for out of the stored pieces, between characters.
 *
 * Pieces follow each other without a gap, the first one holding the byte at `offset` (or lying before it, when the log
 * ends there). An offset inside a character moves on to the next one. However few bytes are wanted, one character is
 * given, so that a reader always gets on.
 */
import type { LogStream } from '../domain/log-piece.js';
import { firstCharacterBytes, withoutCutEnd, withoutCutStart } from '../domain/utf8.js';
import type { StoredPiece } from '../persistence/log-query.store.js';

/** Which stream wrote which bytes of the text, and when they came. */
export interface LogSpan {
  offset: number;
  bytes: number;
  stream: LogStream;
  at: string;
}

export interface LogWindow {
  /** Where the text begins in the whole log. */
  offset: number;
  /** Where what follows begins. */
  nextOffset: number;
  text: string;
  spans: LogSpan[];
}

export function cutWindow(pieces: readonly StoredPiece[], offset: number, maxBytes: number): LogWindow {
  const texts: string[] = [];
  const spans: LogSpan[] = [];
  let room = maxBytes;
  // Where an empty window is: behind the character that the offset cuts.
  let at = offset;
  for (const { fromByte, stream, at: cameAt, text } of pieces) {
    const whole = Buffer.from(text);
    const skipped = Math.max(0, offset - fromByte);
    const wanted = skipped === 0 ? whole : withoutCutStart(whole.subarray(skipped));
    if (wanted.length === 0) {
      at = Math.max(at, fromByte + whole.length);
      continue;
    }
    let kept = wanted.length <= room ? wanted : withoutCutEnd(wanted.subarray(0, room));
    if (kept.length === 0 && spans.length === 0) kept = wanted.subarray(0, firstCharacterBytes(wanted));
    if (kept.length === 0) break;
    texts.push(kept.toString('utf8'));
    spans.push({ offset: fromByte + whole.length - wanted.length, bytes: kept.length, stream, at: cameAt });
    room -= kept.length;
    if (kept.length < wanted.length) break;
  }
  const [first] = spans;
  const last = spans.at(-1);
  return {
    offset: first?.offset ?? at,
    nextOffset: last === undefined ? at : last.offset + last.bytes,
    text: texts.join(''),
    spans,
  };
}
