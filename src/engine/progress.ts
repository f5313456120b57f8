import { Injectable } from '@nestjs/common';

interface Watched {
  maxSilenceMs: number;
  /** When the loop last turned, on the clock of `performance.now()`; null while it need not turn. */
  turnedAt: () => number | null;
}

/**
 * Who in this process must make progress, and whether they do. A loop registers how long one round of it may take at
 * the very most and marks every round, or keeps the time itself; liveness asks here, so a loop that hangs shows although
 * the process is up.
 */
@Injectable()
export class Progress {
  private readonly loops = new Map<string, Watched>();
  private readonly markedAt = new Map<string, number>();

  /** Begins watching; the loop counts as just marked. */
  watch(loop: string, maxSilenceMs: number): void {
    this.markedAt.set(loop, performance.now());
    this.watchSource(loop, maxSilenceMs, () => this.markedAt.get(loop) ?? null);
  }

  /**
   * Begins watching a loop that is not marked but says itself when it last turned.
   *
   * @param turnedAt on the clock of `performance.now()`; null while the loop need not turn
   */
  watchSource(loop: string, maxSilenceMs: number, turnedAt: () => number | null): void {
    this.loops.set(loop, { maxSilenceMs, turnedAt });
  }

  mark(loop: string): void {
    if (this.markedAt.has(loop)) this.markedAt.set(loop, performance.now());
  }

  /** A loop that ended on purpose is not missed. */
  forget(loop: string): void {
    this.loops.delete(loop);
    this.markedAt.delete(loop);
  }

  /** Names of the loops that have been silent for too long. */
  stuck(): string[] {
    const now = performance.now();
    return [...this.loops]
      .filter(([, { maxSilenceMs, turnedAt }]) => now - (turnedAt() ?? now) > maxSilenceMs)
      .map(([loop]) => loop);
  }
}
