import { PRIORITIES, type Priority } from '../domain/priority.js';
import { attemptsOf } from './bundles.js';
import { withDeadline } from './deadline.js';
import { type FetchedMessage, MessageLane } from './message-lane.js';
import { describe, type Log, OutageLog } from './outage-log.js';
import type { QueueBackend } from './queue-backend.js';
import { OpenBundle } from './open-bundle.js';
import { bundleQueueName, queueName } from './queue-names.js';
import { SlotAllocator } from './slot-allocator.js';
import { type AttemptHandler, TaskConsumer } from './task-consumer.js';
import type { Message, TaskQueue } from './task-queue.js';

export interface ConsumerOptions {
  prefix: string;
  slots: number;
  /** How long a message stays locked without renewal; after a crash it comes again a little later than this. */
  lockMs?: number;
  /** How often one of the workers looks for messages whose lock ran out. */
  stalledIntervalMs?: number;
  /** The safety net under the bus: how often all classes are looked at without a nudge, ± a quarter. */
  pollMs?: number;
}

/** Longer than any command of either backend may take. */
const FETCH_DEADLINE_MS = 5_000;

/** What a slot is used for: a message of a queue, one attempt of a bundle, or one that was taken past the queues. */
interface HeldMessage {
  readonly attemptId: string;
  readonly from: FromLane | OpenBundle | null;
}

interface FromLane {
  readonly message: FetchedMessage;
  readonly lane: MessageLane;
}

/** A message may stall any number of times: it is a hint, and PostgreSQL counts attempts. An SQL integer. */
const NEVER_TOO_OFTEN = 1_000_000_000;

export class BullmqTaskConsumer extends TaskConsumer {
  /** By class. Made at the start: a process that does not consume has no workers. */
  private readonly lanes = new Map<Priority, Lanes>();
  private readonly allocator: SlotAllocator<HeldMessage>;
  private readonly deciding: OutageLog;
  private readonly lockMs: number;
  private readonly stalledIntervalMs: number;
  private readonly pollMs: number;
  private handler: AttemptHandler | null = null;
  private returned: (priority: Priority) => void = () => undefined;
  /** Lanes that were replaced while messages of theirs were in hand. */
  private readonly retired = new Set<Retired>();
  private readonly timers = new Set<NodeJS.Timeout>();
  /** Of the timers: those of an earlier generation do not go on. */
  private generation = 0;
  private tickedAt = performance.now();
  private stopped: Promise<void> | null = null;
  private closed: Promise<void> | null = null;

  constructor(
    private readonly backend: QueueBackend,
    private readonly queue: TaskQueue,
    private readonly options: ConsumerOptions,
    private readonly log: Log,
  ) {
    super();
    this.lockMs = options.lockMs ?? 10_000;
    this.stalledIntervalMs = options.stalledIntervalMs ?? 5_000;
    this.pollMs = options.pollMs ?? 2_000;
    const outage = new OutageLog(log, `Fetching from the ${backend.kind} queue`);
    this.deciding = new OutageLog(log, 'Deciding on attempts');
    this.allocator = new SlotAllocator({
      slots: options.slots,
      fetch: async (priority) => await this.fetchSingle(priority),
      fetchBundle: async (priority, atMost) => await this.fetchBundle(priority, atMost),
      run: (message, priority, release) => this.run(message, priority, release),
      putBack: (message, priority) => this.putBack(message, priority),
      fetchFailed: (error) => outage.failed(error),
      fetchAnswered: () => outage.works(),
      runFailed: (error) => this.deciding.failed(error),
    });
  }

  override get busy(): number {
    return this.allocator.busy;
  }

  override get lastProgressAt(): number | null {
    if (this.handler === null || this.stopped !== null) return null;
    return Math.max(this.tickedAt, this.allocator.lastProgressAt);
  }

  override get idleSince(): number | null {
    return this.handler === null ? null : this.allocator.idleSince;
  }

  override async start(
    handler: AttemptHandler,
    returned: (priority: Priority) => void = () => undefined,
  ): Promise<void> {
    if (this.handler) throw new Error('The consumer is started already');
    this.handler = handler;
    this.returned = returned;
    this.tickedAt = performance.now();
    if (this.stopped) return; // told to stop before it began
    this.open();
    this.allocator.start();
  }

  override renew(): void {
    if (this.handler === null || this.stopped !== null) return;
    this.retired.add({
      lanes: [...this.lanes.values()].flatMap(both),
      leave: this.backend.renewConnection(),
    });
    this.generation++;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.open();
    this.allocator.nudge();
  }

  /** Makes the lanes, and the timers that look after them. */
  private open(): void {
    const { prefix } = this.options;
    for (const priority of PRIORITIES)
      this.lanes.set(priority, {
        single: this.createLane(queueName(prefix, priority)),
        bundle: this.createLane(bundleQueueName(prefix, priority)),
      });
    this.repeatedly(
      () => this.pollMs * (0.75 + Math.random() / 2),
      async () => this.poll(),
    );
    this.repeatedly(
      () => this.lockMs / 3,
      async () => {
        await Promise.all([this.inEachLane((lane) => lane.renewLocks()), ...[...this.retired].map(wearOut)]);
        for (const old of this.retired) if (old.lanes.every((lane) => lane.isEmpty)) this.bury(old);
      },
    );
    this.repeatedly(
      () => this.stalledIntervalMs,
      () =>
        this.inEachLane(async (lane, priority) => {
          if ((await lane.reviveStalled()) > 0) this.allocator.nudge([priority]);
        }),
    );
  }

  /** Closes lanes that were replaced; that their backend may not answer any more is why they were. */
  private bury(old: Retired): void {
    this.retired.delete(old);
    void closeRetired(old);
  }

  override nudge(priorities?: readonly Priority[], bundles?: readonly Priority[]): void {
    this.allocator.nudge(priorities, bundles);
  }

  override mayKeepSlot(priority: Priority, inARow: number): boolean {
    return this.allocator.keep(priority, inARow);
  }

  override takeAtOnce({ attemptId, priority }: Message): boolean {
    return this.allocator.take({ attemptId, from: null }, priority);
  }

  override stopFetching(): Promise<void> {
    this.stopped ??= this.allocator.stop();
    return this.stopped;
  }

  override close(): Promise<void> {
    this.closed ??= (async () => {
      await this.stopFetching();
      for (const timer of this.timers) clearTimeout(timer);
      await Promise.all([this.inEachLane((lane) => lane.close()), ...[...this.retired].map(closeRetired)]);
    })();
    return this.closed;
  }

  private lanesOf(priority: Priority): Lanes {
    const lanes = this.lanes.get(priority);
    if (!lanes) throw new Error('The consumer is not started');
    return lanes;
  }

  private createLane(queueOrBundleQueue: string): MessageLane {
    const worker = this.backend.createWorker(queueOrBundleQueue, {
      lockDuration: this.lockMs,
      stalledInterval: this.stalledIntervalMs,
      maxStalledCount: NEVER_TOO_OFTEN,
      // Also for messages that somebody else added without these options.
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    return new MessageLane(worker, this.lockMs, this.log);
  }

  /** Bounded in time, so that stopping is; what arrives too late goes back. */
  private fetch(lane: MessageLane): Promise<FetchedMessage | null> {
    let late = false;
    const fetching = this.backend.usable().then(() => (late ? null : lane.fetch()));
    return withDeadline(fetching, FETCH_DEADLINE_MS, () => {
      late = true;
      fetching.then((message) => message && lane.putBack(message)).catch(() => undefined);
      return noAnswer();
    });
  }

  private async fetchSingle(priority: Priority): Promise<HeldMessage | null> {
    const { single: lane } = this.lanesOf(priority);
    const message = await this.fetch(lane);
    return message === null ? null : { attemptId: message.attemptId, from: { message, lane } };
  }

  /** The first attempts of the next bundle; the others have messages of their own before long. */
  private async fetchBundle(priority: Priority, atMost: number): Promise<HeldMessage[]> {
    const { bundle: lane } = this.lanesOf(priority);
    for (;;) {
      const message = await this.fetch(lane);
      if (message === null) return [];
      const attemptIds = attemptsOf(message.job.data);
      if (attemptIds === null) {
        this.log.warn(`Dropped a message that is no bundle: ${message.attemptId.slice(0, 100)}`);
        lane.complete(message);
        continue;
      }
      const bundle = new OpenBundle(message, attemptIds.length, lane);
      const held = attemptIds.map((attemptId) => ({ attemptId, from: bundle }));
      await this.giveBackPart(held.slice(atMost), bundle, priority);
      return held.slice(0, atMost);
    }
  }

  /** Attempts of a bundle become messages of their own, the next ones; until they are, the bundle stands for them. */
  private async giveBackPart(
    part: readonly HeldMessage[],
    bundle: OpenBundle,
    priority: Priority,
  ): Promise<void> {
    if (part.length === 0) return;
    try {
      await this.queue.enqueueFirst(part.map(({ attemptId }) => ({ attemptId, priority })));
    } catch (error) {
      this.log.debug?.(`A bundle comes again as a whole: ${describe(error)}`);
      bundle.abandon();
      return;
    }
    bundle.settled(part.length);
    this.allocator.nudge([priority], []);
    this.returned(priority);
  }

  /** One message, from the hand-over to the handler until nothing is left to do for it. */
  private async run(message: HeldMessage, priority: Priority, release: () => void): Promise<void> {
    let open = true;
    const decided = () => {
      if (!open) return;
      open = false;
      this.deciding.works();
      const { from } = message;
      if (from instanceof OpenBundle) from.settled(1);
      else from?.lane.complete(from.message);
    };
    try {
      await this.handler?.(message.attemptId, decided, release);
      decided(); // the handler is done with it, whether it said so or not
    } catch (error) {
      if (!open) {
        this.log.warn(`The handler of attempt ${message.attemptId} failed: ${describe(error)}`);
        return;
      }
      open = false;
      await this.putBack(message, priority).catch(() => undefined); // when the queue is away as well, its lock runs out
      throw error;
    }
  }

  private async putBack(message: HeldMessage, priority: Priority): Promise<void> {
    const { from } = message;
    if (from instanceof OpenBundle) await this.giveBackPart([message], from, priority);
    else await from?.lane.putBack(from.message);
  }

  private poll(): void {
    // A fetch that is never answered must show as missing progress.
    if (this.allocator.fetchesUnderWay === 0) this.tickedAt = performance.now();
    this.allocator.nudge();
  }

  private async inEachLane(work: (lane: MessageLane, priority: Priority) => Promise<void>): Promise<void> {
    await Promise.all(
      [...this.lanes].flatMap(([priority, lanes]) => both(lanes).map((lane) => work(lane, priority))),
    );
  }

  /**
   * Until the consumer is closed or renewed; what fails is done again the next time, and so is what gives no answer: the
   * chain of rounds must not break.
   */
  private repeatedly(delayMs: () => number, work: () => Promise<void>): void {
    const { generation } = this;
    if (this.closed) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      withDeadline(work(), FETCH_DEADLINE_MS, noAnswer)
        .catch((error: unknown) => this.log.debug?.(`Queue upkeep failed: ${describe(error)}`))
        .finally(() => {
          if (generation === this.generation) this.repeatedly(delayMs, work);
        });
    }, delayMs());
    this.timers.add(timer);
  }
}

/** Of one class: its single messages, and its bundles. */
interface Lanes {
  readonly single: MessageLane;
  readonly bundle: MessageLane;
}

function both({ single, bundle }: Lanes): MessageLane[] {
  return [single, bundle];
}

/** Lanes of one connection, and how to end that. */
interface Retired {
  readonly lanes: readonly MessageLane[];
  readonly leave: () => Promise<void>;
}

async function wearOut({ lanes }: Retired): Promise<void> {
  await Promise.all(lanes.map((lane) => lane.renewLocks().catch(() => undefined)));
}

async function closeRetired({ lanes, leave }: Retired): Promise<void> {
  const closing = Promise.all(lanes.map((lane) => lane.close()));
  await withDeadline(closing, FETCH_DEADLINE_MS, noAnswer).catch(() => undefined);
  await leave().catch(() => undefined);
}

function noAnswer(): Error {
  return new Error(`no answer within ${FETCH_DEADLINE_MS} ms`);
}
