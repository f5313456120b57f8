import type { Priority } from '../domain/priority.js';

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
  abstract counts(): Promise<Record<Priority, QueueCounts>>;
  abstract stats(): Promise<Record<Priority, QueueStats>>;
  /** One round trip to the backend. @throws QueueUnavailableError */
  abstract ping(): Promise<void>;
}
