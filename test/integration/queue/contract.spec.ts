import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { BullmqTaskConsumer } from '../../../src/queue/bullmq-task-consumer.js';
import type { Message } from '../../../src/queue/task-queue.js';
import { PRIORITIES, type Priority } from '../../../src/domain/priority.js';
import { MESSAGE_NAME, queueName } from '../../../src/queue/queue-names.js';
import { QueueUnavailableError } from '../../../src/queue/queue-unavailable-error.js';
import { createEmptyDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { describeWithRedis } from '../../support/redis.js';
import { cuttableProxy, type CuttableProxy } from './cuttable-proxy.js';
import { OutageLog } from '../../../src/queue/outage-log.js';
import { QueueRedis } from '../../../src/queue/redis-client.js';
import { Holder, Installation, LogBook, Recorder } from './installation.js';

jest.setTimeout(30_000);

/**
 * Short, so that a dead worker's messages come again within a test's time; and not so short that a living one, which renews
 * its locks every third of this, loses them where the machine stands still for a moment.
 */
const IMPATIENT = { lockMs: 2_700, stalledIntervalMs: 300 };

const message = (attemptId: string, priority: Priority = 'normal'): Message => ({ attemptId, priority });
const messages = (count: number, priority: Priority = 'normal') =>
  Array.from({ length: count }, (_, i) => message(`${priority}.${i}`, priority));

/** Waits until a worker has found every class empty: from then on it fetches nothing before it is told to. */
async function foundAllEmpty(worker: BullmqTaskConsumer): Promise<void> {
  // Where something of any class may wait, no slot is kept for the lowest.
  await eventually(() => expect(worker.mayKeepSlot('low', Infinity)).toBe(true));
}

/** What a queue must do, whatever it is kept in. `wipe` loses everything it holds. */
function keepsItsContract(url: () => string, wipe: (prefix: string) => Promise<void>): void {
  let installation: Installation;
  let proxies: CuttableProxy[];

  beforeEach(() => {
    installation = new Installation();
    proxies = [];
  });
  afterEach(async () => {
    await installation.close();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  const proxied = async () => {
    const proxy = await cuttableProxy(url());
    proxies.push(proxy);
    return proxy;
  };

  it('delivers a message once and keeps nothing of it', async () => {
    const { queue, consumer } = installation.process(url());
    const recorder = new Recorder();
    const worker = consumer();
    await worker.start(recorder.handler);
    await queue.enqueue([message('a')]);
    worker.nudge(['normal']);
    await eventually(() => expect(recorder.delivered).toEqual(['a']));
    await eventually(async () => expect((await queue.counts()).normal).toEqual({ waiting: 0, active: 0 }));
    worker.nudge();
    await worker.stopFetching();
    expect(recorder.delivered).toEqual(['a']);
    expect(worker.busy).toBe(0);
  });

  it('carries a message from one process to another', async () => {
    const api = installation.process(url());
    const worker = installation.process(url()).consumer();
    const recorder = new Recorder();
    await worker.start(recorder.handler);
    await api.queue.enqueue(messages(25, 'high'));
    worker.nudge(['high']);
    await eventually(() => expect(recorder.delivered).toHaveLength(25));
  });

  it('drops a message whose id waits already', async () => {
    const { queue, consumer } = installation.process(url());
    await queue.enqueue([message('a'), message('b')]);
    await queue.enqueue([message('a')]);
    await queue.enqueue([message('b'), message('a'), message('c')]);
    expect((await queue.counts()).normal.waiting).toBe(3);
    const recorder = new Recorder();
    await consumer().start(recorder.handler);
    await eventually(() => expect(recorder.delivered).toEqual(['a', 'b', 'c']));
  });

  it('delivers in the order of enqueueing within a class, and higher classes first', async () => {
    const { queue, consumer } = installation.process(url());
    const backlog = [...PRIORITIES].reverse().flatMap((priority) => messages(3, priority));
    await queue.enqueue(backlog);
    const recorder = new Recorder();
    await consumer({ slots: 1 }).start(recorder.handler);
    const expected = PRIORITIES.flatMap((priority) => messages(3, priority)).map(
      ({ attemptId }) => attemptId,
    );
    await eventually(() => expect(recorder.delivered).toEqual(expected));
  });

  it('lets a lower class through while a higher one never runs empty', async () => {
    const { queue, consumer } = installation.process(url());
    await queue.enqueue([...messages(60, 'critical'), message('patient', 'low')]);
    const recorder = new Recorder();
    await consumer({ slots: 1 }).start(recorder.handler);
    await eventually(() => expect(recorder.delivered).toHaveLength(61));
    expect(recorder.delivered.indexOf('patient')).toBeLessThan(16);
  });

  it('never runs more attempts than it has slots, over all classes together', async () => {
    const { queue, consumer } = installation.process(url());
    await queue.enqueue(PRIORITIES.flatMap((priority) => messages(8, priority)));
    const holder = new Holder(true);
    const worker = consumer({ slots: 3 });
    await worker.start(holder.handler);
    for (let delivered = 3; delivered <= 32; delivered++) {
      await eventually(() => expect(holder.delivered).toHaveLength(delivered));
      expect(worker.busy).toBe(3);
      const [one] = holder.running;
      holder.end(one);
    }
    holder.endAll();
    await eventually(() => expect(worker.busy).toBe(0));
    expect(holder.most).toBe(3);
  });

  it('counts a message that is fetched but not decided upon as a slot in use', async () => {
    const { queue, consumer } = installation.process(url());
    await queue.enqueue(messages(5));
    const holder = new Holder(false);
    await consumer({ slots: 2 }).start(holder.handler);
    await eventually(() => expect(holder.running.size).toBe(2));
    expect((await queue.counts()).normal).toEqual({ waiting: 3, active: 2 });
    holder.endAll();
  });

  it('runs at once, in a free slot, what was never in a queue', async () => {
    const { queue, consumer } = installation.process(url());
    const holder = new Holder(true);
    const worker = consumer({ slots: 2 });
    expect(worker.takeAtOnce(message('a'))).toBe(false);
    await worker.start(holder.handler);
    // Not before every class was found empty: what waits goes first.
    await eventually(() => expect(worker.takeAtOnce(message('b'))).toBe(true));
    await eventually(() => expect(worker.takeAtOnce(message('c', 'low'))).toBe(true));
    expect(worker.takeAtOnce(message('d', 'critical'))).toBe(false);
    expect(holder.delivered).toEqual(['b', 'c']);
    await queue.enqueue([message('d', 'critical')]);
    worker.nudge(['critical']);
    holder.end('b');
    await eventually(() => expect(holder.delivered).toEqual(['b', 'c', 'd']));
    expect(await queue.counts()).toMatchObject({ normal: { waiting: 0 }, low: { waiting: 0 } });
    holder.endAll();
    await eventually(() => expect(worker.busy).toBe(0));
    await worker.stopFetching();
    expect(worker.takeAtOnce(message('e'))).toBe(false);
  });

  it('fetches for a slot that was released, and runs the message beside what is left to do for the last', async () => {
    const { queue, consumer } = installation.process(url());
    const holder = new Holder(true);
    const worker = consumer({ slots: 1 });
    await worker.start(holder.handler);
    await queue.enqueue(messages(4));
    worker.nudge(['normal']);
    await eventually(() => expect(holder.delivered).toEqual(['normal.0']));
    holder.release('normal.0');
    await eventually(() => expect([...holder.running]).toEqual(['normal.0', 'normal.1']));
    expect(worker.busy).toBe(1);
    // As many go on without a slot as there are slots: the second keeps its own.
    holder.release('normal.1');
    expect(worker.busy).toBe(1);
    holder.end('normal.0');
    await eventually(() => expect(holder.running.size).toBe(1));
    holder.release('normal.1');
    await eventually(() => expect([...holder.running]).toEqual(['normal.1', 'normal.2']));
    await worker.stopFetching();
    holder.release('normal.2');
    holder.endAll();
    await eventually(() => expect(worker.busy).toBe(0));
    // What was decided is completed a moment later.
    await eventually(async () => expect((await queue.counts()).normal).toEqual({ waiting: 1, active: 0 }));
  });

  it('bears a handler that fails after it has released its slot', async () => {
    const { queue, consumer, log } = installation.process(url());
    const delivered: string[] = [];
    const worker = consumer({ slots: 1 });
    await worker.start(async (attemptId, decided, release) => {
      delivered.push(attemptId);
      decided();
      release();
      throw new Error(`${attemptId} cannot be written`);
    });
    await queue.enqueue(messages(3));
    worker.nudge(['normal']);
    await eventually(() => expect(delivered).toEqual(['normal.0', 'normal.1', 'normal.2']));
    await eventually(async () => expect((await queue.counts()).normal).toEqual({ waiting: 0, active: 0 }));
    expect(worker.busy).toBe(0);
    expect(log.warnings).toHaveLength(3);
    expect(log.warnings[0]).toContain('normal.0 cannot be written');
  });

  it('shares a backlog among workers, each message once', async () => {
    const { queue } = installation.process(url());
    const recorders = [new Recorder(), new Recorder(), new Recorder()];
    const workers = recorders.map(() => installation.process(url()).consumer());
    await Promise.all(workers.map((worker, i) => worker.start(recorders[i].handler)));
    await queue.enqueue(messages(200));
    for (const worker of workers) worker.nudge(['normal']);
    await eventually(() => {
      const all = recorders.flatMap(({ delivered }) => delivered);
      expect(new Set(all).size).toBe(200);
      expect(all).toHaveLength(200);
    });
  });

  it('hands over ids it has never seen the like of, as they are', async () => {
    const { queues, consumer } = installation.process(url());
    const ids = ['not an attempt', 'ä/ö?#%20', 'x'.repeat(200)];
    for (const jobId of ids) await queues.normal.add(MESSAGE_NAME, {}, { jobId });
    const recorder = new Recorder();
    await consumer().start(recorder.handler);
    await eventually(() => expect([...recorder.delivered].sort()).toEqual([...ids].sort()));
    await eventually(async () => expect(await queues.normal.getJobCounts()).toEqual(noMessages));
  });

  it('refuses ids that BullMQ could not keep', async () => {
    const { queue } = installation.process(url());
    for (const id of ['', '12', 'a:b']) await expect(queue.enqueue([message(id)])).rejects.toThrow(TypeError);
  });

  it('finds messages nobody told it about', async () => {
    const { queue, consumer } = installation.process(url());
    const recorder = new Recorder();
    await consumer({ pollMs: 100 }).start(recorder.handler);
    await queue.enqueue([message('a', 'low')]);
    await eventually(() => expect(recorder.delivered).toEqual(['a']));
  });

  it('gives a message that was not decided upon to the next one who asks', async () => {
    const { queue, consumer } = installation.process(url());
    await queue.enqueue([message('a')]);
    let tries = 0;
    await consumer().start(async (_attemptId, decided) => {
      if (++tries < 3) throw new Error('the database is away');
      decided();
    });
    await eventually(() => expect(tries).toBe(3));
    await eventually(async () => expect((await queue.counts()).normal).toEqual({ waiting: 0, active: 0 }));
  });

  it('delivers the messages of a worker that vanished to another', async () => {
    const proxy = await proxied();
    const lost = new Holder(false);
    const { queue } = installation.process(url());
    await queue.enqueue(messages(2));
    await installation.process(proxy.url).consumer(IMPATIENT).start(lost.handler);
    await eventually(() => expect(lost.running.size).toBe(2));
    await proxy.cut();
    const recorder = new Recorder();
    await installation.process(url()).consumer(IMPATIENT).start(recorder.handler);
    await eventually(() => expect([...recorder.delivered].sort()).toEqual(['normal.0', 'normal.1']));
    await proxy.mend();
    lost.endAll();
  });

  it('keeps a message to itself for as long as the decision takes', async () => {
    const { queue, consumer } = installation.process(url());
    const slow = new Holder(false);
    await queue.enqueue([message('slow')]);
    await consumer({ ...IMPATIENT, slots: 1 }).start(slow.handler);
    await eventually(() => expect(slow.running.size).toBe(1));
    // A younger message of a worker that vanishes: once it has come again, the slow one would have, too.
    const proxy = await proxied();
    const lost = new Holder(false);
    await queue.enqueue([message('lost')]);
    await installation.process(proxy.url).consumer(IMPATIENT).start(lost.handler);
    await eventually(() => expect(lost.running.size).toBe(1));
    await proxy.cut();
    const recorder = new Recorder();
    const other = installation.process(url()).consumer({ ...IMPATIENT, pollMs: 100 });
    await other.start(recorder.handler);
    await eventually(() => expect(recorder.delivered).toContain('lost'));
    await queue.enqueue([message('last')]);
    other.nudge();
    await eventually(() => expect(recorder.delivered).toContain('last'));
    expect(recorder.delivered).toEqual(['lost', 'last']);
    slow.endAll();
    await eventually(async () => expect((await queue.counts()).normal).toEqual({ waiting: 0, active: 0 }));
    await proxy.mend();
    lost.endAll();
  });

  it('puts back what it was fetching when it is told to stop', async () => {
    const { queue, consumer } = installation.process(url());
    const recorder = new Recorder();
    const worker = consumer();
    await worker.start(recorder.handler);
    await queue.enqueue([message('first')]);
    worker.nudge();
    await eventually(() => expect(recorder.delivered).toEqual(['first']));
    await foundAllEmpty(worker);
    await queue.enqueue(messages(3));
    worker.nudge(); // its fetches are under way when the next line runs
    await worker.stopFetching();
    expect(recorder.delivered).toEqual(['first']);
    await eventually(async () => expect((await queue.counts()).normal).toEqual({ waiting: 3, active: 0 }));
    worker.nudge();
    const other = new Recorder();
    await consumer().start(other.handler);
    await eventually(() => expect([...other.delivered].sort()).toEqual(['normal.0', 'normal.1', 'normal.2']));
    expect(recorder.delivered).toEqual(['first']);
  });

  it('works on after everything in it was lost', async () => {
    const { queue, consumer } = installation.process(url());
    const holder = new Holder(false);
    const worker = consumer();
    await worker.start(holder.handler);
    await queue.enqueue([message('held'), message('waiting')]);
    worker.nudge();
    await eventually(() => expect(holder.running.size).toBe(2));
    await wipe(installation.prefix);
    holder.endAll(); // completes what is not there any more
    await eventually(() => expect(worker.busy).toBe(0));
    await queue.enqueue([message('held'), message('new')]);
    worker.nudge();
    await eventually(() => expect(holder.delivered.slice(2).sort()).toEqual(['held', 'new']));
    holder.endAll();
  });

  it('says how many messages wait and for how long the oldest does', async () => {
    const { queue, queues } = installation.process(url());
    await queues.high.add(MESSAGE_NAME, {}, { jobId: 'old', timestamp: Date.now() - 60_000 });
    await queue.enqueue([message('young', 'high'), message('only', 'low')]);
    const stats = await queue.stats();
    expect(stats.critical).toEqual({ waiting: 0, active: 0, oldest_age_seconds: null });
    expect(stats.high).toMatchObject({ waiting: 2, active: 0 });
    expect(stats.high.oldest_age_seconds).toBeGreaterThan(59);
    expect(stats.high.oldest_age_seconds).toBeLessThan(75);
    expect(stats.low.oldest_age_seconds).toBeLessThan(15);
  });

  it('takes large batches', async () => {
    const { queue } = installation.process(url());
    await queue.enqueue(messages(2_345));
    expect((await queue.counts()).normal.waiting).toBe(2_345);
  });

  it('refuses quickly while its backend is away and works on when it is back', async () => {
    const proxy = await proxied();
    const { queue, consumer, log } = installation.process(proxy.url);
    const recorder = new Recorder();
    const worker = consumer();
    await worker.start(recorder.handler);
    await queue.enqueue([message('before')]);
    worker.nudge();
    await eventually(() => expect(recorder.delivered).toEqual(['before']));
    expect(log.warnings).toEqual([]);

    await proxy.cut();
    const began = Date.now();
    await expect(queue.enqueue([message('during')])).rejects.toThrow(QueueUnavailableError);
    await expect(queue.enqueue(messages(2))).rejects.toThrow(QueueUnavailableError);
    await expect(queue.ping()).rejects.toThrow(QueueUnavailableError);
    await expect(queue.stats()).rejects.toThrow(QueueUnavailableError);
    expect(Date.now() - began).toBeLessThan(4 * 2_000);
    worker.nudge();
    const tries = new Set<number | null>();
    await eventually(() => expect(tries.add(worker.lastProgressAt).size).toBeGreaterThan(5));
    const fetching = log.warnings.filter((warning) => warning.startsWith('Fetching'));
    expect(fetching).toHaveLength(1);
    expect(log.warnings.length).toBeLessThanOrEqual(2);

    await proxy.mend();
    await eventually(() => queue.enqueue([message('after')]));
    worker.nudge();
    await eventually(() => expect(recorder.delivered).toContain('after'));
    await eventually(() => expect(log.notes.some((note) => note.startsWith('Fetching'))).toBe(true));
  });

  it('refuses in time while its backend does not answer, and works on when it does', async () => {
    const proxy = await proxied();
    const { queue, consumer } = installation.process(proxy.url);
    const recorder = new Recorder();
    const worker = consumer({ pollMs: 200 });
    await worker.start(recorder.handler);
    await queue.ping();
    proxy.freeze();
    for (let tries = 0; tries < 2; tries++) {
      const began = Date.now();
      await expect(queue.enqueue([message('during')])).rejects.toThrow(QueueUnavailableError);
      // It promises less than two seconds; a wait for the next command, or without an end, would take longer than this.
      expect(Date.now() - began).toBeLessThan(3_000);
    }
    await proxy.mend();
    await eventually(() => queue.enqueue([message('after')]));
    await eventually(() => expect(recorder.delivered).toContain('after'));
  });

  it('delivers what was enqueued while a worker was cut off, without being told', async () => {
    const proxy = await proxied();
    const recorder = new Recorder();
    const worker = installation.process(proxy.url).consumer();
    await worker.start(recorder.handler);
    const api = installation.process(url());
    await api.queue.ping();
    await proxy.cut();
    worker.nudge(); // fails, and is remembered
    await api.queue.enqueue([message('a')]);
    await proxy.mend();
    await eventually(() => expect(recorder.delivered).toEqual(['a']));
  });

  it('may be started before its backend', async () => {
    const proxy = await proxied();
    await proxy.cut();
    const { queue, consumer } = installation.process(proxy.url);
    const recorder = new Recorder();
    await consumer({ pollMs: 200 }).start(recorder.handler);
    const began = Date.now();
    await expect(queue.enqueue([message('early')])).rejects.toThrow(QueueUnavailableError);
    expect(Date.now() - began).toBeLessThan(2_000);
    await proxy.mend();
    await eventually(() => queue.enqueue([message('a')]));
    await eventually(() => expect(recorder.delivered).toContain('a'));
  });

  it('may be stopped while its backend is away', async () => {
    const proxy = await proxied();
    const { consumer } = installation.process(proxy.url);
    const worker = consumer();
    await worker.start(new Recorder().handler);
    await proxy.cut();
    worker.nudge();
    const began = Date.now();
    await worker.close();
    expect(Date.now() - began).toBeLessThan(6_000);
  });

  it('makes progress as long as it turns', async () => {
    const { consumer } = installation.process(url());
    const worker = consumer({ pollMs: 50 });
    await worker.start(new Recorder().handler);
    const before = worker.lastProgressAt!;
    await eventually(() => expect(worker.lastProgressAt).toBeGreaterThan(before + 100));
  });

  it('goes on with what is in hand when it is renewed, and fetches as before', async () => {
    const { queue, consumer } = installation.process(url());
    const holder = new Holder(false);
    const worker = consumer({ ...IMPATIENT, slots: 4 });
    worker.renew(); // nothing yet
    await worker.start(holder.handler);
    await queue.enqueue(messages(2));
    worker.nudge();
    await eventually(() => expect(holder.running.size).toBe(2));
    worker.renew();
    worker.renew();
    await queue.enqueue([message('after')]);
    worker.nudge();
    await eventually(() => expect(holder.running.size).toBe(3));
    // A message of a worker that vanishes comes again: then those in hand would have, too, were they not kept locked.
    const proxy = await proxied();
    const lost = new Holder(false);
    await queue.enqueue([message('lost')]);
    await installation
      .process(proxy.url)
      .consumer({ ...IMPATIENT, slots: 1 })
      .start(lost.handler);
    await eventually(() => expect(lost.running.size).toBe(1));
    await proxy.cut();
    await eventually(() => expect(holder.delivered).toContain('lost'));
    expect([...holder.delivered].sort()).toEqual(['after', 'lost', 'normal.0', 'normal.1']);
    await proxy.mend();
    lost.endAll();
    holder.endAll();
    await eventually(() => expect(worker.busy).toBe(0));
    await eventually(async () => expect((await queue.counts()).normal).toEqual({ waiting: 0, active: 0 }));
    await worker.stopFetching();
    worker.renew(); // not any more
  });

  it('says since when it has been idle, while a slot is free', async () => {
    const { queue, consumer } = installation.process(url());
    const holder = new Holder(true);
    const worker = consumer({ slots: 2 });
    expect(worker.idleSince).toBeNull();
    await worker.start(holder.handler);
    const started = worker.idleSince!;
    await foundAllEmpty(worker);
    await queue.enqueue(messages(2));
    expect(worker.idleSince).toBe(started);
    worker.nudge();
    await eventually(() => expect(worker.idleSince).toBeNull());
    holder.end('normal.0');
    await eventually(() => expect(worker.idleSince).toBeGreaterThan(started));
    holder.endAll();
    await worker.stopFetching();
    expect(worker.idleSince).toBeNull();
  });

  it('knows whether a worker that asked would get something', async () => {
    const { queue, queues } = installation.process(url());
    expect(await queue.hasWaiting()).toBe(false);
    await queue.enqueue([message('a', 'low')]);
    expect(await queue.hasWaiting()).toBe(true);
    await queues.low.pause();
    expect(await queue.hasWaiting()).toBe(false);
    await queue.enqueue([message('b', 'high')]);
    expect(await queue.hasWaiting()).toBe(true);
    await queues.low.resume();
  });

  it('need not make progress before it is started, nor once it was told to stop', async () => {
    const { consumer } = installation.process(url());
    const worker = consumer();
    expect(worker.lastProgressAt).toBeNull();
    const startedAt = performance.now();
    await worker.start(new Recorder().handler);
    expect(worker.lastProgressAt).toBeGreaterThanOrEqual(startedAt);
    const stopped = worker.stopFetching();
    expect(worker.lastProgressAt).toBeNull();
    await stopped;
  });
}

const noMessages = {
  active: 0,
  completed: 0,
  delayed: 0,
  failed: 0,
  prioritized: 0,
  waiting: 0,
  'waiting-children': 0,
};

describeWithRedis('The queue on Redis', (url) => {
  const withRedis = async <T>(use: (redis: Redis) => Promise<T>): Promise<T> => {
    const redis = new Redis(url);
    try {
      return await use(redis);
    } finally {
      redis.disconnect();
    }
  };

  keepsItsContract(
    () => url,
    (prefix) =>
      withRedis(async (redis) => {
        const keys = await redis.keys(`bull:${prefix}-*`);
        expect(keys.length).toBeGreaterThan(0);
        await redis.del(keys);
      }),
  );

  it('warns of an eviction policy that may lose messages', async () => {
    await withRedis(async (redis) => {
      const installation = new Installation();
      await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
      try {
        const { queue, log } = installation.process(url);
        await queue.ping();
        await eventually(() => expect(log.warnings).toEqual([expect.stringContaining('noeviction')]));
      } finally {
        await redis.config('SET', 'maxmemory-policy', 'noeviction');
        await installation.close();
      }
    });
  });

  it('comes to life even if BullMQ had no answer to its first question', async () => {
    const proxy = await cuttableProxy(url);
    const log = new LogBook();
    const reports = { log, outage: new OutageLog(log, 'Redis'), evictionPolicy: () => undefined };
    const redis = new QueueRedis(proxy.url, reports);
    await eventually(() => expect(redis.status).toBe('ready'));
    await proxy.cut();
    const answer = redis.info();
    await proxy.mend();
    expect(await answer).toMatch(/^redis_version:/m);
    await redis.leave();
    await proxy.close();
  });

  it('opens two connections, however many classes there are', async () => {
    // Counted on the way: the server has those of other suites as well.
    const proxy = await cuttableProxy(url);
    const installation = new Installation();
    const { queue, consumer } = installation.process(proxy.url);
    await consumer().start(new Recorder().handler);
    await queue.ping();
    await eventually(() => expect(proxy.connections()).toBe(2));
    await eventually(async () => expect((await queue.counts()).normal.waiting).toBe(0));
    expect(proxy.connections()).toBe(2);
    await installation.close();
    await eventually(() => expect(proxy.connections()).toBe(0));
    await proxy.close();
  });
});

describe('The queue on PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  const withDatabase = async <T>(use: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return await use(client);
    } finally {
      await client.end();
    }
  };

  keepsItsContract(
    () => database.url,
    () =>
      withDatabase((client) =>
        client.query('TRUNCATE bullmq.job, bullmq.meta CASCADE').then(() => undefined),
      ),
  );

  it('makes its tables when several processes start at once', async () => {
    const empty = await createEmptyDatabase();
    const installation = new Installation();
    try {
      const processes = Array.from({ length: 5 }, () => installation.process(empty.url));
      await Promise.all(processes.map(({ queue }) => eventually(() => queue.enqueue([message('same')]))));
      expect((await processes[0].queue.counts()).normal.waiting).toBe(1);
    } finally {
      await installation.close();
      await empty.drop();
    }
  });

  it('stays within its few connections', async () => {
    const installation = new Installation();
    try {
      const { queue, consumer } = installation.process(database.url);
      await queue.enqueue(messages(300));
      const recorder = new Recorder();
      await consumer({ slots: 100 }).start(recorder.handler);
      await eventually(() => expect(recorder.delivered).toHaveLength(300));
      const { rows } = await withDatabase((client) =>
        client.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'queue'`,
        ),
      );
      expect(rows[0].count).toBeLessThanOrEqual(4);
    } finally {
      await installation.close();
    }
  });

  it('names its queues after the installation', () => {
    expect(queueName('a', 'low')).not.toBe(queueName('b', 'low'));
  });
});
