/**
 * Keeps the beginning and the end of what a process writes, in bounded memory, and lets the rest flow by: a process
 * must never block on a full pipe because nobody reads.
 */
import type { Readable } from 'node:stream';

/** Most bytes kept of one stream, the marker between both ends included. */
export const CAPTURE_BYTES = 65_536;
const MARKER_BYTES = 96;
const END_BYTES = (CAPTURE_BYTES - MARKER_BYTES) / 2;

export class CapturedStream {
  private head: Buffer[] = [];
  private headBytes = 0;
  private tail: Buffer[] = [];
  private tailBytes = 0;
  private totalBytes = 0;

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
    this.totalBytes += chunk.length;
    const forHead = chunk.subarray(0, Math.max(0, END_BYTES - this.headBytes));
    if (forHead.length > 0) {
      this.head.push(Buffer.from(forHead));
      this.headBytes += forHead.length;
    }
    const rest = chunk.subarray(forHead.length);
    if (rest.length === 0) return;
    // Copied, because a slice would keep the whole chunk alive.
    this.tail.push(Buffer.from(rest.subarray(-(END_BYTES + MARKER_BYTES))));
    this.tailBytes += Math.min(rest.length, END_BYTES + MARKER_BYTES);
    while (this.tail.length > 1 && this.tailBytes - this.tail[0].length >= END_BYTES + MARKER_BYTES) {
      this.tailBytes -= this.tail.shift()!.length;
    }
  }

  /** What was written: all of it, or its beginning and end with a note of how much is left out. */
  text(): string {
    if (this.totalBytes <= CAPTURE_BYTES) return Buffer.concat([...this.head, ...this.tail]).toString('utf8');
    const beginning = withoutCutEnd(Buffer.concat(this.head));
    const end = withoutCutStart(Buffer.concat(this.tail).subarray(-END_BYTES));
    const leftOut = this.totalBytes - beginning.length - end.length;
    return `${beginning.toString('utf8')}\n[... ${leftOut} bytes left out ...]\n${end.toString('utf8')}`;
  }

  /** The last bytes of it, for an error. */
  lastText(maxBytes: number): string {
    const kept = this.totalBytes <= CAPTURE_BYTES ? [...this.head, ...this.tail] : this.tail;
    const bytes = Buffer.concat(kept);
    return (bytes.length > maxBytes ? withoutCutStart(bytes.subarray(-maxBytes)) : bytes).toString('utf8');
  }
}

/** Drops the continuation bytes of a character whose start is not there. */
function withoutCutStart(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && start < bytes.length && (bytes[start] & 0xc0) === 0x80) start++;
  return bytes.subarray(start);
}

/** Drops a last character of which only some bytes are there. */
function withoutCutEnd(bytes: Buffer): Buffer {
  for (let back = 1; back <= 4 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
