import type { Logger } from '@nestjs/common';
import type { GivingUp } from '../engine/giving-up.js';
import type { Progress } from '../engine/progress.js';

/** What one loop of the scheduler role does, and how often. */
export interface LoopPlan {
  name: string;
  everyMs: number;
  /** One round; what may take long calls `alive` between its steps. */
  round: (alive: () => void) => Promise<unknown>;
}

/** What the loops of one process share. */
export interface LoopSurroundings {
  logger: Logger;
  progress: Progress;
  givingUp: GivingUp;
  /** A round that gives no sign of life for so long has hung. */
  maxSilenceMs: number;
}

interface Round {
  aliveAt: number;
  ended: Promise<void>;
}

/**
 * One round at a time. A round that fails is logged once per outage, and the next one is tried as if nothing had been. A
 * round that hangs is abandoned for a new one; should it come back to life it ends at its next step, and what it wrote until
 * then was guarded by its own statement. When the next round hangs as well, the process gives up.
 */
export class Loop {
  private current: Round | null = null;
  private isFailing = false;
  private hungInARow = 0;

  constructor(
    private readonly plan: LoopPlan,
    private readonly surroundings: LoopSurroundings,
  ) {}

  get name(): string {
    return this.plan.name;
  }

  get everyMs(): number {
    return this.plan.everyMs;
  }

  /** Begins a round, unless one is under way. */
  begin(): void {
    if (this.current !== null && !this.hasHung(this.current)) return;
    const round: Round = { aliveAt: performance.now(), ended: Promise.resolve() };
    this.current = round;
    round.ended = this.run(round);
  }

  /** Resolves when no round is under way. */
  async settle(): Promise<void> {
    await this.current?.ended;
  }

  /** @returns whether the round is not waited for any more */
  private hasHung(round: Round): boolean {
    const { logger, progress, givingUp, maxSilenceMs } = this.surroundings;
    if (performance.now() - round.aliveAt <= maxSilenceMs) return false;
    this.hungInARow += 1;
    const what = `the loop "${this.name}" has hung for ${Math.round(maxSilenceMs / 1_000)} s`;
    if (this.hungInARow > 1) {
      givingUp.giveUp(`${what} twice in a row`);
      return false;
    }
    logger.error(`A round of ${what}: it is abandoned, and the loop begins anew.`);
    progress.mark(this.name);
    return true;
  }

  private async run(round: Round): Promise<void> {
    const { logger, progress } = this.surroundings;
    const alive = (): void => {
      if (round !== this.current) throw new Error('this round was abandoned');
      round.aliveAt = performance.now();
      progress.mark(this.name);
    };
    try {
      await this.plan.round(alive);
      if (round === this.current && this.isFailing) logger.log(`The loop "${this.name}" works again.`);
      if (round === this.current) this.isFailing = false;
    } catch (error) {
      if (round === this.current && !this.isFailing) {
        logger.warn(
          `The loop "${this.name}" fails: ${error instanceof Error ? error.message : String(error)}`,
        );
        this.isFailing = true;
      }
    }
    if (round !== this.current) return;
    this.current = null;
    this.hungInARow = 0;
    progress.mark(this.name);
  }
}
