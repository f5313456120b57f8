import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { FaultProxy } from '../../chaos/faults/proxy.js';
import { eventually } from '../../support/eventually.js';

/** A connection, and all it has heard. */
class Caller {
  heard = '';
  isClosed = false;

  private constructor(readonly socket: Socket) {
    socket
      .on('data', (chunk: Buffer) => (this.heard += chunk.toString()))
      .on('error', () => undefined)
      .on('close', () => (this.isClosed = true));
  }

  static async to(port: number): Promise<Caller> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Caller(socket);
  }

  async hears(text: string): Promise<void> {
    await eventually(() => expect(this.heard).toBe(text), { timeoutMs: 5_000, everyMs: 5 });
  }

  async isCut(): Promise<void> {
    await eventually(() => expect(this.isClosed).toBe(true), { timeoutMs: 5_000, everyMs: 5 });
  }
}

describe('a proxy of faults', () => {
  let server: Server;
  let proxy: FaultProxy;
  const callers: Caller[] = [];
  /** What the server was told, by all. */
  let told = '';

  const call = async () => {
    const caller = await Caller.to(proxy.port);
    callers.push(caller);
    return caller;
  };

  beforeEach(async () => {
    told = '';
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        told += chunk.toString();
        socket.write(chunk.toString().toUpperCase());
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await FaultProxy.to((server.address() as AddressInfo).port);
  });

  afterEach(async () => {
    for (const { socket } of callers.splice(0)) socket.destroy();
    await proxy.close();
    await new Promise((closed) => server.close(closed));
  });

  it('passes everything while nothing is wrong', async () => {
    const caller = await call();
    caller.socket.write('hello');
    await caller.hears('HELLO');
    expect(proxy.counts).toEqual({ connections: 1, cut: 0, frozen: 0, reset: 0 });
  });

  it('refuses until it is mended, and stays where it is', async () => {
    const before = await call();
    const { port } = proxy;
    await proxy.refuse();
    await before.isCut();
    await expect(Caller.to(port)).rejects.toThrow('ECONNREFUSED');
    await proxy.mend();
    expect(proxy.port).toBe(port);
    const after = await call();
    after.socket.write('a');
    await after.hears('A');
  });

  it('lets nothing through and closes nothing while it is frozen; what was on its way arrives late', async () => {
    const caller = await call();
    caller.socket.write('a');
    await caller.hears('A');
    proxy.freeze();
    const other = await call();
    caller.socket.write('b');
    other.socket.write('c');
    // By way of the server itself, time has passed in which both could have been answered.
    const witness = await Caller.to((server.address() as AddressInfo).port);
    callers.push(witness);
    witness.socket.write('w');
    await witness.hears('W');
    expect([told, caller.heard, caller.isClosed, other.isClosed]).toEqual(['aw', 'A', false, false]);
    await proxy.mend();
    await caller.hears('AB');
    await other.hears('C');
  });

  it('brings the last words of a client that gave up while the line was dead', async () => {
    const caller = await call();
    proxy.freeze();
    caller.socket.end('late');
    await eventually(() => expect(caller.socket.writableFinished).toBe(true), { timeoutMs: 5_000 });
    expect(told).toBe('');
    await proxy.mend();
    await eventually(() => expect(told).toBe('late'), { timeoutMs: 5_000, everyMs: 5 });
  });

  it('freezes and cuts only those it is told to', async () => {
    const [first, second] = [await call(), await call()];
    // A connection is there for the proxy when it has carried something.
    for (const caller of [first, second]) {
      caller.socket.write('a');
      await caller.hears('A');
    }
    proxy.freezeSome((index) => index === 0);
    proxy.cut((index) => index === 1);
    await second.isCut();
    first.socket.write('b');
    expect(first.heard).toBe('A');
    await proxy.mend();
    await first.hears('AB');
    expect(proxy.counts).toMatchObject({ cut: 1, frozen: 1 });
  });

  it('holds everything up by its delay, in order', async () => {
    const caller = await call();
    proxy.delayMs = 60;
    const beganAt = performance.now();
    caller.socket.write('a');
    await caller.hears('A');
    // Once there, once back.
    expect(performance.now() - beganAt).toBeGreaterThanOrEqual(118);
    caller.socket.write('b');
    proxy.delayMs = 0;
    caller.socket.write('c');
    await caller.hears('ABC');
  });

  it('resets a connection in the middle of what it carries', async () => {
    const caller = await call();
    caller.socket.write('a');
    await caller.hears('A');
    proxy.resetAfter(10);
    caller.socket.write('0123456789abcdef');
    await caller.isCut();
    expect(told).toBe('a01234567');
    expect(proxy.counts.reset).toBe(1);
  });

  it('leads to another port from then on', async () => {
    const other = createServer((socket) => socket.on('error', () => undefined).end('other')).listen(
      0,
      '127.0.0.1',
    );
    await once(other, 'listening');
    proxy.retarget((other.address() as AddressInfo).port);
    const caller = await call();
    await caller.hears('other');
    await new Promise((closed) => other.close(closed));
  });
});
