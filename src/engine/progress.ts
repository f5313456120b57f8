import { Injectable } from '@nestjs/common';

/**
 * Who in this process must make progress, and whether they do. A loop registers how long one round of it may take at
 * the very most and marks every round; liveness asks here, so a loop that hangs shows although the process is up.
 */
@Injectable()
export class Progress {
  private readonly loops = new Map<string, { maxSilenceMs: number; markedAt: number }>();

  /** Begins watching; the loop counts as just marked. */
  watch(loop: string, maxSilenceMs: number): void {
    this.loops.set(loop, { maxSilenceMs, markedAt: performance.now() });
  }

  mark(loop: string): void {
    const watched = this.loops.get(loop);
    if (watched !== undefined) watched.markedAt = performance.now();
  }

  /** A loop that ended on purpose is not missed. */
  forget(loop: string): void {
    this.loops.delete(loop);
  }

  /** Names of the loops that have been silent for too long. */
  stuck(): string[] {
    const now = performance.now();
    return [...this.loops]
      .filter(([, { maxSilenceMs, markedAt }]) => now - markedAt > maxSilenceMs)
      .map(([loop]) => loop);
  }
}
