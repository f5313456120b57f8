/**
 * What the process of one attempt writes, as text, on its way to the worker while it runs.
 *
 * Kept are the beginning and the end, as of a captured stream, but of both streams together, in the order in which they
 * came. The beginning is passed on at most FLUSH_MS after it was written; once that is full, the rest flows through a
 * short tail, which follows when the attempt ends. So memory is bounded whatever a task prints, and a process never waits
 * for a log. A task that prints nothing costs no timer and no message.
 */
import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { leftOutMarker, lossOf, type LogPiece } from '../../domain/log-piece.js';
import { cleanText } from '../../domain/outcome.js';
import { withoutCutStart } from '../../domain/utf8.js';

const FLUSH_MS = 200;
/** So many characters are passed on at once. */
const FLUSH_LENGTH = 65_536;
/** Kept of the end of a log that is too long. */
const TAIL_BYTES = 16_384;
/** Room for our own two lines. */
const MARKER_BYTES = 160;

const FULL = '\n[... the log is full: of what follows only the end is kept ...]\n';

type TaskStream = 'stdout' | 'stderr';

export class AttemptLog {
  private readonly decoders = new Map<TaskStream, TextDecoder>();
  private pending: LogPiece[] = [];
  private pendingLength = 0;
  private timer: NodeJS.Timeout | null = null;
  /** Still free of the beginning; -1 when the tail has begun. */
  private room: number;
  private readonly tailMax: number;
  private tail: LogPiece[] = [];
  private tailBytes = 0;
  /** Dropped from the front of the tail; told of so far. */
  private leftOut = 0;
  private told = 0;
  /** Bytes that could not be passed on. */
  private unsent = 0;

  /** @param send passes pieces on; false when they could not be */
  constructor(
    maxBytes: number,
    private readonly send: (pieces: LogPiece[]) => boolean,
  ) {
    this.tailMax = Math.min(TAIL_BYTES, maxBytes >> 2);
    this.room = maxBytes - this.tailMax - MARKER_BYTES;
  }

  /** Takes what comes out of a stream from now on. */
  follow(stream: TaskStream, source: Readable): void {
    source.on('data', (chunk: Buffer) => this.take(stream, chunk));
  }

  /** Bytes that are no UTF-8 become U+FFFD, as do characters that an ending cuts; others are put together. */
  take(stream: TaskStream, chunk: Buffer): void {
    let decoder = this.decoders.get(stream);
    if (decoder === undefined)
      this.decoders.set(stream, (decoder = new TextDecoder('utf-8', { ignoreBOM: true })));
    this.add(stream, decoder.decode(chunk, { stream: true }));
  }

  /** Passes on what is left. Nothing may come afterwards. */
  end(): void {
    for (const [stream, decoder] of this.decoders) this.add(stream, decoder.decode());
    if (this.tail.length > 0) {
      this.cutTail();
      if (this.leftOut > 0) this.push(this.markerOfLeftOut());
      for (const piece of this.tail) this.push(piece);
    }
    this.flush();
    // Not even the last pieces went through: the marker is small enough to be worth a second try.
    if (this.unsent > 0) this.flush();
  }

  private add(stream: TaskStream, decoded: string): void {
    // A decoder makes no lone surrogates, and looking for them is the dear part.
    const text = decoded.includes('\0') ? cleanText(decoded) : decoded;
    if (text === '') return;
    const piece: LogPiece = { stream, atMs: Date.now(), text, leftOutBytes: 0 };
    if (this.room < 0) return this.addToTail(piece);
    const bytes = Buffer.byteLength(text);
    if (bytes <= this.room) {
      this.room -= bytes;
      return this.push(piece);
    }
    const { read } = new TextEncoder().encodeInto(text, new Uint8Array(this.room));
    this.room = -1;
    if (read > 0) this.push({ ...piece, text: text.slice(0, read) });
    this.addToTail({ ...piece, text: text.slice(read) });
  }

  private push(piece: LogPiece): void {
    append(this.pending, piece);
    this.pendingLength += piece.text.length;
    if (this.pendingLength >= FLUSH_LENGTH) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const pieces = this.pending;
    if (this.unsent > 0) pieces.unshift(leftOutMarker(this.unsent, Date.now()));
    if (pieces.length === 0) return;
    this.pending = [];
    this.pendingLength = 0;
    this.unsent = this.send(pieces) ? 0 : pieces.reduce((lost, piece) => lost + lossOf(piece), 0);
  }

  private addToTail(piece: LogPiece): void {
    append(this.tail, piece);
    this.tailBytes += Buffer.byteLength(piece.text);
    // Cut only when there is twice too much, so that each byte is moved about once.
    if (this.tailBytes <= 2 * this.tailMax) return;
    this.cutTail();
    if (this.told > 0) return;
    this.push({ stream: 'system', atMs: Date.now(), text: FULL, leftOutBytes: this.leftOut });
    this.told = this.leftOut;
  }

  /** Drops from the front of the tail what it may not have. */
  private cutTail(): void {
    let excess = this.tailBytes - this.tailMax;
    while (excess > 0) {
      const first = Buffer.from(this.tail[0].text);
      const kept = first.length <= excess ? Buffer.alloc(0) : withoutCutStart(first.subarray(excess));
      if (kept.length === 0) this.tail.shift();
      else this.tail[0] = { ...this.tail[0], text: kept.toString('utf8') };
      const dropped = first.length - kept.length;
      excess -= dropped;
      this.tailBytes -= dropped;
      this.leftOut += dropped;
    }
  }

  private markerOfLeftOut(): LogPiece {
    const marker = leftOutMarker(this.leftOut, Date.now());
    return { ...marker, leftOutBytes: this.leftOut - this.told };
  }
}

/** What one stream writes in a row is one piece. */
function append(pieces: LogPiece[], piece: LogPiece): void {
  const last = pieces.at(-1);
  if (last?.stream === piece.stream && last.stream !== 'system') last.text += piece.text;
  else pieces.push(piece);
}
