/**
 * Decides which class of messages is fetched next, and how many at once. Knows nothing of BullMQ.
 *
 * What holds, at any moment:
 *  - messages being run never exceed `slots`, and with those fetched or being fetched never `slots` + the runs that
 *    are about to end: a message has its slot from before the fetch, or that of such a run, until its own run settles;
 *  - higher classes first: a class is fetched only when no higher one can still use the free slots;
 *  - yet every class moves: of any FAIRNESS_WINDOW fetches in a row, each class that may hold messages gets at
 *    least one;
 *  - no wakeup is lost: a nudge that arrives while a fetch of its class is under way makes a fetch after it;
 *  - no busy polling: a class found empty is not fetched again before the next nudge.
 *
 * How. Each class carries a flag "may hold messages", set by a nudge and cleared by a fetch that began after the
 * last nudge and came back empty. A flagged class may have as many fetches under way as it delivered messages in
 * a row (at least one): an idle worker spends one fetch on finding a class empty, a backlog is met at full width
 * after a few round trips. A class passed over PATIENCE times while flagged goes before all others.
 *
 * When a fetch or a run fails (the queue or the database is away) nothing is fetched for a while, growing from
 * 50 ms to 1 s; flags are kept, so work goes on by itself.
 */
import { PRIORITIES, type Priority } from '../domain/priority.js';

/** Of any so many fetches in a row, each class that may hold messages gets at least one. */
export const FAIRNESS_WINDOW = 16;

/**
 * How often a class is passed over before it goes first. All other classes may run out of patience at the same
 * moment, so the last of them waits for PATIENCE + (classes − 2) fetches, and the next one is its own.
 */
const PATIENCE = FAIRNESS_WINDOW - (PRIORITIES.length - 1);

/** How many successors a slot runs one after the other while messages of their class wait. */
const MAX_KEPT = 16;

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export interface SlotAllocatorOptions<M> {
  /** Messages held at once, over all classes together. */
  slots: number;
  /** The next message of the class, or null when it holds none. Rejects when the queue is away. */
  fetch(priority: Priority): Promise<M | null>;
  /** Settles when the message's slot is free. Rejects when the message is back in its class, undecided. */
  run(message: M, priority: Priority): Promise<void>;
  /** Gives back a message that was not run before `stop`. */
  putBack(message: M, priority: Priority): Promise<void>;
  /** Hear of failed fetches, of answered ones and of failed runs. */
  fetchFailed?(error: unknown): void;
  fetchAnswered?(): void;
  runFailed?(error: unknown): void;
}

interface ClassState {
  readonly priority: Priority;
  /** Whether the class may hold messages. */
  flagged: boolean;
  /** Counts nudges, so that an empty answer clears the flag only if none came after the question. */
  nudges: number;
  underWay: number;
  /** Messages delivered in a row, without an empty answer between them. */
  streak: number;
  /** Fetches that went to other classes since this flagged one had its last. */
  passedOver: number;
}

export class SlotAllocator<M> {
  private readonly classes: readonly ClassState[] = PRIORITIES.map((priority) => ({
    priority,
    flagged: false,
    nudges: 0,
    underWay: 0,
    streak: 0,
    passedOver: 0,
  }));
  private open = false;
  private running = 0;
  private fetching = 0;
  /** Runs that are about to end: a message may be fetched for their slots. */
  private ending = 0;
  /** Messages that came before the slot they were fetched for was free. */
  private readonly early: { message: M; state: ClassState }[] = [];
  private fetchFailures = 0;
  private runFailures = 0;
  private pause: NodeJS.Timeout | undefined;
  private whenQuiet: (() => void)[] = [];
  private progressAt = performance.now();
  private movedAt = performance.now();

  constructor(private readonly options: SlotAllocatorOptions<M>) {
    if (!Number.isInteger(options.slots) || options.slots < 1)
      throw new RangeError('slots must be an integer above 0');
  }

  /** Slots whose message is being run. */
  get busy(): number {
    return this.running;
  }

  /** Fetches that are not answered yet. */
  get fetchesUnderWay(): number {
    return this.fetching;
  }

  /** When a fetch was last answered, even with a failure; milliseconds on the clock of `performance.now()`. */
  get lastProgressAt(): number {
    return this.progressAt;
  }

  /** Since when a slot has been free without any run beginning or ending; null while all are used, or it is not open. */
  get idleSince(): number | null {
    return this.open && this.running < this.options.slots ? this.movedAt : null;
  }

  /** Begins to fetch; every class is looked at once. */
  start(): void {
    this.open = true;
    this.movedAt = performance.now();
    this.nudge();
  }

  /** Says that classes may hold messages; without an argument, all of them. */
  nudge(priorities: readonly Priority[] = PRIORITIES): void {
    for (const state of this.classes) {
      if (!priorities.includes(state.priority)) continue;
      state.flagged = true;
      state.nudges++;
    }
    this.fill();
  }

  /**
   * Asks for a slot that is being freed to be kept for a successor of the same class. Yes where fetching would not
   * have been fairer: no higher class may hold messages, no class has run out of patience, and a slot does not go on
   * for ever while its own class waits. A yes counts as a fetch of the class, so lower classes keep their share.
   */
  keep(priority: Priority, inARow: number): boolean {
    if (!this.open) return false;
    const own = PRIORITIES.indexOf(priority);
    // Messages that count on slots of runs about to end must find them: of those, this is one.
    if (-this.free > Math.max(0, this.ending - 1)) return false;
    const mustYield = this.classes.some(
      (state, index) =>
        state.flagged &&
        (index < own || state.passedOver >= PATIENCE || (index === own && inARow >= MAX_KEPT)),
    );
    if (mustYield) return false;
    this.countFetch(this.classes[own]);
    return true;
  }

  /**
   * Runs a message that never was in its class, at once or not at all. Yes where a fetch begun now could as well have
   * brought it: a slot is free, nothing of its class or a higher one may be waiting, no class has run out of patience. A
   * yes counts as a fetch of the class.
   */
  take(message: M, priority: Priority): boolean {
    if (!this.open || this.pause !== undefined || this.free <= 0) return false;
    const own = PRIORITIES.indexOf(priority);
    if (this.classes.some((state, index) => state.flagged && (index <= own || state.passedOver >= PATIENCE)))
      return false;
    this.countFetch(this.classes[own]);
    this.run(message, this.classes[own]);
    return true;
  }

  /**
   * Says that a run is about to end, so that the next message for its slot is fetched meanwhile. @returns what to call
   * when it has ended, or goes on after all
   */
  expectEnd(): () => void {
    this.ending++;
    this.fill();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.ending--;
    };
  }

  /** Fetches no more. Resolves when no fetch is under way and what they brought has been put back. */
  async stop(): Promise<void> {
    this.open = false;
    clearTimeout(this.pause);
    this.pause = undefined;
    await Promise.all(
      this.early.splice(0).map(async ({ message, state }) => await this.giveBack(message, state)),
    );
    if (this.fetching > 0) await new Promise<void>((resolve) => this.whenQuiet.push(resolve));
  }

  private fill(): void {
    while (this.open && this.pause === undefined) {
      const state = this.pick();
      if (!state) return;
      this.launch(state);
    }
  }

  /** The class the next fetch goes to, or null when no slot is free or nothing may be waiting. */
  private pick(): ClassState | null {
    const free = this.free + this.ending;
    if (free <= 0) return null;

    let impatient: ClassState | null = null;
    for (const state of this.classes)
      if (state.flagged && state.passedOver >= PATIENCE)
        if (!impatient || state.passedOver > impatient.passedOver) impatient = state;
    if (impatient) return impatient;

    let keptForHigher = 0;
    for (const state of this.classes) {
      if (!state.flagged) continue;
      if (free <= keptForHigher) return null;
      const width = Math.max(1, state.streak);
      if (state.underWay < width) return state;
      // It waits for answers; if all of them are messages, it will want twice its width next.
      keptForHigher += 2 * width;
    }
    return null;
  }

  private get free(): number {
    return this.options.slots - this.running - this.fetching - this.early.length;
  }

  /** A fetch went to this class, and not to the others. */
  private countFetch(state: ClassState): void {
    for (const other of this.classes) if (other !== state && other.flagged) other.passedOver++;
    state.passedOver = 0;
  }

  private launch(state: ClassState): void {
    this.countFetch(state);
    state.underWay++;
    this.fetching++;
    const asked = state.nudges;
    this.options.fetch(state.priority).then(
      (message) => this.answered(state, asked, message),
      (error: unknown) => {
        this.settleFetch(state);
        this.options.fetchFailed?.(error);
        this.fetchFailures = this.fail(this.fetchFailures);
        this.quiet();
      },
    );
  }

  private answered(state: ClassState, asked: number, message: M | null): void {
    this.fetchFailures = 0;
    this.options.fetchAnswered?.();
    if (message !== null && !this.open) {
      // The fetch counts as under way until its message is back in the queue.
      void this.giveBack(message, state).then(() => {
        this.settleFetch(state);
        this.quiet();
      });
      return;
    }
    this.settleFetch(state);
    if (message !== null) {
      state.streak++;
      if (this.running < this.options.slots) this.run(message, state);
      else this.early.push({ message, state });
    } else {
      state.streak = 0;
      if (asked === state.nudges) {
        state.flagged = false;
        state.passedOver = 0;
      }
    }
    this.quiet();
    this.fill();
  }

  private settleFetch(state: ClassState): void {
    state.underWay--;
    this.fetching--;
    this.progressAt = performance.now();
  }

  private run(message: M, state: ClassState): void {
    this.running++;
    this.movedAt = performance.now();
    this.options.run(message, state.priority).then(
      () => {
        this.running--;
        this.movedAt = performance.now();
        this.runFailures = 0;
        this.runEarly();
        this.fill();
      },
      (error: unknown) => {
        this.running--;
        this.movedAt = performance.now();
        this.runEarly();
        this.options.runFailed?.(error);
        this.runFailures = this.fail(this.runFailures);
        // It waits in its class again, which a fetch may have found empty meanwhile.
        this.nudge([state.priority]);
      },
    );
  }

  private async giveBack(message: M, state: ClassState): Promise<void> {
    await this.options
      .putBack(message, state.priority)
      .catch((error: unknown) => this.options.fetchFailed?.(error));
  }

  /** A slot is free: of the messages that came before theirs was, the first has it. */
  private runEarly(): void {
    const next = this.early.shift();
    if (next !== undefined) this.run(next.message, next.state);
  }

  /** Begins a pause, unless one runs: the many fetches that fail together count as one failure. */
  private fail(failures: number): number {
    if (this.pause !== undefined || !this.open) return failures;
    for (const state of this.classes) state.streak = 0;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
    this.pause = setTimeout(() => {
      this.pause = undefined;
      this.fill();
    }, pauseMs);
    return failures + 1;
  }

  private quiet(): void {
    if (this.fetching > 0) return;
    for (const resolve of this.whenQuiet.splice(0)) resolve();
  }
}
