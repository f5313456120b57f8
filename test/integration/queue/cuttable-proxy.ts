import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server that can be cut off and mended: the server goes away for whoever uses it, and for no one else. */
export interface CuttableProxy {
  /** The server's URL, by way of the proxy. */
  url: string;
  /** Breaks all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Lets nothing through any more while all connections stay up, as when a cable is pulled. */
  freeze(): void;
  /** Ends either; frozen connections break. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function cuttableProxy(target: string): Promise<CuttableProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  let frozen = false;
  const accept = (socket: Socket) => {
    if (frozen) {
      track(socket);
      return;
    }
    const onward = connect(Number(port), hostname);
    track(socket);
    track(onward);
    socket.setNoDelay(true).pipe(onward.setNoDelay(true)).pipe(socket);
    socket.on('close', () => onward.destroy());
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
    cut,
    freeze: () => {
      frozen = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend: async () => {
      if (server.listening) await cut();
      frozen = false;
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
