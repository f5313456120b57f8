import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Priority } from '../../../src/domain/priority.js';
import { SlotAllocator } from '../../../src/queue/slot-allocator.js';

/** A queue in memory that answers at once, and runs that end when the test says so. */
class Installation {
  readonly waiting: Record<Priority, string[]> = { critical: [], high: [], normal: [], low: [] };
  readonly running: string[] = [];
  readonly returned: string[] = [];
  private readonly ends = new Map<string, () => void>();
  readonly allocator: SlotAllocator<string>;

  constructor(slots: number) {
    this.allocator = new SlotAllocator<string>({
      slots,
      fetch: async (priority) => this.waiting[priority].shift() ?? null,
      run: async (message) => {
        this.running.push(message);
        await new Promise<void>((resolve) => this.ends.set(message, resolve));
        this.running.splice(this.running.indexOf(message), 1);
      },
      putBack: async (message) => void this.returned.push(message),
    });
    this.allocator.start();
  }

  async enqueue(priority: Priority, ...messages: string[]): Promise<void> {
    this.waiting[priority].push(...messages);
    this.allocator.nudge([priority]);
    await settled();
  }

  async end(message: string): Promise<void> {
    this.ends.get(message)?.();
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

describe('A run that is about to end', () => {
  it('has the next message fetched, which runs when the slot is free and not before', async () => {
    await one.enqueue('normal', 'a', 'b', 'c');
    expect(one.running).toEqual(['a']);
    const ended = one.allocator.expectEnd();
    await settled();
    expect(one.waiting.normal).toEqual(['c']);
    expect(one.running).toEqual(['a']);
    ended();
    await one.end('a');
    expect(one.running).toEqual(['b']);
  });

  it('fetches nothing where nothing may be waiting', async () => {
    const two = new Installation(2);
    await settled();
    await two.enqueue('normal', 'a');
    two.allocator.expectEnd();
    expect(two.allocator.fetchesUnderWay).toBe(0);
  });

  it('may not keep the slot that a message has been fetched for', async () => {
    await one.enqueue('normal', 'a', 'b');
    expect(one.allocator.keep('normal', 0)).toBe(true);
    one.allocator.expectEnd();
    expect(one.allocator.keep('normal', 0)).toBe(false);
    await settled();
    expect(one.allocator.keep('normal', 0)).toBe(false);
  });

  it('may keep its slot while others that are about to end have enough for what was fetched', async () => {
    const two = new Installation(2);
    await settled();
    await two.enqueue('normal', 'a', 'b', 'c');
    expect([...two.running].sort()).toEqual(['a', 'b']);
    two.allocator.expectEnd();
    await settled();
    expect(two.waiting.normal).toEqual([]);
    two.allocator.expectEnd();
    await settled();
    expect(two.allocator.keep('normal', 0)).toBe(true);
  });

  it('leaves no message behind when the allocator stops', async () => {
    await one.enqueue('normal', 'a', 'b');
    one.allocator.expectEnd();
    await settled();
    await one.allocator.stop();
    expect(one.returned).toEqual(['b']);
    await one.end('a');
    expect(one.running).toEqual([]);
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
