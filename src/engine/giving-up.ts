import { Injectable } from '@nestjs/common';

/** EX_TEMPFAIL of sysexits.h: nothing is wrong with the configuration, start it again. */
export const GAVE_UP_EXIT_CODE = 75;

/**
 * The last resort of a part that makes no progress although work is due, and that beginning anew has not helped: the
 * process ends in order, and whoever keeps it running starts a fresh one. Whoever owns the process listens.
 */
@Injectable()
export class GivingUp {
  private reason: string | null = null;
  private end: (reason: string) => void = () => undefined;

  /** Calls the listener once, also for what was given up before. */
  onGivenUp(end: (reason: string) => void): void {
    if (this.reason === null) this.end = end;
    else end(this.reason);
  }

  giveUp(reason: string): void {
    if (this.reason !== null) return;
    this.reason = reason;
    this.end(reason);
  }
}
