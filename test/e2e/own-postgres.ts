import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { freePort } from '../support/redis-server.mjs';

/** A PostgreSQL that may be stopped and started again under the same address, without disturbing other suites. */
export interface OwnPostgres {
  /** Creates an empty database. @returns its URL */
  createDatabase(name: string): Promise<string>;
  /** The fast stop: sessions are told, and ended; then the address refuses connections. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it for good and removes its data. */
  close(): Promise<void>;
}

export async function startOwnPostgres(): Promise<OwnPostgres> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'dts-test-own-postgres-'));
  // Root lends PostgreSQL another user, who must be able to pass here.
  chmodSync(dataDirectory, 0o711);
  const startServer = () =>
    startEmbeddedPostgres({
      dataDirectory,
      log: () => undefined,
      settings: { fsync: 'off', full_page_writes: 'off', max_connections: '300' },
    });
  let server: EmbeddedPostgres | null = await startServer();
  // The server takes another port at each start; a relay in front of it keeps one.
  const relay = new Relay();
  const address = await freePort();
  await relay.open(new URL(server.url), address);

  const stop = async () => {
    await server?.stop();
    server = null;
    await relay.close();
  };
  return {
    createDatabase: async (name) => {
      const client = new pg.Client({ connectionString: server!.url });
      await client.connect();
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`).finally(() => client.end());
      const url = new URL(server!.url);
      url.port = String(address);
      url.pathname = `/${name}`;
      return url.href;
    },
    stop,
    start: async () => {
      server = await startServer();
      await relay.open(new URL(server.url), address);
    },
    close: async () => {
      await stop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

class Relay {
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();

  async open(target: URL, port: number): Promise<void> {
    const server = createServer((socket) => this.join(socket, target));
    await new Promise<void>((opened, failed) =>
      server.once('error', failed).listen(port, '127.0.0.1', opened),
    );
    this.server = server;
  }

  async close(): Promise<void> {
    const server = this.server;
    this.server = null;
    await new Promise<void>((closed) => {
      if (server === null) return closed();
      server.close(() => closed());
      for (const socket of this.sockets) socket.destroy();
    });
  }

  private join(socket: Socket, target: URL): void {
    const onward = connect(Number(target.port), target.hostname);
    for (const end of [socket, onward]) {
      this.sockets.add(end);
      end.setNoDelay(true).on('error', () => undefined);
      end.on('close', () => {
        this.sockets.delete(end);
        (end === socket ? onward : socket).destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  }
}
