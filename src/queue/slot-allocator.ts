/**
 * Decides which class of messages is fetched next, and how many at once. Knows nothing of BullMQ.
 *
 * What holds, at any moment:
 *  - messages being fetched or run never exceed `slots`: a message has its slot from before the fetch until its run settles
 *    or releases it;
 *  - no more than `slots` runs go on without a slot: the next ones that would release theirs keep it until they settle;
 *  - higher classes first: a class is fetched only when no higher one can still use the free slots;
 *  - yet every class moves: of any FAIRNESS_WINDOW fetches in a row, each class that may hold messages gets at
 *    least one;
 *  - no wakeup is lost: a nudge that arrives while a fetch of its class is under way makes a fetch after it;
 *  - no busy polling: a class found empty is not fetched again before the next nudge;
 *  - nothing is held that has no slot: a bundle, which is many messages in one, is fetched for as many slots as are
 *    given to it, and what exceeds them goes back at once.
 *
 * How. Each class has two sources, single messages and bundles. Each source carries a flag "may hold messages", set by a
 * nudge and cleared by a fetch that began after the last nudge and came back empty. A flagged source may have as many
 * fetches under way as it delivered in a row (at least one): an idle worker spends one fetch on finding it empty, a
 * backlog is met at full width after a few round trips. A class passed over for PATIENCE slots while flagged goes before
 * all others, slot by slot. Of a class that holds both, bundles and single messages fill the same number of slots.
 *
 * A bundle is fetched when there are slots for all of it. Where one bundle after another comes and there are fewer, a
 * moment is given to the others: attempts tend to end together, as their results are written together.
 *
 * When a fetch or a run fails (the queue or the database is away) nothing is fetched for a while, growing from
 * 50 ms to 1 s; flags are kept, so work goes on by itself.
 */
import { PRIORITIES, type Priority } from '../domain/priority.js';
import { BUNDLE_SIZE } from './bundles.js';

/**
 * Of any so many slots filled in a row, each class that may hold messages gets at least one; where bundles are among
 * them, of any FAIRNESS_WINDOW + BUNDLE_SIZE − 1.
 */
export const FAIRNESS_WINDOW = 16;

/**
 * For how many slots a class is passed over before it goes first. All other classes may run out of patience at the same
 * moment, so the last of them waits for PATIENCE + (classes − 2) slots, and the next one is its own.
 */
const PATIENCE = FAIRNESS_WINDOW - (PRIORITIES.length - 1);

/** How many successors a slot runs one after the other while messages of their class wait. */
const MAX_KEPT = 16;

/**
 * What a bundle waits for slots that it fits into as a whole: as long as the free ones cost so much time of all slots
 * together, but neither less nor more than the bounds. Three idle slots of ten are a loss, three of a hundred are not.
 */
const PART_COSTS_MS = 0.5;
const PART_AFTER_MS = { least: 2, most: 20 };

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export interface SlotAllocatorOptions<M> {
  /** Messages held at once, over all classes together. */
  slots: number;
  /** The next message of the class, or null when it holds none. Rejects when the queue is away. */
  fetch(priority: Priority): Promise<M | null>;
  /** The first `atMost` messages of the next bundle of the class, or none; what it has more is put back. */
  fetchBundle?(priority: Priority, atMost: number): Promise<readonly M[]>;
  /**
   * Settles when nothing is left to do for the message. Rejects when the message is back in its class, undecided.
   *
   * @param release gives the slot to the next message before that, as what is left to do needs none; to be called once the
   * message is decided. Without effect while `slots` runs go on without a slot
   */
  run(message: M, priority: Priority, release: () => void): Promise<void>;
  /** Gives back a message that was not run before `stop`. */
  putBack(message: M, priority: Priority): Promise<void>;
  /** Hear of failed fetches, of answered ones and of failed runs. */
  fetchFailed?(error: unknown): void;
  fetchAnswered?(): void;
  runFailed?(error: unknown): void;
}

/** Single messages of a class, or its bundles. */
interface Source {
  /** Slots for all that a fetch of it brings. */
  readonly size: number;
  /** Whether it may hold messages. */
  flagged: boolean;
  /** Counts nudges, so that an empty answer clears the flag only if none came after the question. */
  nudges: number;
  underWay: number;
  /** Fetches that brought something in a row, without an empty answer between them. */
  streak: number;
}

interface ClassState {
  readonly priority: Priority;
  readonly single: Source;
  readonly bundle: Source;
  /** Attempts that came in bundles more than did in single messages, since both wait. */
  lead: number;
  /** Of bundles that were taken in part: attempts that come again in single messages. */
  returned: number;
  /** Slots that went to other classes since this flagged one had its last. */
  passedOver: number;
}

/** What is fetched next, and how many slots are set aside for it. */
interface Pick {
  state: ClassState;
  source: Source;
  slots: number;
}

export class SlotAllocator<M> {
  private readonly classes: readonly ClassState[] = PRIORITIES.map((priority) => ({
    priority,
    single: newSource(1),
    bundle: newSource(BUNDLE_SIZE),
    lead: 0,
    returned: 0,
    passedOver: 0,
  }));
  private open = false;
  private running = 0;
  private fetching = 0;
  /** Runs that go on without a slot. */
  private released = 0;
  private fetchFailures = 0;
  private runFailures = 0;
  private pause: NodeJS.Timeout | undefined;
  /** Runs while a bundle waits for slots, and says that it waits no longer. */
  private partWait: { since: number; until: number; timer: NodeJS.Timeout } | undefined;
  private mayTakePart = false;
  private whenQuiet: (() => void)[] = [];
  private progressAt = performance.now();
  private movedAt = performance.now();

  constructor(private readonly options: SlotAllocatorOptions<M>) {
    if (!Number.isInteger(options.slots) || options.slots < 1)
      throw new RangeError('slots must be an integer above 0');
  }

  /** Slots whose run has neither settled nor released them. */
  get busy(): number {
    return this.running;
  }

  /** Slots set aside for fetches that are not answered yet. */
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

  /** Says that classes may hold messages, and which may hold bundles; without an argument, all of them and both. */
  nudge(priorities: readonly Priority[] = PRIORITIES, bundles: readonly Priority[] = priorities): void {
    for (const { priority, single, bundle } of this.classes) {
      if (priorities.includes(priority)) flag(single);
      if (this.options.fetchBundle && bundles.includes(priority)) flag(bundle);
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
    const mustYield = this.classes.some(
      (state, index) =>
        mayHold(state) &&
        (index < own || state.passedOver >= PATIENCE || (index === own && inARow >= MAX_KEPT)),
    );
    if (mustYield) return false;
    this.countSlots(this.classes[own], 1);
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
    if (this.classes.some((state, index) => mayHold(state) && (index <= own || state.passedOver >= PATIENCE)))
      return false;
    this.countSlots(this.classes[own], 1);
    this.run([message], this.classes[own]);
    return true;
  }

  /** Fetches no more. Resolves when no fetch is under way and what they brought has been put back. */
  async stop(): Promise<void> {
    this.open = false;
    clearTimeout(this.pause);
    this.pause = undefined;
    this.stopPartWait();
    if (this.fetching > 0) await new Promise<void>((resolve) => this.whenQuiet.push(resolve));
  }

  private fill(): void {
    while (this.open && this.pause === undefined) {
      const pick = this.pick();
      if (!pick) return;
      this.launch(pick);
    }
  }

  /** What the next fetch goes to, or null when no slot is free or nothing may be waiting. */
  private pick(): Pick | null {
    const { free } = this;
    if (free <= 0) return null;

    let impatient: ClassState | null = null;
    for (const state of this.classes)
      if (mayHold(state) && state.passedOver >= PATIENCE)
        if (!impatient || state.passedOver > impatient.passedOver) impatient = state;
    if (impatient)
      return {
        state: impatient,
        source: impatient.single.flagged ? impatient.single : impatient.bundle,
        slots: 1,
      };

    let keptForHigher = 0;
    for (const state of this.classes) {
      if (!mayHold(state)) continue;
      if (free <= keptForHigher) return null;
      const pick = this.pickOf(state, free - keptForHigher);
      if (pick) return pick;
      // It waits for answers; if all of them are messages, it will want twice its width next.
      keptForHigher += 2 * (wantedBy(state.single) + wantedBy(state.bundle));
    }
    return null;
  }

  private pickOf(state: ClassState, free: number): Pick | null {
    const { single, bundle, lead } = state;
    const isSinglesTurn = mayAsk(single) && lead >= bundle.size;
    if (mayAsk(bundle) && free >= bundle.size && !isSinglesTurn) {
      this.stopPartWait();
      return { state, source: bundle, slots: bundle.size };
    }
    const mayTakeBundle = bundle.flagged && bundle.underWay === 0;
    const isBundlesTurn = mayTakeBundle && lead <= -bundle.size;
    if (mayAsk(single) && !isBundlesTurn) return { state, source: single, slots: 1 };
    if (!mayTakeBundle || (single.flagged && !isBundlesTurn)) return null;
    if (this.mayTakePart || this.running === 0 || bundle.streak === 0)
      return { state, source: bundle, slots: Math.min(free, bundle.size) };
    this.waitForWhole(free);
    return null;
  }

  /** What waits already waits less once more slots are free. */
  private waitForWhole(free: number): void {
    const now = performance.now();
    const since = this.partWait?.since ?? now;
    const { least, most } = PART_AFTER_MS;
    const until = since + Math.min(Math.max((PART_COSTS_MS * this.options.slots) / free, least), most);
    if (this.partWait !== undefined && this.partWait.until <= until) return;
    clearTimeout(this.partWait?.timer);
    const timer = setTimeout(() => {
      this.partWait = undefined;
      this.mayTakePart = true;
      this.fill();
      this.mayTakePart = false;
    }, until - now);
    this.partWait = { since, until, timer };
  }

  private stopPartWait(): void {
    clearTimeout(this.partWait?.timer);
    this.partWait = undefined;
  }

  private get free(): number {
    return this.options.slots - this.running - this.fetching;
  }

  /** Slots went to this class, and not to the others. */
  private countSlots(state: ClassState, slots: number): void {
    for (const other of this.classes) if (other !== state && mayHold(other)) other.passedOver += slots;
    state.passedOver = 0;
  }

  private launch(pick: Pick): void {
    const { state, source, slots } = pick;
    const { priority } = state;
    this.countSlots(state, slots);
    countSource(pick);
    source.underWay++;
    this.fetching += slots;
    const asked = source.nudges;
    const fetched =
      source === state.bundle ? this.options.fetchBundle!(priority, slots) : this.fetchOne(priority);
    fetched.then(
      (messages) => this.answered(pick, asked, messages),
      (error: unknown) => {
        this.settleFetch(pick);
        this.options.fetchFailed?.(error);
        this.fetchFailures = this.fail(this.fetchFailures);
        this.quiet();
      },
    );
  }

  private async fetchOne(priority: Priority): Promise<readonly M[]> {
    const message = await this.options.fetch(priority);
    return message === null ? [] : [message];
  }

  private answered(pick: Pick, asked: number, messages: readonly M[]): void {
    const { state, source } = pick;
    this.fetchFailures = 0;
    this.options.fetchAnswered?.();
    if (messages.length > 0 && !this.open) {
      // The fetch counts as under way until its messages are back in the queue.
      void Promise.all(messages.map((message) => this.giveBack(message, state))).then(() => {
        this.settleFetch(pick);
        this.quiet();
      });
      return;
    }
    this.settleFetch(pick);
    this.run(messages, state);
    if (messages.length > 0) source.streak++;
    else {
      source.streak = 0;
      if (asked === source.nudges) source.flagged = false;
      if (!source.flagged) state.lead = state.returned = 0;
      if (!mayHold(state)) state.passedOver = 0;
    }
    this.quiet();
    this.fill();
  }

  private settleFetch({ source, slots }: Pick): void {
    source.underWay--;
    this.fetching -= slots;
    this.progressAt = performance.now();
  }

  /** Each has its slot before the first of them can release its own. */
  private run(messages: readonly M[], state: ClassState): void {
    if (messages.length === 0) return;
    this.running += messages.length;
    this.movedAt = performance.now();
    for (const message of messages) this.runOne(message, state);
  }

  private runOne(message: M, state: ClassState): void {
    let hasSlot = true;
    let isOver = false;
    const release = () => {
      if (isOver || !hasSlot || this.released >= this.options.slots) return;
      hasSlot = false;
      this.running--;
      this.released++;
      this.movedAt = performance.now();
      this.fill();
    };
    const end = () => {
      isOver = true;
      if (hasSlot) this.running--;
      else this.released--;
      this.movedAt = performance.now();
    };
    this.options.run(message, state.priority, release).then(
      () => {
        end();
        this.runFailures = 0;
        this.fill();
      },
      (error: unknown) => {
        end();
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

  /** Begins a pause, unless one runs: the many fetches that fail together count as one failure. */
  private fail(failures: number): number {
    if (this.pause !== undefined || !this.open) return failures;
    for (const { single, bundle } of this.classes) single.streak = bundle.streak = 0;
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

function newSource(size: number): Source {
  return { size, flagged: false, nudges: 0, underWay: 0, streak: 0 };
}

function flag(source: Source): void {
  source.flagged = true;
  source.nudges++;
}

function mayHold({ single, bundle }: ClassState): boolean {
  return single.flagged || bundle.flagged;
}

/** Whether it may hold messages, and fewer fetches of it are under way than it is wide. */
function mayAsk(source: Source): boolean {
  return source.flagged && source.underWay < Math.max(1, source.streak);
}

/** Slots for as many fetches as it is wide. */
function wantedBy(source: Source): number {
  return source.flagged ? source.size * Math.max(1, source.streak) : 0;
}

/** One source goes ahead of the other by a bundle at most before it is the other's turn. */
function countSource({ state, source, slots }: Pick): void {
  const { size } = state.bundle;
  if (source === state.bundle) {
    state.lead = Math.min(state.lead + size, 2 * size);
    state.returned += size - slots;
  } else if (state.returned > 0) state.returned -= 1;
  else state.lead = Math.max(state.lead - 1, -size);
}
