import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { GivingUp } from '../engine/giving-up.js';
import { DispatchStore } from '../persistence/dispatch.store.js';
import { TaskConsumer } from '../queue/task-consumer.js';
import { TaskQueue } from '../queue/task-queue.js';

/** Looks per PROGRESS_SECONDS. */
const LOOKS = 3;

/**
 * Notices that this worker gets nothing although it should, whatever the reason: renews its way to the queue, and when
 * that does not help within the same time again, gives the process up.
 *
 * It should get something when all of this holds, at two looks in a row:
 *  - a slot has been free, and nothing came or went, for PROGRESS_SECONDS;
 *  - PostgreSQL has a task that has been queued for as long;
 *  - the queue, asked over another connection than the worker's, has messages to give out.
 *
 * So it keeps still while the queue or the database is away (waiting is right), while a backlog is deep and all slots are
 * used, when other workers are quicker (then nothing waits for long), and when messages were lost (the sweep's work).
 */
@Injectable()
export class FetchWatchdog implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Watchdog');
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private isSuspicious = false;
  /** On the clock of `performance.now()`; null when nothing came to be renewed since a message came. */
  private renewedAt: number | null = null;

  constructor(
    private readonly consumer: TaskConsumer,
    private readonly queue: TaskQueue,
    private readonly store: DispatchStore,
    private readonly givingUp: GivingUp,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), (this.config.progressSeconds * 1_000) / LOOKS);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const wasSuspicious = this.isSuspicious;
      this.isSuspicious = await this.isStarving();
      if (wasSuspicious && this.isSuspicious) this.act();
    } finally {
      this.looking = false;
    }
  }

  private async isStarving(): Promise<boolean> {
    const { progressSeconds } = this.config;
    const { idleSince } = this.consumer;
    if (idleSince === null || this.renewedAt === null || idleSince > this.renewedAt) this.renewedAt = null;
    // After a renewal the same time counts again.
    const since = Math.max(idleSince ?? Infinity, this.renewedAt ?? 0);
    if (performance.now() - since < progressSeconds * 1_000) return false;
    try {
      return (await this.store.hasWaitedFor(progressSeconds)) && (await this.queue.hasWaiting());
    } catch {
      return false; // one of them is away
    }
  }

  private act(): void {
    const { progressSeconds } = this.config;
    const what = `this worker has free slots, messages wait, and none came for ${progressSeconds} s`;
    this.isSuspicious = false;
    if (this.renewedAt !== null) {
      this.givingUp.giveUp(`${what}, although its connection to the queue was renewed`);
      return;
    }
    this.logger.error(`No progress: ${what}. Its connection to the queue is renewed.`);
    this.renewedAt = performance.now();
    this.consumer.renew();
  }
}
