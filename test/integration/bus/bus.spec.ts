import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Nudge } from '../../../src/bus/bus.js';
import { PostgresBus } from '../../../src/bus/postgres-bus.js';
import { RedisBus } from '../../../src/bus/redis-bus.js';
import type { WireBus } from '../../../src/bus/wire-bus.js';
import { createEmptyDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { describeWithRedis, uniquePrefix } from '../../support/redis.js';
import { cuttableProxy, type CuttableProxy } from '../queue/cuttable-proxy.js';
import { LogBook } from '../queue/installation.js';

jest.setTimeout(30_000);

/** One process's bus and all it heard. */
class Peer {
  readonly heard: Nudge[] = [];
  readonly log = new LogBook();
  reconnects = 0;
  readonly bus: WireBus;

  constructor(create: (log: LogBook) => WireBus) {
    this.bus = create(this.log);
    this.bus.subscribe((nudge) => this.heard.push(nudge));
    this.bus.onReconnect(() => this.reconnects++);
  }

  /** Resolves when this process would hear others. */
  async listens(): Promise<this> {
    await eventually(() => expect(this.reconnects).toBeGreaterThan(0));
    return this;
  }
}

const ready: Nudge = { kind: 'ready', priorities: ['critical'] };
const events = (runId: string, from: number, to: number): Nudge => ({
  kind: 'events',
  runId,
  dagId: 1,
  from,
  to,
});

function keepsItsContract(
  url: () => string,
  create: (url: string, channel: string, log: LogBook) => WireBus,
  say: (channel: string, payload: string) => Promise<void>,
): void {
  let channel: string;
  let peers: Peer[];
  let proxies: CuttableProxy[];

  beforeEach(() => {
    channel = `${uniquePrefix()}.bus`;
    peers = [];
    proxies = [];
  });
  afterEach(async () => {
    await Promise.all(peers.map(({ bus }) => bus.close()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  const peer = (by = url()) => {
    const one = new Peer((log) => create(by, channel, log));
    peers.push(one);
    return one;
  };
  const proxied = async () => {
    const proxy = await cuttableProxy(url());
    proxies.push(proxy);
    return proxy;
  };

  it('brings a nudge to every process once, its own at once', async () => {
    const [a, b, c] = [await peer().listens(), await peer().listens(), await peer().listens()];
    a.bus.publish([ready]);
    expect(a.heard).toEqual([]);
    await Promise.resolve();
    expect(a.heard).toEqual([ready]);
    await eventually(() => expect([b.heard, c.heard]).toEqual([[ready], [ready]]));
    // What b says now arrives after anything a might still hear of itself.
    b.bus.publish([events('x', 1, 1)]);
    await eventually(() => expect(a.heard).toEqual([ready, events('x', 1, 1)]));
  });

  it('says in one message what was published together', async () => {
    const [a, b] = [await peer().listens(), await peer().listens()];
    for (let seq = 1; seq <= 500; seq++) a.bus.publish([events('x', seq, seq), ready]);
    await eventually(() => expect(b.heard).toEqual([ready, events('x', 1, 500)]));
    expect(a.heard).toHaveLength(1_000);
  });

  it('brings over what is too much for one message', async () => {
    const [a, b] = [await peer().listens(), await peer().listens()];
    const attemptIds = Array.from({ length: 3_000 }, (_, i) => `01890000-0000-7000-8000-000000000000.${i}.1`);
    a.bus.publish([{ kind: 'stop', attemptIds }]);
    await eventually(() =>
      expect(b.heard.flatMap((nudge) => (nudge.kind === 'stop' ? nudge.attemptIds : []))).toEqual(attemptIds),
    );
  });

  it('brings over the events of workers', async () => {
    const [a, b] = [await peer().listens(), await peer().listens()];
    const worker: Nudge = {
      kind: 'worker',
      event: {
        seq: 0,
        type: 'worker.online',
        run_id: null,
        dag_id: null,
        task: null,
        attempt: null,
        at: '2026-01-01T00:00:00.000Z',
        data: { id: 'ä' },
      },
    };
    a.bus.publish([worker]);
    await eventually(() => expect(b.heard).toEqual([worker]));
  });

  it('ignores what is no message of the bus, and says so', async () => {
    const a = await peer().listens();
    await say(channel, 'garbage');
    await eventually(() => expect(a.log.warnings).toEqual([expect.stringContaining('Ignored')]));
    const b = await peer().listens();
    b.bus.publish([ready]);
    await eventually(() => expect(a.heard).toEqual([ready]));
  });

  it('goes on when a listener fails, and stops calling one that left', async () => {
    const a = await peer().listens();
    let calls = 0;
    const leave = a.bus.subscribe(() => {
      calls++;
      throw new Error('no');
    });
    a.bus.publish([ready, events('x', 1, 1)]);
    await Promise.resolve();
    expect(calls).toBe(2);
    expect(a.heard).toHaveLength(2);
    leave();
    a.bus.publish([ready]);
    await Promise.resolve();
    expect(calls).toBe(2);
  });

  it('listens again after an outage, and says when', async () => {
    const proxy = await proxied();
    const a = await peer(proxy.url).listens();
    const b = await peer().listens();
    await proxy.cut();
    const before = a.reconnects;
    await proxy.mend();
    await eventually(() => expect(a.reconnects).toBeGreaterThan(before));
    b.bus.publish([ready]);
    await eventually(() => expect(a.heard).toEqual([ready]));
    await eventually(() => {
      a.bus.publish([events('x', 1, 1)]);
      expect(b.heard).toContainEqual(events('x', 1, 1));
    });
  });

  it('tells the others that they missed something when it could not publish', async () => {
    const proxy = await proxied();
    const a = await peer(proxy.url).listens();
    const b = await peer().listens();
    const before = b.reconnects;
    await proxy.cut();
    a.bus.publish([ready]); // must not throw, and is heard here
    await eventually(() => expect(a.log.warnings).toEqual([expect.stringContaining('down')]));
    expect(a.heard).toEqual([ready]);
    await proxy.mend();
    await eventually(() => expect(b.reconnects).toBeGreaterThan(before));
    expect(a.log.warnings).toHaveLength(1);
  });

  it('says what was published just before it was closed', async () => {
    const [a, b] = [await peer().listens(), await peer().listens()];
    a.bus.publish([ready]);
    await a.bus.close();
    await eventually(() => expect(b.heard).toEqual([ready]));
    a.bus.publish([ready]); // is nothing, and does nothing
  });

  it('may be closed while the server is away', async () => {
    const proxy = await proxied();
    await proxy.cut();
    const a = peer(proxy.url);
    a.bus.publish([ready]);
    const began = Date.now();
    await a.bus.close();
    expect(Date.now() - began).toBeLessThan(4_000);
  });
}

describeWithRedis('The bus on Redis', (url) => {
  keepsItsContract(
    () => url,
    (by, channel, log) => new RedisBus({ url: by, channel }, log),
    async (channel, payload) => {
      const redis = new Redis(url);
      await redis.publish(channel, payload);
      redis.disconnect();
    },
  );
});

describe('The bus on PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  keepsItsContract(
    () => database.url,
    (by, channel, log) => new PostgresBus({ databaseUrl: by, channel }, log),
    async (channel, payload) => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query('SELECT pg_notify($1, $2)', [channel, payload]);
      await client.end();
    },
  );

  it('hears and says again when its connection fell silent without an error', async () => {
    const channel = `${uniquePrefix()}.bus`;
    const proxy = await cuttableProxy(database.url);
    const [a, b] = [proxy.url, database.url].map(
      (by) => new Peer((log) => new PostgresBus({ databaseUrl: by, channel }, log)),
    );
    try {
      await Promise.all([a.listens(), b.listens()]);
      const before = [a.reconnects, b.reconnects];
      proxy.freezeExisting();
      a.bus.publish([ready]);
      // The server's patience with a statement, and a moment to connect anew; not the ten seconds of a probe.
      await eventually(() => expect(a.reconnects).toBeGreaterThan(before[0]), { timeoutMs: 4_500 });
      await eventually(() => expect(b.reconnects).toBeGreaterThan(before[1]));
      b.bus.publish([events('x', 1, 1)]);
      await eventually(() => expect(a.heard).toContainEqual(events('x', 1, 1)));
    } finally {
      await Promise.all([a.bus.close(), b.bus.close()]);
      await proxy.close();
    }
  });
});
