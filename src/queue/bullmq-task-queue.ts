import { PRIORITIES, type Priority } from '../domain/priority.js';
import { withDeadline } from './deadline.js';
import { BUNDLE_SIZE, attemptsOf, bundleId, inBundles } from './bundles.js';
import type { MessageData, PriorityQueue, QueueBackend } from './queue-backend.js';
import type { QueueLoss, QueueMemory } from './queue-memory.js';
import { BUNDLE_NAME, MESSAGE_NAME } from './queue-names.js';
import { QueueUnavailableError } from './queue-unavailable-error.js';
import { type Message, type QueueCounts, type QueueStats, TaskQueue } from './task-queue.js';

/** How long one step may take before the caller is told that the backend is away. */
const DEADLINE_MS = 1_900;
/** Messages per pipeline: small enough to be taken within the deadline, and to let other commands in between. */
const CHUNK = 500;

/** What every message is added with: it is gone for good as soon as it is done. */
export const MESSAGE_OPTIONS = { removeOnComplete: true, removeOnFail: true } as const;

/** The four priority queues, by class; or those of what travels in bundles. */
export type PriorityQueues = Readonly<Record<Priority, PriorityQueue>>;

/** What BullMQ is given of one message. */
interface Addition {
  name: string;
  id: string;
  data: MessageData;
}

export class BullmqTaskQueue extends TaskQueue {
  constructor(
    private readonly queues: PriorityQueues,
    private readonly bundles: PriorityQueues,
    private readonly backend: QueueBackend,
    private readonly memory: QueueMemory | null = null,
  ) {
    super();
  }

  override async enqueue(messages: readonly Message[]): Promise<void> {
    await this.ofEachClassIn(messages, (priority, own) => this.add(this.queues[priority], own.map(single)));
  }

  override async enqueueInBundles(messages: readonly Message[]): Promise<void> {
    await this.ofEachClassIn(messages, async (priority, own) => {
      const { bundles, rest } = inBundles(own);
      const additions = bundles.map((attempts) => {
        const data: MessageData = { attempts };
        return { name: BUNDLE_NAME, id: bundleId(attempts), data };
      });
      await this.add(this.bundles[priority], additions);
      await this.add(this.queues[priority], rest.map(single));
    });
  }

  override async enqueueFirst(messages: readonly Message[]): Promise<void> {
    // Each is put before those that are there, so the first is added last.
    await this.ofEachClassIn([...messages].reverse(), (priority, own) =>
      this.add(this.queues[priority], own.map(single), { lifo: true }),
    );
  }

  override async bundled(alive: () => void | Promise<void>): Promise<ReadonlySet<string>> {
    const attemptIds = new Set<string>();
    for (const queue of Object.values(this.bundles)) {
      for (let from = 0; ; from += CHUNK) {
        const bundles = await this.reach(() => queue.getJobs(['waiting', 'active'], from, from + CHUNK - 1));
        for (const bundle of bundles) for (const id of attemptsOf(bundle?.data) ?? []) attemptIds.add(id);
        if (bundles.length === 0) break;
        await alive();
      }
    }
    return attemptIds;
  }

  override counts(): Promise<Record<Priority, QueueCounts>> {
    return this.ofEachClass(async (priority) => attemptsIn(...(await this.messagesOf(priority))));
  }

  override stats(): Promise<Record<Priority, QueueStats>> {
    return this.ofEachClass(async (priority) => {
      const [singles, bundles] = await this.messagesOf(priority);
      const ages = await Promise.all([
        this.oldestAgeSeconds(this.queues[priority], singles.waiting),
        this.oldestAgeSeconds(this.bundles[priority], bundles.waiting),
      ]);
      const known = ages.filter((age) => age !== null);
      return {
        ...attemptsIn(singles, bundles),
        oldest_age_seconds: known.length > 0 ? Math.max(...known) : null,
      };
    });
  }

  override async ping(): Promise<void> {
    await this.reach(() => this.backend.ping());
  }

  /** A queue that somebody paused by BullMQ's tools gives nothing out. */
  override async hasWaiting(): Promise<boolean> {
    const waits = await this.ofEachClass(async (priority) => {
      const both = [this.queues[priority], this.bundles[priority]];
      const each = both.map(async (queue) => (await countOf(queue)).waiting > 0 && !(await queue.isPaused()));
      return (await Promise.all(each)).includes(true);
    });
    return Object.values(waits).includes(true);
  }

  override async claimLoss(): Promise<QueueLoss | 'claimed' | null> {
    const { memory } = this;
    if (memory === null) return null;
    const loss = await this.reach(() => memory.claimLoss());
    if (loss === null || loss === 'claimed') return loss;
    return {
      renew: () => this.reach(() => loss.renew()),
      repaired: () => this.reach(() => loss.repaired()),
      giveUp: () => this.reach(() => loss.giveUp()),
    };
  }

  override async reportLoss(): Promise<boolean> {
    const { memory } = this;
    if (memory === null) return false;
    await this.reach(() => memory.reportLoss());
    return true;
  }

  private async ofEachClassIn(
    messages: readonly Message[],
    add: (priority: Priority, own: readonly Message[]) => Promise<void>,
  ): Promise<void> {
    const classes = new Map<Priority, Message[]>();
    for (const message of messages) {
      assertUsableId(message.attemptId);
      const sameClass = classes.get(message.priority);
      if (sameClass) sameClass.push(message);
      else classes.set(message.priority, [message]);
    }
    await Promise.all([...classes].map(([priority, own]) => add(priority, own)));
  }

  private async add(
    queue: PriorityQueue,
    additions: readonly Addition[],
    place: { lifo?: true } = {},
  ): Promise<void> {
    const [only] = additions;
    if (only !== undefined && additions.length === 1) {
      const options = { ...MESSAGE_OPTIONS, ...place, jobId: only.id };
      await this.reach(() => queue.add(only.name, only.data, options));
      return;
    }
    for (let from = 0; from < additions.length; from += CHUNK) {
      const chunk = additions.slice(from, from + CHUNK);
      await this.reach(() =>
        queue.addBulk(
          chunk.map(({ name, id, data }) => ({
            name,
            data,
            opts: { ...MESSAGE_OPTIONS, ...place, jobId: id },
          })),
        ),
      );
    }
  }

  private async ofEachClass<T>(ask: (priority: Priority) => Promise<T>): Promise<Record<Priority, T>> {
    const answers = await Promise.all(
      PRIORITIES.map(async (priority) => [priority, await this.reach(() => ask(priority))] as const),
    );
    return Object.fromEntries(answers) as Record<Priority, T>;
  }

  private async messagesOf(priority: Priority): Promise<[QueueCounts, QueueCounts]> {
    return await Promise.all([countOf(this.queues[priority]), countOf(this.bundles[priority])]);
  }

  private async oldestAgeSeconds(queue: PriorityQueue, waiting: number): Promise<number | null> {
    const oldest = waiting > 0 ? await this.backend.oldest(queue, waiting) : undefined;
    return oldest ? Math.max(0, (Date.now() - oldest.timestamp) / 1000) : null;
  }

  /** Every call to the backend goes through here: bounded in time, and failing with the one error of this room. */
  private async reach<T>(call: () => Promise<T>): Promise<T> {
    try {
      const answer = this.backend.usable().then(call);
      return await withDeadline(answer, DEADLINE_MS, () => new Error(`no answer within ${DEADLINE_MS} ms`));
    } catch (error) {
      throw new QueueUnavailableError(this.backend.kind, error);
    }
  }
}

async function countOf(queue: PriorityQueue): Promise<QueueCounts> {
  const counts = await queue.getJobCounts('waiting', 'active');
  return { waiting: counts['waiting'] ?? 0, active: counts['active'] ?? 0 };
}

function single({ attemptId }: Message): Addition {
  return { name: MESSAGE_NAME, id: attemptId, data: {} };
}

/** A bundle in hand counts whole until the last of its attempts is decided. */
function attemptsIn(singles: QueueCounts, bundles: QueueCounts): QueueCounts {
  return {
    waiting: singles.waiting + BUNDLE_SIZE * bundles.waiting,
    active: singles.active + BUNDLE_SIZE * bundles.active,
  };
}

/** BullMQ refuses such ids, too, but only after a round trip, and not in a batch of its own. */
function assertUsableId(attemptId: string): void {
  if (attemptId === '' || attemptId.includes(':') || /^\d+$/.test(attemptId))
    throw new TypeError(`Not usable as a message id: ${JSON.stringify(attemptId)}`);
}
