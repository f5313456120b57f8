/**
 * One class's BullMQ queue, as the consumer uses it: fetch, complete, put back, keep locked.
 *
 * A decided message is completed in the background. Should a fetch of the same class begin within FUSE_MS, it
 * takes the completion along in its own round trip; else a timer sends it.
 *
 * Who moves a message on when this process dies: its lock runs out, and the stalled check of any worker moves it
 * back to waiting. A completion that fails has the same end: the message comes again, and the claim says no.
 */
import type { ManualWorker, MessageJob } from './queue-backend.js';
import { describe, type Log } from './outage-log.js';

/** How long a completion waits for a fetch it can travel with. */
const FUSE_MS = 30;

/** A fetched message: locked by its token until it is completed or put back. */
export interface FetchedMessage {
  readonly attemptId: string;
  readonly job: MessageJob;
  readonly token: string;
}

export class MessageLane {
  /** Fetched, not completed and not put back. Their locks are renewed. */
  private readonly held = new Map<string, FetchedMessage>();
  private completable: FetchedMessage[] = [];
  private fuse: NodeJS.Timeout | undefined;
  private readonly completing = new Set<Promise<void>>();
  private tokens = 0;

  constructor(
    private readonly worker: ManualWorker,
    private readonly lockMs: number,
    private readonly log: Log,
  ) {}

  /** Whether it holds no message any more, neither undecided nor to be completed. */
  get isEmpty(): boolean {
    return this.held.size === 0 && this.completable.length === 0 && this.completing.size === 0;
  }

  /**
   * Moves messages whose lock ran out back to waiting, whoever held them; how many, or 0 when another worker did
   * so a moment ago. A message is moved by the second check that finds it.
   */
  async reviveStalled(): Promise<number> {
    return (await this.worker.getBackend().moveStalledJobsToWait()).length;
  }

  async fetch(): Promise<FetchedMessage | null> {
    const done = this.completable.shift();
    if (done) {
      try {
        return this.hold(await this.worker.completeAndNext(done.job, done.token), done.token);
      } catch (error) {
        this.log.debug?.(`Message ${done.attemptId} could not be completed: ${describe(error)}`);
        // The message was not ours any more; BullMQ says so before it fetches. Anything else is an outage.
        if (!isRefusal(error)) throw error;
      }
    }
    const token = `${this.worker.id}.${++this.tokens}`;
    return this.hold(await this.worker.next(token), token);
  }

  /** Has the message removed, soon; failures are logged and harmless. */
  complete(message: FetchedMessage): void {
    if (!this.held.delete(keyOf(message))) return;
    this.completable.push(message);
    this.fuse ??= setTimeout(() => this.completeAll(), FUSE_MS);
  }

  /** Lets go of the message as it is: its lock runs out, and it comes again. */
  abandon(message: FetchedMessage): void {
    this.held.delete(keyOf(message));
  }

  /** Makes the message wait again: as the next one on Redis, as the last one on PostgreSQL. */
  async putBack(message: FetchedMessage): Promise<void> {
    if (!this.held.delete(keyOf(message))) return;
    await message.job.moveToWait(message.token);
  }

  /** Extends the locks of all messages held, so that a slow claim does not make them stall. */
  async renewLocks(): Promise<void> {
    if (this.held.size === 0) return;
    const held = [...this.held.values()];
    await this.worker.extendJobLocks(
      held.map(({ attemptId }) => attemptId),
      held.map(({ token }) => token),
      this.lockMs,
    );
  }

  /** Sends what is left to complete and lets go of the queue. */
  async close(): Promise<void> {
    this.completeAll();
    await Promise.all(this.completing);
    await this.worker.close();
  }

  private hold(job: MessageJob | null, token: string): FetchedMessage | null {
    if (!job) return null;
    const message: FetchedMessage = { attemptId: job.id ?? '', job, token };
    this.held.set(keyOf(message), message);
    return message;
  }

  private completeAll(): void {
    clearTimeout(this.fuse);
    this.fuse = undefined;
    for (const message of this.completable.splice(0)) {
      const sending = message.job
        .moveToCompleted(undefined, message.token, false)
        .then(
          () => undefined,
          (error: unknown) =>
            this.log.debug?.(`Message ${message.attemptId} could not be completed: ${describe(error)}`),
        )
        .finally(() => this.completing.delete(sending));
      this.completing.add(sending);
    }
  }
}

/** A message that stalled and came again is held twice, under two tokens; a token may see many messages. */
function keyOf(message: FetchedMessage): string {
  return `${message.token}:${message.attemptId}`;
}

/** BullMQ answers "not yours", "not there", "not active" with a negative code. */
function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' && code < 0;
}
