import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { CLOSE_CODES } from './close-codes.js';
import { Outlet } from './outlet.js';
import type { Parcel } from './parcel.js';

/** Bytes beyond which a stream reads from the table only after the reader has taken them. */
const LAGGING_BYTES = 256 * 1024;
/** Bytes beyond which a reader of all jobs has to go. */
const OVERRUN_BYTES = 4 * 1024 * 1024;
/** How long a slow reader has for the close frame behind its backlog. */
const CLOSING_MS = 5_000;

/** A raw WebSocket; its backlog is in bytes. */
export class RawOutlet extends Outlet {
  /**
   * @param connection below the socket. Frames that are the same for all readers are written to it as they are, which is
   *   sound because nothing waits inside `ws`: without compression it writes its own frames at once, too.
   */
  constructor(
    private readonly socket: WebSocket,
    private readonly connection: Duplex,
  ) {
    super();
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(parcel: Parcel): void {
    if (this.isOpen) this.connection.write(parcel.webSocketFrames);
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
    this.socket.close(CLOSE_CODES.slowReader.code, CLOSE_CODES.slowReader.reason);
    setTimeout(() => this.socket.terminate(), CLOSING_MS).unref();
  }
}
