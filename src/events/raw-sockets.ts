import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { DomainError } from '../domain/errors.js';
import { isUuid } from '../domain/ids.js';
import { streamRefusal } from '../http/origin.js';
import { refuseUpgrade } from '../http/refuse-upgrade.js';
import { CLOSE_CODES, type CloseCode } from './close-codes.js';
import { LiveEvents } from './live-events.js';
import type { Outlet } from './outlet.js';
import { RawOutlet } from './raw-outlet.js';
import { StreamLimit } from './stream-limit.js';

/** Nobody has to say anything on these sockets. */
const MAX_MESSAGE_BYTES = 64 * 1024;

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
    private readonly limit: StreamLimit,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    const http = this.host.httpAdapter.getHttpServer() as Server;
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.upgrade(request, socket, head),
    );
    this.timer = setInterval(() => this.ping(), this.config.events.heartbeatSeconds * 1_000);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const client of this.server.clients) close(client, 'goingAway');
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path, query = ''] = (request.url ?? '/').split('?', 2);
    if (path.startsWith('/socket.io/')) return;
    socket.on('error', () => socket.destroy());
    const job = ONE_JOB.exec(path);
    try {
      if (job === null && !ALL_JOBS.test(path)) throw new DomainError('route_not_found');
      const refusal = streamRefusal(request.headers, this.config.http);
      if (refusal !== null) throw refusal;
      socket.once('close', this.limit.enter());
    } catch (error) {
      refuseUpgrade(socket, error as DomainError, path);
      return;
    }
    this.server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      client.on('pong', () => this.silent.delete(client));
      const outlet = new RawOutlet(client, socket);
      if (job === null) client.once('close', this.events.watchAll(outlet));
      else void this.join(client, outlet, job[1], new URLSearchParams(query).get('since'));
    });
  }

  private async join(
    client: WebSocket,
    outlet: Outlet,
    runId: string,
    sinceText: string | null,
  ): Promise<void> {
    if (sinceText !== null && !/^\d{1,9}$/.test(sinceText)) {
      close(client, 'invalid');
      return;
    }
    // What cannot be an id cannot be found, as everywhere.
    if (!isUuid(runId)) {
      close(client, 'unknownJob');
      return;
    }
    const since = sinceText === null ? undefined : Number(sinceText);
    try {
      const end = await this.events.watchJob(outlet, runId.toLowerCase(), since);
      if (end === null) close(client, 'unknownJob');
      else if (client.readyState === client.OPEN) client.once('close', end);
      else end();
    } catch (error) {
      this.logger.warn(`A job cannot be followed: ${String(error)}`);
      close(client, 'unavailable');
    }
  }

  /** A client that has not answered the last one by the next one is gone. */
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

function close(client: WebSocket, why: CloseCode): void {
  client.close(CLOSE_CODES[why].code, CLOSE_CODES[why].reason);
}
