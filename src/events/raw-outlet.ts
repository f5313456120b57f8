import { WebSocket } from 'ws';
import { type Message, Outlet } from './outlet.js';

/** Close codes of ours, from the range that is left to applications. */
export const CLOSE = {
  /** The reader takes less than it is sent. */
  slowReader: 4008,
  /** There is no such job. */
  unknownJob: 4404,
  /** `since` is not a sequence number. */
  invalid: 4422,
  /** RFC 6455: going away. */
  goingAway: 1001,
  /** RFC 6455: try again later. */
  unavailable: 1013,
} as const;

/** Bytes beyond which a stream reads from the table only after the reader has taken them. */
const LAGGING_BYTES = 256 * 1024;
/** Bytes beyond which a reader of all jobs has to go. */
const OVERRUN_BYTES = 4 * 1024 * 1024;
/** How long a slow reader has for the close frame behind its backlog. */
const CLOSING_MS = 5_000;

/** A raw WebSocket; its backlog is in bytes. */
export class RawOutlet extends Outlet {
  constructor(private readonly socket: WebSocket) {
    super();
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(message: Message): void {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
  }

  backlog(): number {
    return this.socket.bufferedAmount;
  }

  isLagging(): boolean {
    return this.backlog() > LAGGING_BYTES;
  }

  isOverrun(): boolean {
    return this.backlog() > OVERRUN_BYTES;
  }

  drop(): void {
    if (!this.isOpen) return;
    this.socket.close(CLOSE.slowReader, 'slow reader');
    setTimeout(() => this.socket.terminate(), CLOSING_MS).unref();
  }
}
