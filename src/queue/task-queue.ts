import type { Priority } from '../domain/priority.js';
import type { QueueLoss } from './queue-memory.js';

/** A hint that an attempt is ready. The id is all it says; PostgreSQL decides what it means. */
export interface Message {
  attemptId: string;
  priority: Priority;
}

export interface QueueCounts {
  /** Messages nobody has fetched. */
  waiting: number;
  /** Messages fetched whose claim is not decided yet; a running attempt has no message any more. */
  active: number;
}

export interface QueueStats extends QueueCounts {
  /** Age of the message that waits longest, null when none waits. */
  oldest_age_seconds: number | null;
}

/** The producing side of the four priority queues; also the Nest token. */
export abstract class TaskQueue {
  /**
   * Adds messages; one whose id is still in its queue is dropped silently, so sending again is harmless.
   * Part of a large batch may be in when it rejects.
   *
   * @throws QueueUnavailableError within 2 s when the backend is away.
   */
  abstract enqueue(messages: readonly Message[]): Promise<void>;
  /**
   * The same for a backlog: most of it travels in bundles, which cost a fraction. An attempt that is in a bundle and is sent
   * again comes twice, which is harmless but not free; see `bundled`.
   *
   * @throws QueueUnavailableError within 2 s when the backend is away.
   */
  enqueueInBundles(messages: readonly Message[]): Promise<void> {
    return this.enqueue(messages);
  }

  /**
   * Adds messages so that they come next; where the backend knows no such place, last.
   *
   * @throws QueueUnavailableError within 2 s when the backend is away.
   */
  enqueueFirst(messages: readonly Message[]): Promise<void> {
    return this.enqueue(messages);
  }

  /**
   * Ids of the attempts that are in bundles, waiting or in hand.
   *
   * @param alive called between the steps, each of which is short
   * @throws QueueUnavailableError
   */
  bundled(alive: () => void | Promise<void>): Promise<ReadonlySet<string>> {
    void alive;
    return Promise.resolve(new Set<string>());
  }

  abstract counts(): Promise<Record<Priority, QueueCounts>>;
  abstract stats(): Promise<Record<Priority, QueueStats>>;
  /** One round trip to the backend. @throws QueueUnavailableError */
  abstract ping(): Promise<void>;

  /**
   * Whether a worker that asked now would be given a message. @throws QueueUnavailableError
   */
  async hasWaiting(): Promise<boolean> {
    return Object.values(await this.counts()).some((count) => count.waiting > 0);
  }

  /**
   * A loss of messages that nobody is making up for yet, 'claimed' while another process is, or null; one round trip. Who
   * gets it offers everything queued again and says so.
   *
   * @throws QueueUnavailableError
   */
  claimLoss(): Promise<QueueLoss | 'claimed' | null> {
    return Promise.resolve(null);
  }

  /**
   * Says that messages may be missing; the next who asks for a loss gets one. @returns false where losses are not shared
   * between processes, so that the caller has to see to it alone
   *
   * @throws QueueUnavailableError
   */
  reportLoss(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
