import type { Priority } from '../domain/priority.js';
import type { Message } from './task-queue.js';

/**
 * Runs one attempt. Calls `decided` once its claim is decided, either way: from then on the message is not
 * needed any more. The promise settles when the slot is free; a rejection before `decided` puts the message back
 * and slows fetching down, as the database is most likely away.
 */
export type AttemptHandler = (attemptId: string, decided: () => void) => Promise<void>;

/** The consuming side: keeps this worker's slots filled from the four priority queues; also the Nest token. */
export abstract class TaskConsumer {
  /**
   * Begins to fetch. Does not wait for the backend: fetching begins when it answers.
   *
   * @param returned hears that messages of a class wait again that this worker had no slot for
   */
  abstract start(handler: AttemptHandler, returned?: (priority: Priority) => void): Promise<void>;
  /**
   * Says that messages may be waiting, of these classes or of any, and bundles of those. Cheap; wire it to the bus.
   */
  abstract nudge(priorities?: readonly Priority[], bundles?: readonly Priority[]): void;
  /**
   * Whether a slot whose attempt of this class ends may go straight on with a successor of it, which has no message.
   * True only where the next fetch could as well have gone to the class; it then counts as one.
   *
   * @param inARow how many attempts the slot has run one after the other this way
   */
  abstract mayKeepSlot(priority: Priority, inARow: number): boolean;
  /**
   * Says that a handler is about to settle, so that the next message of its slot is fetched meanwhile; it runs when a
   * slot is free, never before. @returns what to call when the handler has settled, or goes on after all
   */
  abstract expectEnd(): () => void;
  /**
   * Hands a message that is in no queue straight to the handler when a slot is free for it that no waiting message has a
   * better right to. False: nothing was done, the message goes through its queue.
   *
   * A process that dies with it, or a handler that rejects, leaves no message behind: the sweep sends one.
   */
  abstract takeAtOnce(message: Message): boolean;
  /** Resolves when no fetch is under way; messages fetched but not handed over are back in their queue. */
  abstract stopFetching(): Promise<void>;
  /** Stops fetching, completes what was decided and lets go of the backend. Does not wait for handlers. */
  abstract close(): Promise<void>;
  /** Slots in use: messages handed over whose handler has not settled. */
  abstract readonly busy: number;
  /**
   * When the consumer's loop last turned; milliseconds on the clock of `performance.now()`. Null while it need not turn:
   * before the start and once it was told to stop. For the liveness check.
   */
  abstract readonly lastProgressAt: number | null;

  /**
   * Since when a slot has been free without anything coming or going; milliseconds on the clock of `performance.now()`. Null
   * while all slots are used, or none need be.
   */
  get idleSince(): number | null {
    return null;
  }

  /**
   * Takes everything between the slots and the backend down and makes it anew: connections, workers, timers. What runs
   * goes on, and what is in hand stays in hand.
   */
  renew(): void {}
}
