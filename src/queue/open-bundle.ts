import type { FetchedMessage, MessageLane } from './message-lane.js';

/**
 * A fetched bundle: its message is done with when none of its attempts needs it any more. When this process dies before, its
 * lock runs out and it comes again whole; the attempts that were decided are refused by the claim then.
 */
export class OpenBundle {
  constructor(
    private readonly message: FetchedMessage,
    private open: number,
    private readonly lane: MessageLane,
  ) {}

  /** So many of its attempts are decided, or have messages of their own. */
  settled(attempts: number): void {
    this.open -= attempts;
    if (this.open === 0) this.lane.complete(this.message);
  }

  /** Some of its attempts were neither run nor given messages: it must come again. */
  abandon(): void {
    this.lane.abandon(this.message);
  }
}
