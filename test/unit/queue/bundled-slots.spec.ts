import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { PRIORITIES, type Priority } from '../../../src/domain/priority.js';
import { BUNDLE_SIZE, attemptsOf, bundleId, inBundles } from '../../../src/queue/bundles.js';
import { FAIRNESS_WINDOW, SlotAllocator } from '../../../src/queue/slot-allocator.js';

const priorities = fc.constantFrom(...PRIORITIES);
const slotCounts = fc.integer({ min: 1, max: 30 });

interface Load {
  priority: Priority;
  singles: number;
  bundles: number;
}

const load = fc.record({
  priority: priorities,
  singles: fc.integer({ min: 0, max: 12 }),
  bundles: fc.integer({ min: 0, max: 4 }),
});

/** What is fetched next of a class, and into how many slots. */
interface Fetch {
  priority: Priority;
  what: 'single' | 'bundle';
  slots: number;
}

/** Queues of both kinds in memory; what a bundle has too much becomes single messages. */
class Queues {
  readonly ran: string[] = [];
  readonly fetches: Fetch[] = [];
  added = 0;
  mostRunning = 0;
  overdrawn = 0;
  private running = 0;
  private reserved = 0;
  private readonly singles = new Map<Priority, string[]>(PRIORITIES.map((priority) => [priority, []]));
  private readonly bundles = new Map<Priority, string[][]>(PRIORITIES.map((priority) => [priority, []]));
  readonly allocator: SlotAllocator<string>;

  /** @param arrives when an answer, or the end of a run, comes about */
  constructor(
    private readonly slots: number,
    private readonly arrives: () => Promise<unknown>,
  ) {
    this.allocator = new SlotAllocator<string>({
      slots,
      fetch: async (priority) => {
        this.began({ priority, what: 'single', slots: 1 });
        await arrives();
        const message = this.singles.get(priority)!.shift() ?? null;
        this.answered(1, message === null ? 0 : 1);
        return message;
      },
      fetchBundle: async (priority, atMost) => {
        this.began({ priority, what: 'bundle', slots: atMost });
        await arrives();
        const bundle = this.bundles.get(priority)!.shift() ?? [];
        this.putBack(bundle.slice(atMost), priority);
        const taken = bundle.slice(0, atMost);
        this.answered(atMost, taken.length);
        return taken;
      },
      run: async (message) => {
        this.mostRunning = Math.max(this.mostRunning, this.running);
        await arrives();
        this.ran.push(message);
        this.running--;
      },
      putBack: async (message, priority) => {
        this.running--;
        this.putBack([message], priority);
      },
    });
  }

  get left(): number {
    return [...this.singles.values(), ...this.bundles.values()].reduce((sum, { length }) => sum + length, 0);
  }

  add({ priority, singles, bundles }: Load): void {
    const next = () => `m${this.added++}`;
    for (let i = 0; i < singles; i++) this.singles.get(priority)!.push(next());
    for (let i = 0; i < bundles; i++)
      this.bundles.get(priority)!.push(Array.from({ length: BUNDLE_SIZE }, next));
    this.allocator.nudge([priority], bundles > 0 ? [priority] : []);
  }

  private putBack(messages: readonly string[], priority: Priority): void {
    if (messages.length === 0) return;
    this.singles.get(priority)!.unshift(...messages);
    this.allocator.nudge([priority], []);
  }

  private began(fetch: Fetch): void {
    this.fetches.push(fetch);
    this.reserved += fetch.slots;
    this.overdrawn = Math.max(this.overdrawn, this.reserved + this.running - this.slots);
  }

  private answered(slots: number, messages: number): void {
    this.reserved -= slots;
    this.running += messages;
  }
}

async function untilQuiet(queues: Queues): Promise<void> {
  while (queues.left > 0 || queues.allocator.busy > 0 || queues.allocator.fetchesUnderWay > 0) await pause(1);
}

const soon = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

describe('The slot allocator with bundles', () => {
  it('runs every message once and never more than it has slots, whatever the order of answers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        slotCounts,
        fc.array(load, { maxLength: 12 }),
        async (scheduler, slots, loads) => {
          const queues = new Queues(slots, () => scheduler.schedule(Promise.resolve()));
          queues.allocator.start();
          scheduler.scheduleSequence(
            loads.map((one) => ({ label: JSON.stringify(one), builder: async () => queues.add(one) })),
          );
          // Waiting for more slots takes a moment of real time, in which there is nothing to schedule.
          for (let quiet = 0; quiet < 2; quiet++) {
            do await scheduler.waitIdle();
            while ((await pause(4), scheduler.count() > 0));
            if (queues.left > 0) quiet = -1;
          }
          expect(queues.ran).toHaveLength(queues.added);
          expect(new Set(queues.ran).size).toBe(queues.added);
          expect(queues.mostRunning).toBeLessThanOrEqual(slots);
          expect(queues.overdrawn).toBeLessThanOrEqual(0);
          expect([queues.allocator.busy, queues.allocator.fetchesUnderWay]).toEqual([0, 0]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives each class that waits one of any so many slots', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.uniqueArray(fc.record({ priority: priorities, isBundled: fc.boolean() }), {
          minLength: 2,
          selector: ({ priority }) => priority,
        }),
        async (slots, backlogs) => {
          const queues = new Queues(slots, soon);
          for (const { priority, isBundled } of backlogs)
            queues.add({ priority, singles: isBundled ? 0 : 600, bundles: isBundled ? 75 : 0 });
          queues.allocator.start();
          await untilQuiet(queues);
          // While all of them wait for sure: none of them has had its six hundred.
          const slotsOf = queues.fetches.flatMap(({ priority, slots: filled }) =>
            Array<Priority>(filled).fill(priority),
          );
          for (const { priority } of backlogs)
            expect(longestRunWithout(priority, slotsOf.slice(0, 600))).toBeLessThan(
              FAIRNESS_WINDOW + BUNDLE_SIZE - 1,
            );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('fetches a bundle into slots that are free for all of it', async () => {
    const queues = new Queues(20, soon);
    queues.add({ priority: 'normal', singles: 0, bundles: 40 });
    queues.allocator.start();
    await untilQuiet(queues);
    const whole = queues.fetches.filter(({ what, slots }) => what === 'bundle' && slots === BUNDLE_SIZE);
    // Of forty, a few were taken in part, as all who are asked when a backlog begins or ends are.
    expect(whole.length).toBeGreaterThan(30);
    expect(queues.ran).toHaveLength(40 * BUNDLE_SIZE);
  });

  it('takes a part where there are no slots for more, and gives the rest back', async () => {
    const ends: (() => void)[] = [];
    const put: string[] = [];
    let bundles = 2;
    const allocator = new SlotAllocator<string>({
      slots: 3,
      fetch: async () => put.shift() ?? null,
      fetchBundle: async (priority, atMost) => {
        expect(atMost).toBeLessThanOrEqual(3);
        if (priority !== 'normal' || bundles === 0) return [];
        bundles--;
        const all = Array.from({ length: BUNDLE_SIZE }, (_, i) => `b${bundles}.${i}`);
        put.push(...all.slice(atMost));
        allocator.nudge(['normal'], []);
        return all.slice(0, atMost);
      },
      run: async () => await new Promise<void>((resolve) => ends.push(resolve)),
      putBack: async () => undefined,
    });
    allocator.start();
    let ended = 0;
    while (ended < 2 * BUNDLE_SIZE) {
      expect(allocator.busy).toBeLessThanOrEqual(3);
      await pause(1);
      const end = ends.shift();
      if (end === undefined) continue;
      end();
      ended++;
    }
    expect([bundles, put.length]).toEqual([0, 0]);
  });

  describe('with an endless backlog of bundles', () => {
    beforeEach(() => void jest.useFakeTimers());
    afterEach(() => void jest.useRealTimers());

    /** All slots are used, by runs that end when they are told to; `fetched` are the slots of each fetch from then on. */
    async function fullHouse(slots: number) {
      const ends: (() => void)[] = [];
      const fetched: number[] = [];
      const allocator = new SlotAllocator<string>({
        slots,
        fetch: async () => null,
        fetchBundle: async (priority, atMost) => {
          fetched.push(atMost);
          return priority === 'normal' ? Array<string>(atMost).fill('message') : [];
        },
        run: async () => await new Promise<void>((resolve) => ends.push(resolve)),
        putBack: async () => undefined,
      });
      allocator.start();
      await jest.advanceTimersByTimeAsync(1_000);
      expect(allocator.busy).toBe(slots);
      fetched.length = 0;
      const end = async (count: number): Promise<void> => {
        for (const one of ends.splice(0, count)) one();
        await jest.advanceTimersByTimeAsync(0);
      };
      return { end, fetched };
    }

    it.each([
      [10, 1, 5],
      [10, 3, 2],
      [10, 7, 2],
      [100, 1, 20],
      [100, 5, 10],
      [1_000, 7, 20],
    ])('of %i slots waits with %i free ones for %i ms, then takes a part', async (slots, free, waitMs) => {
      const { end, fetched } = await fullHouse(slots);
      await end(free);
      await jest.advanceTimersByTimeAsync(waitMs - 1);
      expect(fetched).toEqual([]);
      await jest.advanceTimersByTimeAsync(1);
      expect(fetched).toEqual([free]);
    });

    it('waits for less time once more slots are free, from when it began, and not at all for a whole one', async () => {
      const { end, fetched } = await fullHouse(100);
      await end(1);
      await jest.advanceTimersByTimeAsync(6);
      await end(4);
      await jest.advanceTimersByTimeAsync(3);
      expect(fetched.splice(0)).toEqual([]);
      await jest.advanceTimersByTimeAsync(1);
      expect(fetched.splice(0)).toEqual([5]);
      await end(1);
      await jest.advanceTimersByTimeAsync(15);
      await end(BUNDLE_SIZE - 1);
      expect(fetched.splice(0)).toEqual([BUNDLE_SIZE]);
      // The next one waits from its own beginning.
      await end(1);
      await jest.advanceTimersByTimeAsync(19);
      expect(fetched).toEqual([]);
    });
  });

  it('fills as many slots of a class with single messages as with bundles', async () => {
    const queues = new Queues(16, soon);
    queues.add({ priority: 'high', singles: 400, bundles: 50 });
    queues.allocator.start();
    await untilQuiet(queues);
    const half = queues.ran.slice(0, 400);
    const ofBundles = half.filter((message) => Number(message.slice(1)) >= 400).length;
    expect(ofBundles).toBeGreaterThan(120);
    expect(ofBundles).toBeLessThan(280);
  });

  it('asks for bundles when it is told of them, and not again before the next time', async () => {
    const queues = new Queues(10, soon);
    queues.allocator.start();
    await untilQuiet(queues);
    const bundleFetches = () => queues.fetches.filter(({ what }) => what === 'bundle').length;
    expect(bundleFetches()).toBe(PRIORITIES.length);
    queues.add({ priority: 'low', singles: 3, bundles: 0 });
    await untilQuiet(queues);
    await pause(20);
    expect(bundleFetches()).toBe(PRIORITIES.length);
    queues.add({ priority: 'low', singles: 0, bundles: 1 });
    await untilQuiet(queues);
    await pause(20);
    const after = bundleFetches();
    expect(after).toBeGreaterThan(PRIORITIES.length);
    await pause(50);
    expect(bundleFetches()).toBe(after);
  });

  it('has put back what it fetched when it has stopped', async () => {
    let answer: () => void = () => undefined;
    const put: string[] = [];
    const allocator = new SlotAllocator<string>({
      slots: 10,
      fetch: async () => null,
      fetchBundle: async (priority) => {
        if (priority !== 'critical') return [];
        await new Promise<void>((resolve) => (answer = resolve));
        return ['a', 'b'];
      },
      run: async () => undefined,
      putBack: async (message) => {
        await pause(5);
        put.push(message);
      },
    });
    allocator.start();
    await pause(5);
    const stopped = allocator.stop();
    answer();
    await stopped;
    expect(put).toEqual(['a', 'b']);
  });
});

describe('Bundles', () => {
  const message = (attemptId: string) => ({ attemptId, priority: 'low' as const });

  it('hold exactly so many attempts each, in their order, and leave the rest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 }), (count) => {
        const ids = Array.from({ length: count }, (_, index) => `a${index}`);
        const { bundles, rest } = inBundles(ids.map(message));
        expect(bundles.every((bundle) => bundle.length === BUNDLE_SIZE)).toBe(true);
        expect([...bundles.flat(), ...rest.map(({ attemptId }) => attemptId)]).toEqual(ids);
        expect(rest.length).toBeLessThan(BUNDLE_SIZE);
      }),
    );
  });

  it('have the same id when they are sent again', () => {
    expect(bundleId(['a', 'b'])).toBe(bundleId(['a', 'c']));
    expect(bundleId(['a', 'b'])).not.toBe(bundleId(['b', 'a']));
  });

  it.each([
    [null],
    ['text'],
    [{}],
    [{ attempts: 'a' }],
    [{ attempts: [] }],
    [{ attempts: ['a', 1] }],
    [{ attempts: Array(BUNDLE_SIZE + 1).fill('a') }],
    [{ attempts: ['x'.repeat(1_000)] }],
  ])('are not made of %j', (data) => expect(attemptsOf(data)).toBeNull());

  it('are read as they were written', () => {
    expect(attemptsOf({ attempts: ['a', 'b'], more: 1 })).toEqual(['a', 'b']);
  });
});

function longestRunWithout(priority: Priority, filled: readonly Priority[]): number {
  let longest = 0;
  let current = 0;
  for (const one of filled) {
    current = one === priority ? 0 : current + 1;
    longest = Math.max(longest, current);
  }
  return longest;
}
