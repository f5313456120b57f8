import type { Priority } from '../domain/priority.js';

/**
 * Runs one attempt. Calls `decided` once its claim is decided, either way: from then on the message is not
 * needed any more. The promise settles when the slot is free; a rejection before `decided` puts the message back
 * and slows fetching down, as the database is most likely away.
 */
export type AttemptHandler = (attemptId: string, decided: () => void) => Promise<void>;

/** The consuming side: keeps this worker's slots filled from the four priority queues; also the Nest token. */
export abstract class TaskConsumer {
  /** Begins to fetch. Does not wait for the backend: fetching begins when it answers. */
  abstract start(handler: AttemptHandler): Promise<void>;
  /** Says that messages may be waiting, of these classes or of any. Cheap; wire it to the bus. */
  abstract nudge(priorities?: readonly Priority[]): void;
  /**
   * Whether a slot whose attempt of this class ends may go straight on with a successor of it, which has no message.
   * True only where the next fetch could as well have gone to the class; it then counts as one.
   *
   * @param inARow how many attempts the slot has run one after the other this way
   */
  abstract mayKeepSlot(priority: Priority, inARow: number): boolean;
  /** Resolves when no fetch is under way; messages fetched but not handed over are back in their queue. */
  abstract stopFetching(): Promise<void>;
  /** Stops fetching, completes what was decided and lets go of the backend. Does not wait for handlers. */
  abstract close(): Promise<void>;
  /** Slots in use: messages handed over whose handler has not settled. */
  abstract readonly busy: number;
  /** When the consumer's loop last turned; milliseconds since the epoch. For the liveness check. */
  abstract readonly lastProgressAt: number;
}
