import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore } from '../persistence/event.store.js';
import type { Outlet } from './outlet.js';
import { inChunks, Parcel } from './parcel.js';

/** Events read at once while catching up. */
const PAGE = 100;
const RETRY_MS = 1_000;

/**
 * The events of one job for one reader: each once, in order, without a gap, from `sent` on.
 *
 * At rest it takes what it is offered as long as that continues where it is. Whenever it does not (a nudge was lost, the
 * stream is new, the reader is slow) it reads the table itself, a page at a time, each only after the reader has taken
 * the one before. So a slow reader costs a lagging cursor and at most one page of memory.
 */
export class JobStream {
  private isReading = true;
  /** Something new was committed while it was reading. */
  private again = false;
  private readonly logger = new Logger('Events');

  /** @param sent `seq` of the last event the reader has; reading begins with `run` */
  constructor(
    readonly runId: string,
    private readonly outlet: Outlet,
    private readonly store: EventStore,
    private sent = 0,
  ) {}

  /** Where it is; null while it reads by itself. */
  get restingAt(): number | null {
    return this.isReading ? null : this.sent;
  }

  /** Begins: everything behind `sent`, then whatever comes. */
  begin(sent: number): void {
    this.sent = sent;
    void this.read();
  }

  /** Something may be new. */
  wake(): void {
    if (this.isReading) this.again = true;
    else void this.read();
  }

  /** Events of this job, in order and without a gap between them. */
  offer(parcel: Parcel): void {
    const { messages } = parcel;
    if (messages.length === 0 || messages[messages.length - 1].seq <= this.sent) return;
    if (this.isReading || messages[0].seq > this.sent + 1 || this.outlet.isLagging()) {
      this.wake();
      return;
    }
    this.send(parcel.without(({ seq }) => seq <= this.sent));
    this.outlet.atRest();
  }

  private async read(): Promise<void> {
    this.isReading = true;
    while (this.outlet.isOpen) {
      this.again = false;
      try {
        const page = await this.store.list(this.runId, this.sent, PAGE);
        for (const chunk of inChunks(page)) {
          if (this.outlet.isLagging() && !(await this.outlet.drained())) return;
          this.send(Parcel.ofJob(chunk));
        }
        if (!(await this.outlet.drained())) return;
        if (page.length < PAGE && !this.again) {
          this.isReading = false;
          this.outlet.atRest();
          return;
        }
      } catch (error) {
        this.logger.debug(`Events of ${this.runId} cannot be read: ${String(error)}`);
        await sleep(RETRY_MS);
      }
    }
  }

  private send(parcel: Parcel): void {
    this.outlet.send(parcel);
    this.sent = parcel.messages[parcel.messages.length - 1].seq;
  }
}
