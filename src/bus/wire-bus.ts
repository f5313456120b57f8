/**
 * What both buses have in common: listeners, coalescing, and dropping one's own echo.
 *
 * The first nudge after a pause leaves at the end of the tick; what follows waits until that is out and a moment has
 * passed, and leaves as one message: 2 ms where workers wait for it, 20 ms where people watch. Nothing is kept while the wire is down: instead, the first message after it
 * tells all peers that they missed something.
 */
import { randomUUID } from 'node:crypto';
import { Bus, type Nudge } from './bus.js';
import { NudgeBatch } from './nudge-batch.js';
import { decode, encode } from './wire-format.js';

/** Where the bus writes to; Nest's Logger is one. */
export interface BusLog {
  log(message: string): void;
  warn(message: string): void;
}

const QUIET_MS = 2;
/** Of a stream of events that nothing but a display waits for. */
const QUIET_EVENTS_MS = 20;
const RETRY_MS = 500;
/** Peers that come back together, and this process itself, ask for one catching up, not for many. */
const CATCH_UP_MS = 20;
/** More than this in one batch means the wire is stuck; it is dropped, and peers are told. */
const MAX_BATCH = 10_000;

export abstract class WireBus extends Bus {
  private readonly origin = randomUUID();
  private readonly listeners = new Set<(nudge: Nudge) => void>();
  private readonly reconnectListeners = new Set<() => void>();
  private batch = new NudgeBatch();
  private missed = false;
  private down = false;
  private sending: Promise<void> | null = null;
  private sentAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private timerAt = 0;
  private immediate: NodeJS.Immediate | undefined;
  private catchUp: NodeJS.Timeout | undefined;
  protected closed = false;

  /** @param maxBytes of one payload */
  constructor(
    protected readonly log: BusLog,
    private readonly maxBytes: number,
  ) {
    super();
  }

  override publish(nudges: readonly Nudge[]): void {
    if (nudges.length === 0 || this.closed) return;
    queueMicrotask(() => {
      for (const nudge of nudges) this.deliver(nudge);
    });
    for (const nudge of nudges) this.batch.add(nudge);
    if (this.batch.size > MAX_BATCH) {
      this.batch = new NudgeBatch();
      this.missed = true;
    }
    this.scheduleFlush();
  }

  override subscribe(listener: (nudge: Nudge) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  override onReconnect(listener: () => void): () => void {
    this.reconnectListeners.add(listener);
    return () => this.reconnectListeners.delete(listener);
  }

  /** Sends what is left and lets go of the wire. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.cancelTimers();
    await this.sending;
    if (this.batch.size > 0 && !this.down) await this.flush();
    this.cancelTimers();
    await this.disconnect();
  }

  /** Puts the payloads on the wire; rejects when it is down, within a few seconds. */
  protected abstract send(payloads: readonly string[]): Promise<void>;
  protected abstract disconnect(): Promise<void>;

  /** To be called with every payload that arrives. */
  protected received(payload: string): void {
    try {
      const message = decode(payload);
      if (message.origin === this.origin) return;
      if (message.missed) this.mayHaveMissed();
      for (const nudge of message.nudges) this.deliver(nudge);
    } catch (error) {
      this.log.warn(`Ignored a message on the bus: ${describe(error)}`);
    }
  }

  /** To be called whenever the subscription stands (again). */
  protected mayHaveMissed(): void {
    this.catchUp ??= setTimeout(() => {
      this.catchUp = undefined;
      for (const listener of this.reconnectListeners) this.guard(listener);
    }, CATCH_UP_MS);
  }

  private deliver(nudge: Nudge): void {
    for (const listener of this.listeners) this.guard(() => listener(nudge));
  }

  private guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.log.warn(`A listener of the bus failed: ${describe(error)}`);
    }
  }

  private scheduleFlush(): void {
    if (this.closed || this.sending || this.immediate) return;
    const quietMs = this.batch.isUrgent ? QUIET_MS : QUIET_EVENTS_MS;
    const now = Date.now();
    const dueAt = this.down ? now + RETRY_MS : this.sentAt + quietMs;
    if (this.timer !== undefined && this.timerAt <= dueAt) return;
    clearTimeout(this.timer);
    const flush = () => {
      this.timer = this.immediate = undefined;
      void this.flush();
    };
    this.timerAt = dueAt;
    // A clock that was set back must not silence the bus.
    const waitMs = Math.min(dueAt - now, RETRY_MS);
    if (waitMs > 0) {
      this.timer = setTimeout(flush, waitMs);
    } else {
      this.timer = undefined;
      this.immediate = setImmediate(flush);
    }
  }

  private flush(): Promise<void> {
    const message = { origin: this.origin, nudges: this.batch.nudges(), missed: this.missed };
    this.batch = new NudgeBatch();
    this.missed = false;
    const { payloads, oversized } = encode(message, this.maxBytes);
    if (oversized.length > 0) this.log.warn(`${oversized.length} nudges were too large for the bus`);
    this.sending = this.send(payloads).then(
      () => this.sent(),
      (error: unknown) => this.notSent(error),
    );
    return this.sending;
  }

  private sent(): void {
    this.sending = null;
    this.sentAt = Date.now();
    if (this.down) this.log.log('The bus works again');
    this.down = false;
    if (this.batch.size > 0) this.scheduleFlush();
  }

  private notSent(error: unknown): void {
    this.sending = null;
    this.missed = true;
    if (!this.down) this.log.warn(`The bus is down, trying again until it is not: ${describe(error)}`);
    this.down = true;
    // Even without anything new to say: peers must hear that they missed something.
    this.scheduleFlush();
  }

  private cancelTimers(): void {
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    clearTimeout(this.catchUp);
    this.timer = this.immediate = this.catchUp = undefined;
  }
}

/** The message of an error; of the AggregateError of a refused connection, the first one's. */
function describe(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
