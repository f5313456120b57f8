import type { Message } from './message.js';

/** Texts of messages: one message goes to many readers, in parcels of several streams. */
const texts = new WeakMap<Message, string>();

/** A message as JSON, made once. */
export function textOf(message: Message): string {
  let text = texts.get(message);
  if (text === undefined) texts.set(message, (text = JSON.stringify(message)));
  return text;
}

/** Where the Socket.IO clients are. */
export const NAMESPACE = '/events';

/** A message as the packet of an event named `event` (https://socket.io/docs/v4/socket-io-protocol). */
export function socketIoText(message: Message): string {
  return `2${NAMESPACE},["event",${textOf(message)}]`;
}

/** Characters of JSON after which a chunk is closed. */
const CHUNK_CHARACTERS = 128 * 1024;

/** Small messages together, large ones alone, so that no reader is handed much more at once than it may keep. */
export function inChunks(messages: readonly Message[]): Message[][] {
  const chunks: Message[][] = [];
  let room = 0;
  for (const message of messages) {
    if (room <= 0) {
      chunks.push([]);
      room = CHUNK_CHARACTERS;
    }
    chunks[chunks.length - 1].push(message);
    room -= textOf(message).length;
  }
  return chunks;
}

/**
 * Messages on their way to readers. What a protocol needs of them is made when its first reader takes the parcel, and
 * handed to all others as the same bytes: a thousand readers cost a thousand writes, whatever the number of messages.
 */
export class Parcel {
  private frames: Buffer | undefined;
  private framesOfSocketIo: Buffer | undefined;
  private serverSentEvents: Buffer | undefined;

  /** @param ids from where a reader may resume that got so far; one per message */
  constructor(
    readonly messages: readonly Message[],
    private readonly ids: readonly string[],
  ) {}

  /** Of one job: its readers resume by `seq`. */
  static ofJob(messages: readonly Message[]): Parcel {
    return new Parcel(
      messages,
      messages.map(({ seq }) => String(seq)),
    );
  }

  /** Without the messages that a reader has already. */
  without(isTaken: (message: Message) => boolean): Parcel {
    const kept = this.messages.flatMap((message, index) => (isTaken(message) ? [] : [index]));
    if (kept.length === this.messages.length) return this;
    return new Parcel(
      kept.map((index) => this.messages[index]),
      kept.map((index) => this.ids[index]),
    );
  }

  /** One WebSocket text frame per message (RFC 6455, 5.2), as a server sends them: not masked. */
  get webSocketFrames(): Buffer {
    return (this.frames ??= framesOf(this.messages.map(textOf)));
  }

  /** The same for Socket.IO; 4 is engine.io's "message". */
  get socketIoFrames(): Buffer {
    return (this.framesOfSocketIo ??= framesOf(this.messages.map((message) => `4${socketIoText(message)}`)));
  }

  /** One block of `id` and `data` per message, as https://html.spec.whatwg.org/#server-sent-events says. */
  get serverSent(): Buffer {
    return (this.serverSentEvents ??= Buffer.from(
      this.messages.map((message, index) => `id: ${this.ids[index]}\ndata: ${textOf(message)}\n\n`).join(''),
    ));
  }
}

const FINAL_TEXT = 0x81;

function framesOf(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const payload = Buffer.from(text);
      return [frameHead(payload.length), payload];
    }),
  );
}

function frameHead(length: number): Buffer {
  if (length < 126) return Buffer.from([FINAL_TEXT, length]);
  if (length < 65_536) return Buffer.from([FINAL_TEXT, 126, length >> 8, length & 0xff]);
  const head = Buffer.alloc(10);
  head[0] = FINAL_TEXT;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}
