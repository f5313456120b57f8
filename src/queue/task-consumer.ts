import type { Priority } from '../domain/priority.js';
import type { Message } from './task-queue.js';

/**
 * Runs one attempt. Calls `decided` once its claim is decided, either way: from then on the message is not
 * needed any more. Calls `release` when the attempt has ended and only its result is left to be written: the slot is another's
 * from then on, unless too many results are being written. The promise settles when nothing is left to do; the slot is free
 * then at the latest. A rejection before `decided` puts the message back and slows fetching down, as the database is most
 * likely away.
 */
export type AttemptHandler = (attemptId: string, decided: () => void, release: () => void) => Promise<void>;

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
   * @param inARow how many attempts the slot has run one after the other this way; Infinity where it should only be kept
   * when no message of its class may wait
   */
  abstract mayKeepSlot(priority: Priority, inARow: number): boolean;
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
  /** Slots in use: messages handed over whose handler has neither settled nor released its slot. */
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
