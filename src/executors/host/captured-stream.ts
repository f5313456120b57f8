/**
 * Keeps the beginning and the end of what a process writes, in bounded memory, and lets the rest flow by: a process
 * must never block on a full pipe because nobody reads.
 */
import type { Readable } from 'node:stream';
import { withoutCutEnd, withoutCutStart } from '../../domain/utf8.js';

/** Most bytes kept of one stream, the marker between both ends included. */
export const CAPTURE_BYTES = 65_536;
const MARKER_BYTES = 96;
/** Kept of each end when something is left out. */
const END_BYTES = (CAPTURE_BYTES - MARKER_BYTES) / 2;
/** Room for the rest of a stream that just fits. */
const TAIL_BYTES = CAPTURE_BYTES - END_BYTES;

export class CapturedStream {
  private head: Buffer[] = [];
  private headBytes = 0;
  /** A ring, made when the head is full; `tailBytes` went into it so far. */
  private ring: Buffer | null = null;
  private tailBytes = 0;

  /** Resolves when nothing more will come. */
  readonly ended: Promise<void>;

  constructor(private readonly stream: Readable) {
    stream.on('data', (chunk: Buffer) => this.take(chunk));
    this.ended = new Promise((resolve) => {
      stream.once('close', resolve);
      // A pipe that breaks has ended, too; 'close' follows.
      stream.on('error', () => undefined);
    });
  }

  /** Stops reading: whoever still holds the other end is on its own. */
  abandon(): void {
    this.stream.destroy();
  }

  private take(chunk: Buffer): void {
    const forHead = chunk.subarray(0, END_BYTES - this.headBytes);
    if (forHead.length > 0) {
      // Copied, because a slice would keep the whole chunk alive.
      this.head.push(Buffer.from(forHead));
      this.headBytes += forHead.length;
    }
    const rest = chunk.subarray(forHead.length);
    if (rest.length === 0) return;
    this.ring ??= Buffer.allocUnsafe(TAIL_BYTES);
    const kept = rest.subarray(-TAIL_BYTES);
    const at = (this.tailBytes + rest.length - kept.length) % TAIL_BYTES;
    const copied = kept.copy(this.ring, at);
    kept.copy(this.ring, 0, copied);
    this.tailBytes += rest.length;
  }

  /** What came after the head, as far as the ring still has it. */
  private tail(): Buffer {
    if (this.ring === null) return Buffer.alloc(0);
    if (this.tailBytes <= TAIL_BYTES) return this.ring.subarray(0, this.tailBytes);
    const start = this.tailBytes % TAIL_BYTES;
    return Buffer.concat([this.ring.subarray(start), this.ring.subarray(0, start)]);
  }

  /** What was written: all of it, or its beginning and end with a note of how much is left out. */
  text(): string {
    const tail = this.tail();
    if (this.tailBytes <= TAIL_BYTES) return Buffer.concat([...this.head, tail]).toString('utf8');
    const beginning = withoutCutEnd(Buffer.concat(this.head));
    const end = withoutCutStart(tail.subarray(-END_BYTES));
    const leftOut = this.headBytes + this.tailBytes - beginning.length - end.length;
    return `${beginning.toString('utf8')}\n[... ${leftOut} bytes left out ...]\n${end.toString('utf8')}`;
  }

  /** The last bytes of it, for an error. */
  lastText(maxBytes: number): string {
    const isWhole = this.tailBytes <= TAIL_BYTES;
    const bytes = isWhole ? Buffer.concat([...this.head, this.tail()]) : this.tail();
    return (bytes.length > maxBytes ? withoutCutStart(bytes.subarray(-maxBytes)) : bytes).toString('utf8');
  }
}
