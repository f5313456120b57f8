import type { Socket } from 'socket.io';
import type { Message } from './message.js';
import { Outlet } from './outlet.js';
import { type Parcel, socketIoText, textOf } from './parcel.js';

/** As for raw sockets. */
const LAGGING_BYTES = 256 * 1024;
const OVERRUN_BYTES = 4 * 1024 * 1024;

/**
 * A Socket.IO client; its backlog is in characters.
 *
 * `socket.emit` would make each message anew for each client, and cost a system call each. So messages are encoded here, once,
 * and handed to the connection below: over a WebSocket all of a parcel as ready frames, the way socket.io's own adapter
 * broadcasts; over polling one by one.
 */
export class SocketIoOutlet extends Outlet {
  private kept = 0;

  /** @param isWanted lets a client that follows one job and all jobs get each event once */
  constructor(
    private readonly socket: Socket,
    private readonly isWanted: (message: Message) => boolean = () => true,
  ) {
    super();
  }

  get isOpen(): boolean {
    return this.socket.connected;
  }

  send(parcel: Parcel): void {
    if (!this.isOpen) return;
    const wanted = parcel.without((message) => !this.isWanted(message));
    if (wanted.messages.length === 0) return;
    const { conn } = this.socket;
    if (conn.transport.name === 'websocket') {
      const frames = wanted.socketIoFrames;
      conn.write('', { wsPreEncodedFrame: [frames] } as object, this.keep(frames.length));
    } else {
      for (const message of wanted.messages)
        conn.write(socketIoText(message), undefined, this.keep(textOf(message).length));
    }
  }

  backlog(): number {
    return this.kept;
  }

  isLagging(): boolean {
    return this.backlog() > LAGGING_BYTES;
  }

  isOverrun(): boolean {
    return this.backlog() > OVERRUN_BYTES;
  }

  drop(): void {
    if (!this.isOpen) return;
    this.socket.emit('dropped', { code: 'slow_reader' });
    this.socket.disconnect(true);
  }

  /** @returns what the connection calls when they are gone */
  private keep(characters: number): () => void {
    this.kept += characters;
    return () => (this.kept -= characters);
  }
}
