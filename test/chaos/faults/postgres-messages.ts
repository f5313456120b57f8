/**
 * Messages of PostgreSQL's protocol 3 out of a stream of bytes
 * (https://www.postgresql.org/docs/18/protocol-message-formats.html): a type of one byte, a length of four that counts
 * itself, the body. The first message of a client has no type.
 */

export interface PostgresMessage {
  /** Empty for the first message of a client. */
  type: string;
  body: Buffer;
  raw: Buffer;
}

export class MessageReader {
  private rest: Buffer = Buffer.alloc(0);

  /** @param isAtStart the stream begins with a client's first message */
  constructor(private isAtStart = false) {}

  /** The messages that are complete with this chunk. */
  take(chunk: Buffer): PostgresMessage[] {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const messages: PostgresMessage[] = [];
    for (;;) {
      const head = this.isAtStart ? 0 : 1;
      if (bytes.length < head + 4) break;
      const length = head + bytes.readInt32BE(head);
      if (bytes.length < length) break;
      const raw = bytes.subarray(0, length);
      messages.push({ type: raw.toString('latin1', 0, head), body: raw.subarray(head + 4), raw });
      bytes = bytes.subarray(length);
      this.isAtStart = false;
    }
    this.rest = bytes;
    return messages;
  }
}

/** The texts with a NUL behind each at the start of a body. */
export function leadingTexts(body: Buffer, count: number): string[] {
  const texts: string[] = [];
  for (let from = 0; texts.length < count;) {
    const end = body.indexOf(0, from);
    if (end < 0) return [...texts, ...Array<string>(count - texts.length).fill('')];
    texts.push(body.toString('utf8', from, end));
    from = end + 1;
  }
  return texts;
}
