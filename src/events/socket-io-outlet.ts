import type { Socket } from 'socket.io';
import { type Message, Outlet } from './outlet.js';

const LAGGING_PACKETS = 500;
const OVERRUN_PACKETS = 5_000;

/** A Socket.IO client; its backlog is in packets. */
export class SocketIoOutlet extends Outlet {
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

  send(message: Message): void {
    if (this.isOpen && this.isWanted(message)) this.socket.emit('event', message);
  }

  /** engine.io keeps its packets to itself; nothing public says how many a client has not taken. */
  backlog(): number {
    return this.socket.conn['writeBuffer'].length + (this.socket.conn.transport.writable ? 0 : 1);
  }

  isLagging(): boolean {
    return this.backlog() > LAGGING_PACKETS;
  }

  isOverrun(): boolean {
    return this.backlog() > OVERRUN_PACKETS;
  }

  drop(): void {
    if (!this.isOpen) return;
    this.socket.emit('dropped', { code: 'slow_reader' });
    this.socket.disconnect(true);
  }
}
