import type { Parcel } from './parcel.js';

/** How often a reader that has not taken everything yet is looked at. */
const LOOK_MS = 25;
/** A reader whose backlog does not shrink for so long is too slow. */
const PATIENCE_MS = 10_000;

/** One reader at the end of a connection, whatever the protocol. */
export abstract class Outlet {
  /** Hands messages to the connection, which keeps what the reader has not taken yet. No-op once closed. */
  abstract send(parcel: Parcel): void;
  /** What the connection keeps, in a unit of its own; 0 = the reader has taken everything. */
  abstract backlog(): number;
  /** Whether more is kept than a reader that keeps up ever needs. */
  abstract isLagging(): boolean;
  /** Whether so much is kept that the reader has to go. */
  abstract isOverrun(): boolean;
  abstract get isOpen(): boolean;
  /** Ends the connection with the reason that the reader is too slow. */
  abstract drop(): void;

  /** The reader has everything there is of its job; more may come. */
  atRest(): void {}

  private draining: Promise<boolean> | null = null;

  /** Waits until the reader has taken everything; one that takes nothing for long is dropped. @returns still open */
  async drained(): Promise<boolean> {
    this.draining ??= this.untilDrained().finally(() => (this.draining = null));
    return await this.draining;
  }

  private async untilDrained(): Promise<boolean> {
    let least = this.backlog();
    for (let shrunkAt = performance.now(); this.isOpen && this.backlog() > 0;) {
      await sleep(LOOK_MS);
      if (this.backlog() < least) {
        least = this.backlog();
        shrunkAt = performance.now();
      } else if (performance.now() - shrunkAt > PATIENCE_MS) {
        this.drop();
      }
    }
    return this.isOpen;
  }
}

const sleep = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));
