import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Priority } from '../../../src/domain/priority.js';
import { BUNDLE_SIZE } from '../../../src/queue/bundles.js';
import { SlotAllocator } from '../../../src/queue/slot-allocator.js';

/** A queue in memory that answers at once, and runs that release their slots and end when the test says so. */
class Installation {
  readonly waiting: Record<Priority, string[]> = { critical: [], high: [], normal: [], low: [] };
  /** Runs that have begun and not ended, in that order. */
  readonly running: string[] = [];
  readonly failures: unknown[] = [];
  private readonly runs = new Map<string, { release(): void; end(): void; fail(error: Error): void }>();
  readonly allocator: SlotAllocator<string>;

  constructor(slots: number) {
    this.allocator = new SlotAllocator<string>({
      slots,
      fetch: async (priority) => this.waiting[priority].shift() ?? null,
      run: async (message, _priority, release) => {
        this.running.push(message);
        await new Promise<void>((end, fail) => this.runs.set(message, { release, end, fail })).finally(() =>
          this.running.splice(this.running.indexOf(message), 1),
        );
      },
      putBack: async () => undefined,
      runFailed: (error) => this.failures.push(error),
    });
    this.allocator.start();
  }

  async enqueue(priority: Priority, ...messages: string[]): Promise<void> {
    this.waiting[priority].push(...messages);
    this.allocator.nudge([priority]);
    await settled();
  }

  async release(message: string): Promise<void> {
    this.runs.get(message)?.release();
    await settled();
  }

  async end(message: string): Promise<void> {
    this.runs.get(message)?.end();
    await settled();
  }

  async fail(message: string, error: Error): Promise<void> {
    this.runs.get(message)?.fail(error);
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

let one: Installation;
beforeEach(async () => {
  one = new Installation(1);
  await settled();
});

describe('A run that releases its slot', () => {
  it('has the next message fetched at once, and run beside what is left to do', async () => {
    await one.enqueue('normal', 'a', 'b', 'c');
    expect(one.running).toEqual(['a']);
    await one.release('a');
    expect(one.running).toEqual(['a', 'b']);
    expect(one.waiting.normal).toEqual(['c']);
    expect(one.allocator.busy).toBe(1);
    await one.end('a');
    expect(one.running).toEqual(['b']);
    expect(one.waiting.normal).toEqual(['c']);
    await one.end('b');
    expect(one.running).toEqual(['c']);
  });

  it('leaves its slot free where nothing may be waiting, also for a message that is in no queue', async () => {
    await one.enqueue('normal', 'a');
    await one.release('a');
    expect([one.allocator.busy, one.allocator.fetchesUnderWay]).toEqual([0, 0]);
    expect(one.allocator.idleSince).not.toBeNull();
    expect(one.allocator.take('x', 'normal')).toBe(true);
    expect(one.allocator.take('y', 'normal')).toBe(false);
    expect(one.running).toEqual(['a', 'x']);
  });

  it('keeps it until it ends where as many runs as there are slots go on without one', async () => {
    const two = new Installation(2);
    await settled();
    await two.enqueue('normal', 'a', 'b', 'c', 'd', 'e', 'f');
    await two.release('a');
    await two.release('b');
    expect(two.running).toEqual(['a', 'b', 'c', 'd']);
    await two.release('c');
    expect(two.running).toEqual(['a', 'b', 'c', 'd']);
    // One of those without a slot has ended, and left nothing to the queue but the right to release one.
    await two.end('a');
    expect(two.running).toEqual(['b', 'c', 'd']);
    await two.release('c');
    expect(two.running).toEqual(['b', 'c', 'd', 'e']);
    // What could not release its slot frees it by its end.
    await two.release('d');
    expect(two.allocator.busy).toBe(2);
    await two.end('d');
    expect(two.running).toEqual(['b', 'c', 'e', 'f']);
  });

  it('releases it once, and not after its end', async () => {
    const two = new Installation(2);
    await settled();
    await two.enqueue('normal', 'a', 'b', 'c', 'd', 'e', 'f');
    await two.release('a');
    await two.release('a');
    expect(two.running).toEqual(['a', 'b', 'c']);
    await two.end('b');
    await two.release('b');
    await two.end('a');
    await two.release('a');
    expect(two.running).toEqual(['c', 'd']);
    expect(two.allocator.busy).toBe(2);
  });

  it('may fail after that: nothing is fetched for a while, and no slot is lost or won', async () => {
    jest.useFakeTimers();
    try {
      await one.enqueue('normal', 'a', 'b', 'c', 'd');
      await one.release('a');
      await one.fail('a', new Error('too late'));
      expect(one.failures).toEqual([new Error('too late')]);
      expect(one.running).toEqual(['b']);
      await one.end('b');
      expect(one.running).toEqual([]);
      await jest.advanceTimersByTimeAsync(50);
      expect(one.running).toEqual(['c']);
      // The right to release a slot is back as well.
      await one.release('c');
      expect(one.running).toEqual(['c', 'd']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('fetches no more when the allocator has stopped', async () => {
    await one.enqueue('normal', 'a', 'b');
    await one.allocator.stop();
    await one.release('a');
    expect(one.allocator.busy).toBe(0);
    expect(one.running).toEqual(['a']);
    expect(one.waiting.normal).toEqual(['b']);
  });

  it('may do so before the others of its bundle have begun: each has its slot already', async () => {
    let bundles = 3;
    const held = { now: 0, most: 0 };
    const allocator = new SlotAllocator<string>({
      slots: BUNDLE_SIZE + 1,
      fetch: async () => null,
      fetchBundle: async (priority, atMost) => {
        held.now += atMost;
        held.most = Math.max(held.most, held.now);
        await Promise.resolve();
        const isThere = priority === 'normal' && bundles-- > 0;
        if (!isThere) held.now -= atMost;
        return isThere ? Array<string>(atMost).fill('m') : [];
      },
      run: async (_message, _priority, release) => {
        held.now -= 1;
        release();
        await new Promise(() => undefined);
      },
      putBack: async () => undefined,
    });
    allocator.start();
    await settled();
    expect(held.most).toBe(BUNDLE_SIZE + 1);
  });
});

describe('A message that is in no queue', () => {
  it('is run at once in a free slot, and as the only one in it', async () => {
    expect(one.allocator.take('x', 'normal')).toBe(true);
    expect(one.running).toEqual(['x']);
    expect(one.allocator.take('y', 'critical')).toBe(false);
    await one.enqueue('normal', 'a');
    expect(one.running).toEqual(['x']);
    await one.end('x');
    expect(one.running).toEqual(['a']);
  });

  it('is not run while one of its class or a higher one may wait, nor past a class that has waited long enough', () => {
    const allocator = new SlotAllocator<string>({
      slots: 2,
      fetch: async () => await new Promise(() => undefined),
      run: async () => undefined,
      putBack: async () => undefined,
    });
    allocator.start();
    expect(allocator.take('x', 'low')).toBe(false);
    expect(allocator.take('x', 'critical')).toBe(false);
  });

  it('counts as a fetch of its class, so that lower classes get their share', async () => {
    const fetched: Priority[] = [];
    const allocator = new SlotAllocator<string>({
      slots: 2,
      // The low class holds messages but does not answer; all others are empty.
      fetch: async (priority) => {
        fetched.push(priority);
        return priority === 'low' ? await new Promise<null>(() => undefined) : null;
      },
      run: async () => undefined,
      putBack: async () => undefined,
    });
    allocator.start();
    await settled();
    const taken: boolean[] = [];
    for (let i = 0; i < 20; i += 1) {
      taken.push(allocator.take(`m${i}`, 'normal'));
      await settled();
    }
    expect(taken[0]).toBe(true);
    expect(taken.indexOf(false)).toBeLessThanOrEqual(16);
    expect(taken.at(-1)).toBe(false);
  });

  it('is not run once the allocator stops', async () => {
    await one.allocator.stop();
    expect(one.allocator.take('x', 'normal')).toBe(false);
  });
});
