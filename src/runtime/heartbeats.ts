/** After a heartbeat that failed: what ends in a second (a restart, a cut session) costs no lease. */
const RETRY_MS = 500;
/** One that is answered late is no reason to send more and more. */
const MAX_UNDER_WAY = 4;

/**
 * When heartbeats are sent: one every `everyMs`, soon again after one that failed, and after half the time while the newest
 * is not answered. So they overlap where the database is slow: each counts from when it was sent, and as long as
 * answers take less than what the lease leaves, one of them always arrives in time.
 */
export class Heartbeats {
  private newest = 0;
  private underWay = 0;
  /** Of those under way: what becomes of one of an earlier generation does not count. */
  private generation = 0;
  private dueAt = -Infinity;
  private lastSentAt = -Infinity;

  constructor(
    private readonly everyMs: number,
    private readonly send: () => Promise<void>,
  ) {}

  /** When the newest was sent: long ago means that this process stood still. */
  get sentAt(): number {
    return this.lastSentAt;
  }

  /** Begins anew: those under way are of a lease that is over, or hang. */
  abandon(): void {
    this.generation += 1;
    this.underWay = 0;
    this.dueAt = -Infinity;
  }

  /** To be called often; `now` is that of `performance.now()`. */
  tick(now: number): void {
    if (now < this.dueAt || this.underWay === MAX_UNDER_WAY) return;
    const number = ++this.newest;
    this.underWay += 1;
    this.lastSentAt = now;
    this.dueAt = now + this.everyMs / 2;
    const { generation } = this;
    const settle = (dueAt: number): void => {
      if (generation !== this.generation) return;
      this.underWay -= 1;
      if (number === this.newest) this.dueAt = dueAt;
    };
    this.send().then(
      () => settle(now + this.everyMs),
      () => settle(Math.min(now + this.everyMs, performance.now() + RETRY_MS)),
    );
  }
}
