import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { BullmqTaskQueue } from '../../../src/queue/bullmq-task-queue.js';
import type { QueueLoss } from '../../../src/queue/queue-memory.js';
import { eventually } from '../../support/eventually.js';
import { describeWithRedis, startOwnRedis } from '../../support/redis.js';
import { findRedisProgram } from '../../support/redis-server.mjs';
import { Installation } from './installation.js';

describeWithRedis('Whether Redis still holds its messages', (url) => {
  let installation: Installation;
  let direct: Redis;
  let key: string;

  beforeEach(() => {
    installation = new Installation();
    direct = new Redis(url);
    key = `${installation.prefix}:memory`;
  });
  afterEach(async () => {
    await direct.del(key);
    direct.disconnect();
    await installation.close();
  });

  function queueOfAProcess(serverUrl = url): BullmqTaskQueue {
    const { queues, bundles, backend } = installation.process(serverUrl);
    return new BullmqTaskQueue(queues, bundles, backend, backend.memoryOf(installation.prefix));
  }

  async function claim(queue: BullmqTaskQueue): Promise<QueueLoss> {
    const loss = await queue.claimLoss();
    if (loss === null || loss === 'claimed') throw new Error(`expected a loss, got ${loss}`);
    return loss;
  }

  async function repaired(queue: BullmqTaskQueue): Promise<BullmqTaskQueue> {
    await (await claim(queue)).repaired();
    expect(await queue.claimLoss()).toBeNull();
    return queue;
  }

  it('is a loss at first, and when its key is gone, for one process at a time', async () => {
    const [one, other] = [queueOfAProcess(), queueOfAProcess()];
    await repaired(one);
    expect(await other.claimLoss()).toBeNull();
    await direct.del(key);
    const answers = await Promise.all([one.claimLoss(), other.claimLoss(), one.claimLoss()]);
    expect(answers.filter((answer) => answer === 'claimed')).toHaveLength(2);
    for (const answer of answers) if (answer !== null && answer !== 'claimed') await answer.repaired();
    expect(await one.claimLoss()).toBeNull();
    expect(await other.claimLoss()).toBeNull();
  });

  it('is another loss when it is emptied while one is being made up for', async () => {
    const one = await repaired(queueOfAProcess());
    await direct.del(key);
    const loss = await claim(one);
    await direct.del(key);
    await loss.repaired();
    await claim(one);
  });

  it('goes to the next when who claimed it gives up, or says nothing for some seconds', async () => {
    const [one, other] = [queueOfAProcess(), queueOfAProcess()];
    await (await claim(one)).giveUp();
    const loss = await claim(other);
    expect(await one.claimLoss()).toBe('claimed');
    await loss.renew();
    await eventually(async () => expect(await direct.pttl(key)).toBeLessThan(1_500));
    await loss.renew();
    expect(await direct.pttl(key)).toBeGreaterThan(1_500);
    // It dies here, and what it held runs out.
    await eventually(async () => await claim(one));
  });

  it('is a loss when the server is another one, once', async () => {
    await repaired(queueOfAProcess());
    await direct.set(key, 'the run_id of a server that is gone');
    const next = queueOfAProcess();
    await repaired(next);
    expect(await queueOfAProcess().claimLoss()).toBeNull();
  });

  it('does not depend on which of several servers behind one address a connection meets', async () => {
    const one = await repaired(queueOfAProcess());
    await direct.set(key, 'the run_id of its twin');
    expect(await one.claimLoss()).toBeNull();
    expect(await direct.get(key)).toBe('the run_id of its twin');
  });

  it('is a loss when somebody reports one', async () => {
    const [one, other] = [await repaired(queueOfAProcess()), queueOfAProcess()];
    expect(await other.reportLoss()).toBe(true);
    await claim(one);
  });

  // On a server of its own: the other one serves suites that are under way.
  const itWithOwnRedis = findRedisProgram() === null ? it.skip : it;
  itWithOwnRedis('outlives SCRIPT FLUSH and cut connections, which lose nothing', async () => {
    const own = (await startOwnRedis())!;
    const toOwn = new Redis(own.url);
    try {
      const one = await repaired(queueOfAProcess(own.url));
      await toOwn.script('FLUSH');
      expect(await one.claimLoss()).toBeNull();
      await toOwn.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      // Asked again by a connection that knows nothing yet.
      await eventually(async () => expect(await one.claimLoss()).toBeNull());
    } finally {
      await installation.close();
      toOwn.disconnect();
      await own.stop();
    }
  });
});
