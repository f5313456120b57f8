import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A way to a server that can be cut off and mended: the server goes away for whoever uses it, and for no one else. */
export interface CuttableProxy {
  /** The server's URL, by way of the proxy. */
  url: string;
  /** How many connections are up. */
  connections(): number;
  /** Breaks all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Does so by itself when the next connection that is made has ended. */
  cutAfterNext(): void;
  /** Lets nothing through any more while all connections stay up, as when a cable is pulled. */
  freeze(): void;
  /** Does so to the connections there are; new ones work, as after a firewall has forgotten them. */
  freezeExisting(): void;
  /** From here on every answer arrives so much later; connections are made as fast as ever. */
  slow(ms: number): void;
  /** Ends all of it; frozen connections break. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** How PostgreSQL ends the making of a connection. */
const READY_FOR_QUERY = Buffer.from('Z\0\0\0\x05I');

export async function cuttableProxy(target: string): Promise<CuttableProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  let frozen = false;
  let isCutAfterNext = false;
  let lateMs = 0;
  const late = () => {
    let isGreeted = false;
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        if (lateMs === 0 || !isGreeted) this.push(chunk);
        else setTimeout(() => this.push(chunk), lateMs);
        isGreeted ||= chunk.includes(READY_FOR_QUERY);
        done();
      },
    });
  };
  const freezeExisting = () => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  const accept = (socket: Socket) => {
    if (frozen) {
      track(socket);
      return;
    }
    const onward = connect(Number(port), hostname);
    track(socket);
    track(onward);
    socket.setNoDelay(true).pipe(onward.setNoDelay(true)).pipe(late()).pipe(socket);
    socket.on('close', () => onward.destroy());
    if (isCutAfterNext) socket.on('close', () => void cut());
    isCutAfterNext = false;
    onward.on('close', () => socket.destroy());
  };
  let server: Server = await listen(createServer(accept), 0);
  const { port: own } = server.address() as AddressInfo;
  const url = new URL(target);
  url.host = `127.0.0.1:${own}`;
  const cut = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      for (const socket of sockets) socket.destroy();
    });
  return {
    url: url.href,
    // Each has a socket on either side.
    connections: () => sockets.size / 2,
    cut,
    cutAfterNext: () => {
      isCutAfterNext = true;
    },
    freeze: () => {
      frozen = true;
      freezeExisting();
    },
    freezeExisting,
    slow: (ms) => {
      lateMs = ms;
    },
    mend: async () => {
      if (server.listening) await cut();
      frozen = false;
      lateMs = 0;
      server = await listen(createServer(accept), own);
    },
    close: async () => {
      if (server.listening) await cut();
    },
  };
}

function listen(server: Server, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
  });
}
