import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { Dispatcher } from '../engine/dispatcher.js';
import { GivingUp } from '../engine/giving-up.js';
import { Progress } from '../engine/progress.js';
import { Executors } from '../executors/executors.js';
import type { HeldLease } from '../persistence/worker-lease.store.js';
import { TaskConsumer } from '../queue/task-consumer.js';
import { AttemptRunner } from './attempt-runner.js';
import { Heartbeats } from './heartbeats.js';
import { HeldLeases } from './held-leases.js';
import { WorkerLease } from './worker-lease.js';

const LOOP = 'worker-heartbeat';
/** How often the process looks whether a heartbeat is due. */
const TICK_MS = 250;
const RETRY_MS = 1_000;
/** Of leases without a heartbeat, until the process is given up. */
const MAX_FRUITLESS = 3;
/** What is under way on the way out is waited for so long. */
const LAST_BEAT_MS = 5_000;

/**
 * The life of the worker role.
 *
 * start: register → task host → heartbeat → take messages.
 * heartbeat: renew the lease, tell the task host how long it may go on, stop what was taken away, give back what we
 *   were given without knowing.
 * fence: when the lease can no longer be trusted, every attempt is stopped, the identity dropped, a new one registered,
 *   and what was stopped handed back.
 * stop: no new messages → what runs may finish within the grace → the rest is handed back uncharged → unregister.
 */
@Injectable()
export class Worker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Worker');
  private readonly stopping = new AbortController();
  private readonly timers: NodeJS.Timeout[] = [];
  private fenceTimer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void)[] = [];
  private readonly heartbeats: Heartbeats;
  /** Leases lost in a row while heartbeats were sent and none was granted. */
  private fruitless = 0;
  private comparing: Promise<void> | null = null;
  private replacing: Promise<void> | undefined;
  private isAway = false;

  constructor(
    private readonly lease: WorkerLease,
    private readonly runner: AttemptRunner,
    private readonly executors: Executors,
    private readonly consumer: TaskConsumer,
    private readonly bus: Bus,
    private readonly leases: HeldLeases,
    private readonly dispatcher: Dispatcher,
    private readonly progress: Progress,
    private readonly givingUp: GivingUp,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.heartbeats = new Heartbeats(
      config.worker.heartbeatSeconds * 1_000,
      async () => await this.heartbeat(),
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.executors.start();
    await this.register();
    this.unsubscribe = [
      this.bus.subscribe((nudge) => {
        if (nudge.kind === 'ready') this.consumer.nudge(nudge.priorities, nudge.bundles ?? []);
        if (nudge.kind === 'stop') this.runner.stop(nudge.attemptIds, 'cancelled');
      }),
      this.bus.onReconnect(() => this.consumer.nudge()),
    ];
    const heartbeatMs = this.config.worker.heartbeatSeconds * 1_000;
    this.progress.watch(LOOP, Math.max(30_000, 3 * heartbeatMs));
    this.timers.push(setInterval(() => this.tick(), Math.min(TICK_MS, heartbeatMs)));
    await this.consumer.start(
      async (attemptId, decided, release) => await this.runner.handle(attemptId, decided, release),
      (priority) => this.bus.publish([{ kind: 'ready', priorities: [priority] }]),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.consumer.stopFetching();
    this.runner.beginStopping();
    await quietly(this.lease.drain());
    // Also for claims that are still under way: the worker must not unregister before it knows what it holds.
    const isIdle = (): boolean => this.runner.busy === 0;
    await until(isIdle, this.config.worker.shutdownGraceSeconds * 1_000);
    if (!isIdle()) {
      this.logger.warn(`${this.runner.count} attempts did not finish within the grace and are handed back.`);
      this.runner.stopAll('shutdown');
      await until(isIdle, (this.config.worker.killGraceSeconds + 5) * 1_000);
    }
    for (const timer of this.timers) clearInterval(timer);
    clearTimeout(this.fenceTimer);
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    this.progress.forget(LOOP);
    await withinMs(Promise.all([this.comparing, this.replacing]), LAST_BEAT_MS);
    await this.dispatcher.settle();
    await quietly(this.lease.remove());
    await this.executors.close();
  }

  /** Until it is registered the worker takes nothing; a database that is away is waited for. */
  private async register(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.lease.register();
        return this.trust();
      } catch (error) {
        this.logger.warn(`Cannot register yet: ${messageOf(error)}`);
        await sleep(RETRY_MS);
      }
    }
  }

  /** Goes on until the trusted time is over: to the moment, as the task host does, which should not act first. */
  private trust(): void {
    const trustMs = this.lease.trustMs();
    this.executors.keepalive(trustMs);
    clearTimeout(this.fenceTimer);
    this.fenceTimer = setTimeout(() => this.fence(), Math.ceil(trustMs));
  }

  private fence(): void {
    if (this.lease.trustMs() === 0) this.loseLease('no heartbeat was granted in time');
  }

  private tick(): void {
    // First of all: whoever stood still must not take what it sends now for a sign of life.
    this.fence();
    if (this.lease.id !== null) this.heartbeats.tick(performance.now());
  }

  private async heartbeat(): Promise<void> {
    this.progress.mark(LOOP);
    const workerId = this.lease.id;
    try {
      if (workerId === null) return;
      if (await this.lease.renew()) {
        this.trust();
        this.fruitless = 0;
        if (this.isAway) this.logger.log('Heartbeats reach the database again.');
        this.isAway = false;
        this.compare(workerId);
      } else if (workerId === this.lease.id) {
        this.loseLease('it was declared lost by the database');
      }
    } catch (error) {
      if (!this.isAway) this.logger.warn(`A heartbeat failed: ${messageOf(error)}`);
      this.isAway = true;
      throw error;
    }
  }

  /** One comparison at a time; the next heartbeat does what this one cannot. */
  private compare(workerId: string): void {
    this.comparing ??= this.leases
      .compare(workerId)
      .catch((error: unknown) => this.logger.warn(`Could not compare the leases: ${messageOf(error)}`))
      .finally(() => (this.comparing = null));
  }

  /** Everything of the old identity is stopped before a new one takes anything. Takes as long as the database is away. */
  private loseLease(why: string): void {
    if (this.lease.id === null) return;
    this.logger.error(`The lease is lost (${why}): stopping ${this.runner.count} attempts.`);
    const stoodStill =
      performance.now() - this.heartbeats.sentAt > this.config.worker.heartbeatSeconds * 1_000 + TICK_MS;
    this.lease.forget();
    this.heartbeats.abandon();
    const held = this.runner.held();
    this.runner.stopAll('lease_lost');
    // Who stood still sent none: that says nothing about whether they would have been granted.
    if (!stoodStill) this.fruitless += 1;
    // It could register each time: the database is there, and what hangs is in this process.
    if (this.fruitless === MAX_FRUITLESS)
      this.givingUp.giveUp(`no heartbeat was granted under ${MAX_FRUITLESS} leases in a row`);
    this.replacing = this.replace(held, stoodStill);
  }

  /**
   * Where the database was away, what was stopped is handed back, as nobody's fault. A process that stood still leaves it to
   * the reaper, who counts the loss: a task may have been the cause.
   */
  private async replace(held: readonly HeldLease[], stoodStill: boolean): Promise<void> {
    await until(() => this.runner.count === 0, (this.config.worker.killGraceSeconds + 5) * 1_000);
    const unstoppable = new Set(this.runner.held().map(({ lease }) => lease));
    await this.register();
    if (stoodStill) return;
    await this.leases
      .giveBack(held.filter(({ lease }) => !unstoppable.has(lease)))
      .catch((error: unknown) =>
        this.logger.warn(`What was stopped could not be handed back: ${messageOf(error)}`),
      );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Waits until something holds, but not for ever. */
async function until(holds: () => boolean, atMostMs: number): Promise<void> {
  const deadline = performance.now() + atMostMs;
  while (!holds() && performance.now() < deadline) await sleep(20);
}

/** Best effort on the way out: the reaper does the same for a worker that just vanished. */
async function quietly(step: Promise<void>): Promise<void> {
  await step.catch(() => undefined);
}

async function withinMs(step: Promise<unknown>, ms: number): Promise<void> {
  const waiting = new AbortController();
  await Promise.race([step, sleep(ms, undefined, { signal: waiting.signal }).catch(() => undefined)]);
  waiting.abort();
}
