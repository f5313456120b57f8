import { once } from 'node:events';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { EventEnvelope } from '../../src/domain/events.js';

/** What arrives on a stream: an event, or the snapshot that begins the stream of one job. */
export interface Message extends Omit<EventEnvelope, 'type'> {
  type: string;
}

/** One client on one connection, with all it got so far. */
export interface Reader {
  messages: Message[];
  /** Raw sockets: the close code. Socket.IO: 0. */
  closed: Promise<number>;
  close(): void;
}

/** @param url of a process, http:// */
export async function readRaw(url: string, path: string): Promise<Reader> {
  const socket = new WebSocket(url.replace(/^http/, 'ws') + path);
  const messages: Message[] = [];
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as Message));
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  return { messages, closed, close: () => socket.terminate() };
}

export interface SocketIoReader extends Reader {
  /** Sends `subscribe`; the answer is the server's acknowledgement. */
  subscribe(body?: { run_id?: string; since?: number }): Promise<{ ok: boolean; code?: string }>;
}

export async function readSocketIo(url: string): Promise<SocketIoReader> {
  const client: Socket = io(`${url}/events`, { transports: ['websocket'], reconnection: false });
  const messages: Message[] = [];
  client.on('event', (message: Message) => messages.push(message));
  const closed = new Promise<number>((settle) => client.once('disconnect', () => settle(0)));
  await new Promise<void>((resolve, reject) => client.once('connect', resolve).once('connect_error', reject));
  return {
    messages,
    closed,
    close: () => client.close(),
    subscribe: async (body = {}) =>
      (await client.timeout(20_000).emitWithAck('subscribe', body)) as { ok: boolean; code?: string },
  };
}

/** The events of one job among all that arrived, snapshots left out. */
export function eventsOf(reader: Reader, runId: string): Message[] {
  return reader.messages.filter((message) => message.run_id === runId && message.type !== 'snapshot');
}
