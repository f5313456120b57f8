import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type WebSocket, WebSocketServer } from 'ws';
import { isUuid } from '../domain/ids.js';
import { LiveEvents } from './live-events.js';
import { CLOSE, RawOutlet } from './raw-outlet.js';

/** Nobody has to say anything on these sockets. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** A client that does not answer one ping until the next is gone. */
const PING_MS = 25_000;

const ALL_JOBS = /^\/ws\/jobs\/?$/;
const ONE_JOB = /^\/ws\/job\/([^/]*)\/?$/;

/**
 * The raw WebSockets `/ws/jobs` and `/ws/job/{run_id}`, on the HTTP server's own port beside Socket.IO, which answers
 * only its own path (its gateway says `destroyUpgrade: false`), so every other one has to be answered here.
 */
@Injectable()
export class RawSockets implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Events');
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  private readonly silent = new WeakSet<WebSocket>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly events: LiveEvents,
  ) {}

  onApplicationBootstrap(): void {
    const http = this.host.httpAdapter.getHttpServer() as Server;
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.upgrade(request, socket, head),
    );
    this.timer = setInterval(() => this.ping(), PING_MS);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const client of this.server.clients) client.close(CLOSE.goingAway, 'server going away');
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path, query = ''] = (request.url ?? '/').split('?', 2);
    if (path.startsWith('/socket.io')) return;
    socket.on('error', () => socket.destroy());
    const job = ONE_JOB.exec(path);
    if (job === null && !ALL_JOBS.test(path)) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      client.on('pong', () => this.silent.delete(client));
      if (job === null) client.once('close', this.events.watchAll(new RawOutlet(client)));
      else void this.join(client, job[1], new URLSearchParams(query).get('since'));
    });
  }

  private async join(client: WebSocket, runId: string, sinceText: string | null): Promise<void> {
    if (sinceText !== null && !/^\d{1,9}$/.test(sinceText)) {
      client.close(CLOSE.invalid, 'since must be a sequence number');
      return;
    }
    if (!isUuid(runId)) {
      client.close(CLOSE.unknownJob, 'no such job');
      return;
    }
    const since = sinceText === null ? undefined : Number(sinceText);
    try {
      const end = await this.events.watchJob(new RawOutlet(client), runId.toLowerCase(), since);
      if (end === null) client.close(CLOSE.unknownJob, 'no such job');
      else if (client.readyState === client.OPEN) client.once('close', end);
      else end();
    } catch (error) {
      this.logger.warn(`A job cannot be followed: ${String(error)}`);
      client.close(CLOSE.unavailable, 'try again later');
    }
  }

  private ping(): void {
    for (const client of this.server.clients) {
      if (this.silent.has(client)) client.terminate();
      else {
        this.silent.add(client);
        client.ping();
      }
    }
  }
}
