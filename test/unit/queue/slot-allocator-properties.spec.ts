import fc from 'fast-check';
import { PRIORITIES, type Priority } from '../../../src/domain/priority.js';
import { FAIRNESS_WINDOW, SlotAllocator } from '../../../src/queue/slot-allocator.js';

const priorities = fc.constantFrom(...PRIORITIES);

/** What happens to the allocator from outside; everything else follows from the scheduler's order. */
type Step = { kind: 'enqueue'; priority: Priority; count: number } | { kind: 'nudge'; priority: Priority };

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('enqueue' as const),
        priority: priorities,
        count: fc.integer({ min: 1, max: 6 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('nudge' as const), priority: priorities }) },
  ),
  { maxLength: 30 },
);

/** A queue in memory; every answer and every end of a run waits for the scheduler's pick. */
class Simulation {
  readonly waiting: Record<Priority, string[]> = { critical: [], high: [], normal: [], low: [] };
  readonly ran: string[] = [];
  enqueued = 0;
  fetches = 0;
  mostRunning = 0;
  /** Most messages that had a slot at once, with those on their way. */
  mostHeld = 0;
  mostWithoutSlot = 0;
  private held = 0;
  private running = 0;
  private withoutSlot = 0;
  readonly allocator: SlotAllocator<string>;

  constructor(
    readonly scheduler: fc.Scheduler,
    private readonly slots: number,
  ) {
    this.allocator = new SlotAllocator<string>({
      slots,
      fetch: async (priority) => {
        this.fetches++;
        this.hold(1);
        await scheduler.schedule(Promise.resolve(), `fetch ${priority} arrives`);
        const message = this.waiting[priority].shift() ?? null;
        await scheduler.schedule(Promise.resolve(), `answer ${message} arrives`);
        if (message === null) this.hold(-1);
        return message;
      },
      run: async (message, _priority, release) => {
        this.mostRunning = Math.max(this.mostRunning, ++this.running);
        await scheduler.schedule(Promise.resolve(), `${message} releases its slot`);
        // Every other run does.
        const hasSlot = message.endsWith('1') || !this.release(release);
        await scheduler.schedule(Promise.resolve(), `${message} ends`);
        this.ran.push(message);
        if (hasSlot) {
          this.running--;
          this.hold(-1);
        } else this.withoutSlot--;
      },
      putBack: async () => undefined,
    });
  }

  do(step: Step): void {
    if (step.kind === 'enqueue')
      for (let i = 0; i < step.count; i++) this.waiting[step.priority].push(`m${this.enqueued++}`);
    this.allocator.nudge([step.priority]);
  }

  /** @returns whether the slot is another's now */
  private release(release: () => void): boolean {
    const isPossible = this.withoutSlot < this.slots;
    if (isPossible) {
      this.running--;
      this.hold(-1);
      this.mostWithoutSlot = Math.max(this.mostWithoutSlot, ++this.withoutSlot);
    }
    release();
    return isPossible;
  }

  private hold(change: 1 | -1): void {
    this.held += change;
    this.mostHeld = Math.max(this.mostHeld, this.held);
  }
}

describe('The slot allocator, whatever the order of answers', () => {
  const slotCounts = fc.integer({ min: 1, max: 9 });

  it('runs every message once, without losing a wakeup, and then keeps still', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), slotCounts, steps, async (scheduler, slots, script) => {
        const simulation = new Simulation(scheduler, slots);
        simulation.allocator.start();
        scheduler.scheduleSequence(
          script.map((step) => ({ label: JSON.stringify(step), builder: async () => simulation.do(step) })),
        );
        await scheduler.waitIdle();
        expect(simulation.ran).toHaveLength(simulation.enqueued);
        expect(new Set(simulation.ran).size).toBe(simulation.enqueued);
        expect(simulation.allocator.busy).toBe(0);
        expect(simulation.allocator.fetchesUnderWay).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('never holds more messages than it has slots, and has no more runs than those without one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), slotCounts, steps, async (scheduler, slots, script) => {
        const simulation = new Simulation(scheduler, slots);
        simulation.allocator.start();
        scheduler.scheduleSequence(
          script.map((step) => ({ label: JSON.stringify(step), builder: async () => simulation.do(step) })),
        );
        await scheduler.waitIdle();
        expect(simulation.mostRunning).toBeLessThanOrEqual(slots);
        expect(simulation.mostHeld).toBeLessThanOrEqual(slots);
        expect(simulation.mostWithoutSlot).toBeLessThanOrEqual(slots);
      }),
      { numRuns: 300 },
    );
  });

  it('finds a class empty with no more fetches than it had under way, beyond one for each message', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), slotCounts, steps, async (scheduler, slots, script) => {
        const simulation = new Simulation(scheduler, slots);
        for (const step of script) simulation.do(step);
        simulation.allocator.start();
        await scheduler.waitIdle();
        // All was there before it started: four classes to find empty, each with at most `slots` fetches.
        expect(simulation.fetches).toBeLessThanOrEqual(simulation.enqueued + 4 * slots);
      }),
      { numRuns: 200 },
    );
  });

  it('gives each class that never runs empty one of every FAIRNESS_WINDOW fetches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        slotCounts,
        fc.uniqueArray(priorities, { minLength: 1 }),
        async (scheduler, slots, backlogged) => {
          const picks: Priority[] = [];
          const allocator = new SlotAllocator<string>({
            slots,
            fetch: async (priority) => {
              picks.push(priority);
              await scheduler.schedule(Promise.resolve());
              return picks.length < 400 && backlogged.includes(priority) ? 'message' : null;
            },
            run: () => scheduler.schedule(Promise.resolve()),
            putBack: async () => undefined,
          });
          allocator.start();
          await scheduler.waitIdle();
          const endless = picks.slice(0, 400);
          for (const priority of backlogged)
            expect(longestRunWithout(priority, endless)).toBeLessThan(FAIRNESS_WINDOW);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('with one slot, serves the highest waiting class unless a lower one has waited long enough', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(priorities, { minLength: 2 }), async (backlogged) => {
        const highest = PRIORITIES.find((priority) => backlogged.includes(priority));
        const delivered: Priority[] = [];
        const allocator = new SlotAllocator<Priority>({
          slots: 1,
          fetch: async (priority) =>
            delivered.length < 320 && backlogged.includes(priority) ? priority : null,
          run: async (priority) => void delivered.push(priority),
          putBack: async () => undefined,
        });
        allocator.start();
        while (delivered.length < 320) await new Promise((resolve) => setImmediate(resolve));
        const share = delivered.filter((priority) => priority === highest).length / delivered.length;
        // Each of the others takes one in FAIRNESS_WINDOW at least, and not much more.
        const others = backlogged.length - 1;
        expect(share).toBeLessThanOrEqual(1 - others / FAIRNESS_WINDOW + 0.02);
        expect(share).toBeGreaterThan(1 - others / (FAIRNESS_WINDOW - 4));
      }),
    );
  });
});

function longestRunWithout(priority: Priority, picks: readonly Priority[]): number {
  let longest = 0;
  let current = 0;
  for (const pick of picks) {
    current = pick === priority ? 0 : current + 1;
    longest = Math.max(longest, current);
  }
  return longest;
}
