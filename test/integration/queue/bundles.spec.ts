import { describe, expect, it, jest } from '@jest/globals';
import { BUNDLE_SIZE } from '../../../src/queue/bundles.js';
import { BUNDLE_NAME } from '../../../src/queue/queue-names.js';
import type { Message } from '../../../src/queue/task-queue.js';
import { createEmptyDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { describeWithRedis } from '../../support/redis.js';
import { type CuttableProxy, cuttableProxy } from './cuttable-proxy.js';
import { Holder, Installation, Recorder } from './installation.js';

jest.setTimeout(60_000);

/** As in the contract of single messages: long enough for a machine that stands still now and then. */
const IMPATIENT = { lockMs: 2_700, stalledIntervalMs: 300 };

const NOTHING = { waiting: 0, active: 0 };

const messages = (count: number): Message[] =>
  Array.from({ length: count }, (_, index) => ({ attemptId: `a.${index}`, priority: 'normal' }));
const idsOf = (count: number): string[] => messages(count).map(({ attemptId }) => attemptId);

/** What a queue must do with bundles, whatever it is kept in. */
function keepsItsContract(url: () => string): void {
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

  async function isEmpty(): Promise<void> {
    const { queue, queues, bundles } = installation.process(url());
    await eventually(async () => expect((await queue.counts()).normal).toEqual(NOTHING));
    for (const one of [queues.normal, bundles.normal])
      expect(await one.getJobCounts('waiting', 'active', 'completed', 'failed')).toEqual({
        ...NOTHING,
        completed: 0,
        failed: 0,
      });
  }

  it('counts the attempts of bundles, delivers each once, and keeps nothing', async () => {
    const { queue, bundles, consumer } = installation.process(url());
    await queue.enqueueInBundles(messages(20));
    expect(await bundles.normal.getWaitingCount()).toBe(2);
    expect((await queue.counts()).normal).toEqual({ waiting: 20, active: 0 });
    expect(await queue.hasWaiting()).toBe(true);
    expect((await queue.stats()).normal.oldest_age_seconds).toBeGreaterThanOrEqual(0);
    const recorder = new Recorder();
    await consumer().start(recorder.handler);
    await eventually(() => expect(recorder.delivered).toHaveLength(20));
    expect([...recorder.delivered].sort()).toEqual(idsOf(20).sort());
    await isEmpty();
  });

  it('drops a bundle that waits already', async () => {
    const { queue } = installation.process(url());
    await queue.enqueueInBundles(messages(16));
    await queue.enqueueInBundles(messages(16));
    expect((await queue.counts()).normal.waiting).toBe(16);
  });

  it('names the attempts that are in bundles, waiting or in hand', async () => {
    const { queue, consumer } = installation.process(url());
    await queue.enqueueInBundles(messages(20));
    const holder = new Holder(false);
    const worker = consumer({ slots: 9 });
    await worker.start(holder.handler);
    await eventually(() => expect(holder.running.size).toBe(9));
    let steps = 0;
    const bundled = await queue.bundled(() => void (steps += 1));
    expect([...bundled].sort()).toEqual(idsOf(16).sort());
    expect(steps).toBeGreaterThan(0);
    holder.endAll();
    await worker.stopFetching();
  });

  it('never runs more attempts than it has slots, and gives what it has no slot for to others', async () => {
    const { queue, consumer } = installation.process(url());
    await queue.enqueueInBundles(messages(32));
    const [small, other] = [new Holder(true), new Holder(true)];
    const returned: string[] = [];
    await consumer({ slots: 3 }).start(small.handler, (priority) => returned.push(priority));
    await eventually(() => expect(small.running.size).toBe(3));
    const second = consumer({ slots: 40 });
    await second.start(other.handler);
    // What went back waits for whoever looks next.
    await eventually(() => {
      second.nudge();
      expect(other.running.size).toBe(29);
    });
    expect([small.most, small.delivered.length]).toEqual([3, 3]);
    expect(returned).toContain('normal');
    expect([...small.delivered, ...other.delivered].sort()).toEqual(idsOf(32).sort());
    small.endAll();
    other.endAll();
    await isEmpty();
  });

  it('delivers what a worker that died had of a bundle, and did not decide, to another', async () => {
    const proxy = await cuttableProxy(url());
    proxies.push(proxy);
    const dying = installation.process(proxy.url);
    const { queue } = installation.process(url());
    await queue.enqueueInBundles(messages(BUNDLE_SIZE));
    const lost = new Holder(false);
    await dying.consumer({ ...IMPATIENT, slots: BUNDLE_SIZE }).start(lost.handler);
    await eventually(() => expect(lost.running.size).toBe(BUNDLE_SIZE));
    await proxy.cut();
    lost.endAll();
    const recorder = new Recorder();
    await installation.process(url()).consumer(IMPATIENT).start(recorder.handler);
    // An attempt that had been put back is in the bundle, and has a message of its own.
    await eventually(() => expect(new Set(recorder.delivered)).toEqual(new Set(idsOf(BUNDLE_SIZE))), {
      timeoutMs: 20_000,
    });
    await isEmpty();
    await proxy.mend();
  });

  it('delivers an attempt again whose handler failed, and its neighbours not', async () => {
    const { queue, consumer } = installation.process(url());
    await queue.enqueueInBundles(messages(BUNDLE_SIZE));
    const delivered: string[] = [];
    await consumer({ ...IMPATIENT, pollMs: 200 }).start(async (attemptId, decided) => {
      delivered.push(attemptId);
      if (attemptId === 'a.3' && delivered.filter((id) => id === attemptId).length === 1)
        throw new Error('the database is away');
      decided();
    });
    await eventually(() => expect(delivered).toHaveLength(BUNDLE_SIZE + 1));
    await isEmpty();
    expect([...delivered].sort()).toEqual([...idsOf(BUNDLE_SIZE), 'a.3'].sort());
  });

  it('loses nothing when the queue is out of reach as a part is put back', async () => {
    const proxy = await cuttableProxy(url());
    proxies.push(proxy);
    const { queue } = installation.process(url());
    const cut = installation.process(proxy.url);
    // It fetches, and then can give nothing back.
    const enqueueFirst = cut.queue.enqueueFirst.bind(cut.queue);
    let fails = 0;
    cut.queue.enqueueFirst = async (some) => {
      if (fails++ === 0) throw new Error('out of reach');
      await enqueueFirst(some);
    };
    await queue.enqueueInBundles(messages(BUNDLE_SIZE));
    const holder = new Holder(true);
    await cut.consumer({ ...IMPATIENT, slots: 3 }).start(holder.handler);
    await eventually(() => expect(holder.running.size).toBe(3));
    const recorder = new Recorder();
    const other = installation.process(url()).consumer({ ...IMPATIENT, pollMs: 200 });
    await other.start(recorder.handler);
    // The bundle comes again whole; who has decided on an attempt refuses it, which is not the queue's business.
    await eventually(() => expect(new Set(recorder.delivered)).toEqual(new Set(idsOf(BUNDLE_SIZE))), {
      timeoutMs: 20_000,
    });
    holder.endAll();
    await isEmpty();
  });

  it('has put everything back when fetching has stopped', async () => {
    const { queue, consumer } = installation.process(url());
    await queue.enqueueInBundles(messages(24));
    const holder = new Holder(false);
    const worker = consumer({ slots: 5 });
    await worker.start(holder.handler);
    await eventually(() => expect(holder.running.size).toBe(5));
    await worker.stopFetching();
    const recorder = new Recorder();
    await consumer().start(recorder.handler);
    await eventually(() => expect(recorder.delivered.length + holder.delivered.length).toBe(24));
    expect([...recorder.delivered, ...holder.delivered].sort()).toEqual(idsOf(24).sort());
    holder.endAll();
    await isEmpty();
  });

  it('drops what is no bundle, and delivers what is behind it', async () => {
    const { queue, bundles, consumer, log } = installation.process(url());
    const nonsense = [{}, { attempts: 'all' }, { attempts: [1, 2] }];
    for (const [index, data] of nonsense.entries())
      await bundles.normal.add(BUNDLE_NAME, data as never, { jobId: `nonsense-${index}` });
    await queue.enqueueInBundles(messages(BUNDLE_SIZE));
    const recorder = new Recorder();
    await consumer().start(recorder.handler);
    await eventually(() => expect(recorder.delivered).toHaveLength(BUNDLE_SIZE));
    expect(log.warnings.filter((line) => line.includes('no bundle'))).toHaveLength(nonsense.length);
    await isEmpty();
  });

  it('completes a bundle that was in hand when the consumer was renewed', async () => {
    const { queue, consumer } = installation.process(url());
    await queue.enqueueInBundles(messages(BUNDLE_SIZE));
    const holder = new Holder(false);
    const worker = consumer({ ...IMPATIENT });
    await worker.start(holder.handler);
    await eventually(() => expect(holder.running.size).toBe(BUNDLE_SIZE));
    worker.renew();
    holder.endAll();
    await isEmpty();
    expect(holder.delivered).toHaveLength(BUNDLE_SIZE);
  });

  it('delivers what was put first, and then the rest', async () => {
    const { queue, consumer } = installation.process(url());
    const [one, two, ...others] = messages(5);
    await queue.enqueue(others);
    await queue.enqueueFirst([one, two]);
    const recorder = new Recorder();
    await consumer({ slots: 1 }).start(recorder.handler);
    await eventually(() => expect(recorder.delivered).toHaveLength(5));
    // Where the backend knows no such place, they come last.
    if (url().startsWith('redis')) expect(recorder.delivered).toEqual(idsOf(5));
    else expect([...recorder.delivered].sort()).toEqual(idsOf(5));
  });
}

describeWithRedis('Bundles on Redis', (redisUrl) => keepsItsContract(() => redisUrl));

describe('Bundles on PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  keepsItsContract(() => database.url);
});
