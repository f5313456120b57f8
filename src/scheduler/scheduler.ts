import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Bus } from '../bus/bus.js';
import { Dispatcher } from '../engine/dispatcher.js';
import { Progress } from '../engine/progress.js';
import { Upkeep } from '../engine/upkeep.js';
import { CronTicks } from './cron-ticks.js';

interface Loop {
  name: string;
  everyMs: number;
  round: () => Promise<unknown>;
}

/** A round that takes longer than this has hung. */
const MAX_ROUND_MS = 60_000;

/**
 * The loops of the scheduler role. Each runs one round at a time, at most `everyMs` after the last began; a round that
 * fails is logged once per outage and the next one is tried as if nothing had been. All state is in the database, so a
 * loop may stop between any two statements.
 */
@Injectable()
export class Scheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Scheduler');
  private readonly rounds = new Map<string, Promise<void>>();
  private readonly failing = new Set<string>();
  private sweepIsForced = false;
  private unsubscribe: () => void = () => undefined;

  private readonly loops: readonly Loop[] = [
    { name: 'wake', everyMs: 250, round: async () => await this.upkeep.wake() },
    { name: 'release', everyMs: 500, round: async () => await this.upkeep.release() },
    { name: 'cron', everyMs: 500, round: async () => await this.ticks.fire() },
    { name: 'reap', everyMs: 1_000, round: async () => await this.upkeep.reap() },
    { name: 'sweep', everyMs: 2_000, round: async () => await this.sweep() },
    { name: 'forget', everyMs: 60_000, round: async () => await this.upkeep.forgetLostWorkers() },
  ];

  constructor(
    private readonly upkeep: Upkeep,
    private readonly ticks: CronTicks,
    private readonly bus: Bus,
    private readonly dispatcher: Dispatcher,
    private readonly progress: Progress,
    private readonly registry: SchedulerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    // A bus that was away usually means a queue that was away, or was emptied.
    this.unsubscribe = this.bus.onReconnect(() => {
      this.sweepIsForced = true;
    });
    for (const loop of this.loops) {
      this.progress.watch(loop.name, MAX_ROUND_MS + 2 * loop.everyMs);
      this.registry.addInterval(
        loop.name,
        setInterval(() => this.begin(loop), loop.everyMs),
      );
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.unsubscribe();
    for (const loop of this.loops) {
      if (this.registry.doesExist('interval', loop.name)) this.registry.deleteInterval(loop.name);
      this.progress.forget(loop.name);
    }
    await Promise.all(this.rounds.values());
    await this.dispatcher.settle();
  }

  private begin(loop: Loop): void {
    if (this.rounds.has(loop.name)) return;
    this.rounds.set(
      loop.name,
      this.run(loop).finally(() => this.rounds.delete(loop.name)),
    );
  }

  private async run(loop: Loop): Promise<void> {
    try {
      await loop.round();
      if (this.failing.delete(loop.name)) this.logger.log(`The loop "${loop.name}" works again.`);
    } catch (error) {
      if (!this.failing.has(loop.name)) {
        this.logger.warn(
          `The loop "${loop.name}" fails: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      this.failing.add(loop.name);
    }
    this.progress.mark(loop.name);
  }

  private async sweep(): Promise<void> {
    const force = this.sweepIsForced;
    this.sweepIsForced = false;
    await this.upkeep.sweep(Date.now(), force);
  }
}
