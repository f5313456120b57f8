import { jest } from '@jest/globals';
import { PRIORITIES, type Priority } from '../../../src/domain/priority.js';
import { SlotAllocator } from '../../../src/queue/slot-allocator.js';

/** A queue in memory whose answers come when the test says so. */
class ManualQueue {
  readonly waiting: Record<Priority, string[]> = { critical: [], high: [], normal: [], low: [] };
  readonly asked: Priority[] = [];
  readonly started: string[] = [];
  readonly returned: string[] = [];
  private open: (() => void)[] = [];
  private readonly ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  away = false;

  readonly fetch = (priority: Priority): Promise<string | null> => {
    this.asked.push(priority);
    return new Promise((resolve, reject) => {
      // What the queue holds when it answers decides, as in a real one.
      this.open.push(() =>
        this.away ? reject(new Error('away')) : resolve(this.waiting[priority].shift() ?? null),
      );
    });
  };

  readonly run = (message: string): Promise<void> => {
    this.started.push(message);
    return new Promise((resolve, reject) => this.ends.set(message, { resolve, reject }));
  };

  readonly putBack = async (message: string): Promise<void> => {
    this.returned.push(message);
  };

  /** Answers all fetches under way, and those that follow from the answers. */
  async answer(): Promise<void> {
    await settle();
    while (this.open.length > 0) {
      for (const answer of this.open.splice(0)) answer();
      await settle();
    }
  }

  /** Answers the oldest fetch under way. */
  async answerOne(): Promise<void> {
    this.open.shift()?.();
    await settle();
  }

  async end(message: string): Promise<void> {
    this.ends.get(message)?.resolve();
    await settle();
  }

  async fail(message: string): Promise<void> {
    this.ends.get(message)?.reject(new Error('database away'));
    await settle();
  }
}

const settle = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

const allocatorOver = (queue: ManualQueue, slots: number) => {
  const { fetch, run, putBack } = queue;
  return new SlotAllocator<string>({ slots, fetch, run, putBack });
};

describe('The slot allocator', () => {
  it('looks at every class once when it starts and then keeps still', async () => {
    const queue = new ManualQueue();
    allocatorOver(queue, 10).start();
    await queue.answer();
    expect([...queue.asked].sort()).toEqual([...PRIORITIES].sort());
  });

  it('asks only for the class it was nudged about', async () => {
    const queue = new ManualQueue();
    const allocator = allocatorOver(queue, 10);
    allocator.start();
    await queue.answer();
    queue.asked.length = 0;
    queue.waiting.normal.push('a');
    allocator.nudge(['normal']);
    await queue.answer();
    expect(queue.started).toEqual(['a']);
    expect(queue.asked).toEqual(['normal', 'normal']); // the message, and that there is no other
  });

  it('fetches again when a nudge arrives while a fetch is under way that finds nothing', async () => {
    const queue = new ManualQueue();
    const allocator = allocatorOver(queue, 1);
    allocator.start();
    await queue.answer();
    allocator.nudge(['low']);
    allocator.nudge(['low']);
    await queue.answerOne(); // that there is nothing
    queue.waiting.low.push('late');
    await queue.answer();
    expect(queue.started).toEqual(['late']);
  });

  it('takes higher classes first', async () => {
    const queue = new ManualQueue();
    queue.waiting.low.push('l1');
    queue.waiting.normal.push('n1');
    queue.waiting.high.push('h1');
    queue.waiting.critical.push('c1', 'c2');
    allocatorOver(queue, 1).start();
    for (const message of ['c1', 'c2', 'h1', 'n1', 'l1']) {
      await queue.answer();
      expect(queue.started.at(-1)).toBe(message);
      await queue.end(message);
    }
  });

  it('leaves the last slots to a higher class that may still want them', async () => {
    const queue = new ManualQueue();
    const allocator = allocatorOver(queue, 2);
    allocator.start();
    await queue.answer();
    queue.waiting.critical.push('c1', 'c2');
    queue.waiting.low.push('l1', 'l2');
    allocator.nudge(['critical', 'low']);
    await queue.answer();
    expect(queue.started).toEqual(['c1', 'c2']);
  });

  it('does not make lower classes wait for a higher one while slots are plenty', async () => {
    const queue = new ManualQueue();
    queue.waiting.low.push('l1');
    allocatorOver(queue, 100).start();
    expect(queue.asked).toEqual(['critical', 'high', 'normal', 'low']);
    await queue.answer();
    expect(queue.started).toEqual(['l1']);
  });

  it('meets a backlog with more and more fetches at once, up to its slots', async () => {
    const queue = new ManualQueue();
    queue.waiting.normal.push(...Array.from({ length: 100 }, (_, i) => `m${i}`));
    const allocator = allocatorOver(queue, 64);
    allocator.start();
    let rounds = 0;
    while (queue.started.length < 64) {
      const underWay = allocator.fetchesUnderWay;
      for (let answered = 0; answered < underWay; answered++) await queue.answerOne();
      if (++rounds > 12) break;
    }
    expect(queue.started).toHaveLength(64);
    expect(allocator.busy).toBe(64);
    expect(allocator.fetchesUnderWay).toBe(0);
  });

  it('puts back what arrives after it was stopped, and says when', async () => {
    const queue = new ManualQueue();
    queue.waiting.critical.push('a');
    const allocator = allocatorOver(queue, 1);
    allocator.start();
    let stopped = false;
    const stopping = allocator.stop().then(() => (stopped = true));
    await settle();
    expect(stopped).toBe(false);
    await queue.answer();
    await stopping;
    expect(queue.started).toEqual([]);
    expect(queue.returned).toEqual(['a']);
    const asked = queue.asked.length;
    allocator.nudge();
    expect(queue.asked).toHaveLength(asked);
  });

  it('refuses a number of slots that makes no sense', () => {
    for (const slots of [0, -1, 1.5, Number.NaN])
      expect(() => allocatorOver(new ManualQueue(), slots)).toThrow(RangeError);
  });

  describe('when something fails', () => {
    beforeEach(() => {
      jest.useFakeTimers();
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    it('fetches less and less often, at least once a second, and goes on by itself', async () => {
      const queue = new ManualQueue();
      queue.away = true;
      const allocator = allocatorOver(queue, 1);
      allocator.start();
      await queue.answer();
      const pauses: number[] = [];
      for (let failures = 0; failures < 8; failures++) {
        const asked = queue.asked.length;
        let waitedMs = 0;
        while (queue.asked.length === asked) {
          await jest.advanceTimersByTimeAsync(10);
          waitedMs += 10;
          allocator.nudge(); // must not cut the pause short
          if (waitedMs > 2000) throw new Error('it gave up');
        }
        pauses.push(waitedMs);
        await queue.answer();
      }
      expect(pauses).toEqual([50, 100, 200, 400, 800, 1000, 1000, 1000]);
      queue.away = false;
      queue.waiting.critical.push('a');
      await jest.advanceTimersByTimeAsync(1000);
      await queue.answer();
      expect(queue.started).toEqual(['a']);
    });

    it('counts fetches that fail together as one failure', async () => {
      const queue = new ManualQueue();
      queue.away = true;
      allocatorOver(queue, 10).start();
      expect(queue.asked).toHaveLength(4);
      await queue.answer();
      await jest.advanceTimersByTimeAsync(49);
      expect(queue.asked).toHaveLength(4);
      await jest.advanceTimersByTimeAsync(1);
      expect(queue.asked).toHaveLength(8);
    });

    it('looks for a message again that was put back undecided', async () => {
      const queue = new ManualQueue();
      queue.waiting.critical.push('a');
      allocatorOver(queue, 2).start();
      await queue.answer(); // and finds the class empty
      queue.waiting.critical.push('a');
      await queue.fail('a');
      await jest.advanceTimersByTimeAsync(50);
      await queue.answer();
      expect(queue.started).toEqual(['a', 'a']);
    });

    it('slows down when messages cannot be decided upon, and frees their slots', async () => {
      const queue = new ManualQueue();
      queue.waiting.critical.push('a', 'b', 'c');
      const allocator = allocatorOver(queue, 1);
      allocator.start();
      await queue.answer();
      await queue.fail('a');
      expect(allocator.busy).toBe(0);
      await queue.answer();
      expect(queue.started).toEqual(['a']);
      await jest.advanceTimersByTimeAsync(50);
      await queue.answer();
      await queue.fail('b');
      await jest.advanceTimersByTimeAsync(99);
      await queue.answer();
      expect(queue.started).toEqual(['a', 'b']);
      await jest.advanceTimersByTimeAsync(1);
      await queue.answer();
      expect(queue.started).toEqual(['a', 'b', 'c']);
    });
  });
});
