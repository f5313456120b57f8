import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { EndedAttemptsStore } from '../persistence/ended-attempts.store.js';

/** At most one write per process within this time. */
const EVERY_MS = 1_000;

/**
 * Counts the attempts whose end this process wrote, for the statistics: counting the rows of an hour would take seconds
 * where thousands end in each. Written beside the transitions, at once after a quiet second and otherwise once a second;
 * a process that is killed takes up to a second of counts along, and nothing else depends on them.
 */
@Injectable()
export class EndedTally implements OnApplicationShutdown {
  private waiting = { succeeded: 0, failed: 0 };
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();
  private writtenAt = -EVERY_MS;

  constructor(private readonly store: EndedAttemptsStore) {}

  count(outcome: 'succeeded' | 'failed'): void {
    this.waiting[outcome] += 1;
    this.writeSoon();
  }

  /** Writes what waits. */
  async onApplicationShutdown(): Promise<void> {
    if (this.timer !== null) this.begin();
    await this.writing;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private writeSoon(): void {
    if (this.timer !== null) return;
    const delayMs = Math.max(0, this.writtenAt + EVERY_MS - performance.now());
    this.timer = setTimeout(() => this.begin(), delayMs).unref();
  }

  private begin(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.writtenAt = performance.now();
    this.writing = this.writing.then(async () => await this.write());
  }

  private async write(): Promise<void> {
    const counts = this.waiting;
    this.waiting = { succeeded: 0, failed: 0 };
    try {
      await this.store.add(counts);
    } catch {
      // The database is away, which others report; the counts wait for it.
      this.waiting.succeeded += counts.succeeded;
      this.waiting.failed += counts.failed;
      this.writeSoon();
    }
  }
}
