import { PRIORITIES, type Priority } from '../domain/priority.js';
import { withDeadline } from './deadline.js';
import type { PriorityQueue, QueueBackend } from './queue-backend.js';
import type { QueueLoss, QueueMemory } from './queue-memory.js';
import { MESSAGE_NAME } from './queue-names.js';
import { QueueUnavailableError } from './queue-unavailable-error.js';
import { type Message, type QueueCounts, type QueueStats, TaskQueue } from './task-queue.js';

/** How long one step may take before the caller is told that the backend is away. */
const DEADLINE_MS = 1_900;
/** Messages per pipeline: small enough to be taken within the deadline, and to let other commands in between. */
const CHUNK = 500;

/** What every message is added with: it is gone for good as soon as it is done. */
export const MESSAGE_OPTIONS = { removeOnComplete: true, removeOnFail: true } as const;

/** The four priority queues, by class. */
export type PriorityQueues = Readonly<Record<Priority, PriorityQueue>>;

export class BullmqTaskQueue extends TaskQueue {
  constructor(
    private readonly queues: PriorityQueues,
    private readonly backend: QueueBackend,
    private readonly memory: QueueMemory | null = null,
  ) {
    super();
  }

  override async enqueue(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const ids = new Map<Priority, string[]>();
    for (const { attemptId, priority } of messages) {
      assertUsableId(attemptId);
      const sameClass = ids.get(priority);
      if (sameClass) sameClass.push(attemptId);
      else ids.set(priority, [attemptId]);
    }
    await Promise.all([...ids].map(([priority, attemptIds]) => this.add(this.queues[priority], attemptIds)));
  }

  override counts(): Promise<Record<Priority, QueueCounts>> {
    return this.ofEachClass((queue) => count(queue));
  }

  override stats(): Promise<Record<Priority, QueueStats>> {
    return this.ofEachClass(async (queue) => {
      const counts = await count(queue);
      const oldest = counts.waiting > 0 ? await this.backend.oldest(queue, counts.waiting) : undefined;
      const ageSeconds = oldest ? Math.max(0, (Date.now() - oldest.timestamp) / 1000) : null;
      return { ...counts, oldest_age_seconds: ageSeconds };
    });
  }

  override async ping(): Promise<void> {
    await this.reach(() => this.backend.ping());
  }

  /** A queue that somebody paused by BullMQ's tools gives nothing out. */
  override async hasWaiting(): Promise<boolean> {
    const waits = await this.ofEachClass(
      async (queue) => (await count(queue)).waiting > 0 && !(await queue.isPaused()),
    );
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

  private async add(queue: PriorityQueue, attemptIds: readonly string[]): Promise<void> {
    const [only] = attemptIds;
    if (only !== undefined && attemptIds.length === 1) {
      await this.reach(() => queue.add(MESSAGE_NAME, {}, { ...MESSAGE_OPTIONS, jobId: only }));
      return;
    }
    for (let from = 0; from < attemptIds.length; from += CHUNK) {
      const chunk = attemptIds.slice(from, from + CHUNK);
      await this.reach(() =>
        queue.addBulk(
          chunk.map((jobId) => ({ name: MESSAGE_NAME, data: {}, opts: { ...MESSAGE_OPTIONS, jobId } })),
        ),
      );
    }
  }

  private async ofEachClass<T>(ask: (queue: PriorityQueue) => Promise<T>): Promise<Record<Priority, T>> {
    const answers = await Promise.all(
      PRIORITIES.map(
        async (priority) => [priority, await this.reach(() => ask(this.queues[priority]))] as const,
      ),
    );
    return Object.fromEntries(answers) as Record<Priority, T>;
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

async function count(queue: PriorityQueue): Promise<QueueCounts> {
  const counts = await queue.getJobCounts('waiting', 'active');
  return { waiting: counts['waiting'] ?? 0, active: counts['active'] ?? 0 };
}

/** BullMQ refuses such ids, too, but only after a round trip, and not in a batch of its own. */
function assertUsableId(attemptId: string): void {
  if (attemptId === '' || attemptId.includes(':') || /^\d+$/.test(attemptId))
    throw new TypeError(`Not usable as a message id: ${JSON.stringify(attemptId)}`);
}
