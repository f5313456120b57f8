import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Bus } from '../bus/bus.js';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { Dispatcher } from '../engine/dispatcher.js';
import { GivingUp } from '../engine/giving-up.js';
import { Progress } from '../engine/progress.js';
import { Upkeep } from '../engine/upkeep.js';
import { IdempotencyKeyStore } from '../persistence/idempotency-key.store.js';
import { CronTicks } from './cron-ticks.js';
import { DlqOperations } from './dlq-operations.js';
import { History } from './history.js';
import { Loop, type LoopPlan } from './loop.js';

/** Of sweeps that nothing makes urgent; urgent ones come at every turn of the loop. */
const SWEEP_EVERY_MS = 2_000;
/** What is left of a round is waited for so long on the way out; it may stop between any two statements. */
const SETTLE_MS = 10_000;

/**
 * The loops of the scheduler role, each at most `everyMs` after the last began; see `Loop`. All state is in the database,
 * so a loop may stop between any two statements.
 */
@Injectable()
export class Scheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Scheduler');
  private unsubscribe: () => void = () => undefined;
  private loops: Loop[] = [];
  private sweptAt = -Infinity;

  private readonly plans: readonly LoopPlan[] = [
    { name: 'wake', everyMs: 250, round: async (alive) => await this.upkeep.wake(alive) },
    { name: 'release', everyMs: 500, round: async (alive) => await this.upkeep.release(alive) },
    { name: 'cron', everyMs: 500, round: async () => await this.ticks.fire() },
    { name: 'dlq', everyMs: 250, round: async () => await this.operations.work() },
    { name: 'reap', everyMs: 1_000, round: async () => await this.upkeep.reap() },
    { name: 'restore', everyMs: 500, round: async (alive) => await this.upkeep.restore(alive) },
    { name: 'sweep', everyMs: 500, round: async (alive) => await this.sweep(alive) },
    { name: 'forget', everyMs: 60_000, round: async () => await this.upkeep.forgetLostWorkers() },
    { name: 'expire', everyMs: 60_000, round: async () => await this.keys.forgetExpired() },
    { name: 'retire', everyMs: 5_000, round: async (alive) => await this.history.retire(alive) },
    { name: 'partition', everyMs: 60_000, round: async (alive) => await this.history.partition(alive) },
  ];

  constructor(
    private readonly upkeep: Upkeep,
    private readonly ticks: CronTicks,
    private readonly keys: IdempotencyKeyStore,
    private readonly operations: DlqOperations,
    private readonly history: History,
    private readonly bus: Bus,
    private readonly dispatcher: Dispatcher,
    private readonly progress: Progress,
    private readonly registry: SchedulerRegistry,
    private readonly givingUp: GivingUp,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    // While the bus was away others may have failed to reach the queue, too.
    this.unsubscribe = this.bus.onReconnect(() => this.upkeep.suspectLoss());
    const maxSilenceMs = 2 * this.config.progressSeconds * 1_000;
    const { logger, progress, givingUp } = this;
    this.loops = this.plans.map((plan) => new Loop(plan, { logger, progress, givingUp, maxSilenceMs }));
    for (const loop of this.loops) {
      this.progress.watch(loop.name, maxSilenceMs + 2 * loop.everyMs);
      this.registry.addInterval(
        loop.name,
        setInterval(() => loop.begin(), loop.everyMs),
      );
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.unsubscribe();
    for (const { name } of this.loops) {
      if (this.registry.doesExist('interval', name)) this.registry.deleteInterval(name);
      this.progress.forget(name);
    }
    const waiting = new AbortController();
    const settled = Promise.all(this.loops.map(async (loop) => await loop.settle()));
    await Promise.race([settled, sleep(SETTLE_MS, null, { signal: waiting.signal }).catch(() => null)]);
    waiting.abort();
    await this.dispatcher.settle();
  }

  private async sweep(alive: () => void): Promise<void> {
    const now = performance.now();
    if (now - this.sweptAt < SWEEP_EVERY_MS && !this.upkeep.isSweepUrgent) return;
    this.sweptAt = now;
    await this.upkeep.sweep(Date.now(), alive);
  }
}
