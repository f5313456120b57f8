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
import { Progress } from '../engine/progress.js';
import { RequeueTasks } from '../engine/requeue-tasks.js';
import { Executors } from '../executors/executors.js';
import { WorkerLeaseStore } from '../persistence/worker-lease.store.js';
import { TaskConsumer } from '../queue/task-consumer.js';
import { AttemptRunner } from './attempt-runner.js';
import { WorkerLease } from './worker-lease.js';

const LOOP = 'worker-heartbeat';
/** How often the process looks whether it may still trust itself. */
const FENCE_MS = 250;
const RETRY_MS = 1_000;
/** An attempt given to us that we do not know after so long: the answer to its claim is lost. */
const UNKNOWN_AFTER_SECONDS = 10;

/**
 * The life of the worker role.
 *
 * start: register → task host → heartbeat → take messages.
 * heartbeat: renew the lease, tell the task host how long it may go on, stop what was taken away, give back what we
 *   were given without knowing.
 * fence: when the lease can no longer be trusted, every attempt is stopped, the identity dropped, a new one registered.
 * stop: no new messages → what runs may finish within the grace → the rest is handed back uncharged → unregister.
 */
@Injectable()
export class Worker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Worker');
  private readonly stopping = new AbortController();
  private readonly timers: NodeJS.Timeout[] = [];
  private unsubscribe: (() => void)[] = [];
  private beating: Promise<void> | null = null;
  private isAway = false;

  constructor(
    private readonly lease: WorkerLease,
    private readonly store: WorkerLeaseStore,
    private readonly runner: AttemptRunner,
    private readonly executors: Executors,
    private readonly consumer: TaskConsumer,
    private readonly bus: Bus,
    private readonly requeues: RequeueTasks,
    private readonly dispatcher: Dispatcher,
    private readonly progress: Progress,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.executors.start();
    await this.register();
    this.unsubscribe = [
      this.bus.subscribe((nudge) => {
        if (nudge.kind === 'ready') this.consumer.nudge(nudge.priorities);
        if (nudge.kind === 'stop') this.runner.stop(nudge.attemptIds, 'cancelled');
      }),
      this.bus.onReconnect(() => this.consumer.nudge()),
    ];
    const heartbeatMs = this.config.worker.heartbeatSeconds * 1_000;
    this.progress.watch(LOOP, Math.max(30_000, 3 * heartbeatMs));
    this.timers.push(
      setInterval(() => this.beat(), heartbeatMs),
      setInterval(() => this.fence(), FENCE_MS),
    );
    await this.consumer.start(async (attemptId, decided) => await this.runner.handle(attemptId, decided));
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
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    this.progress.forget(LOOP);
    await this.beating;
    await this.dispatcher.settle();
    await quietly(this.lease.remove());
    await this.executors.close();
  }

  /** Until it is registered the worker takes nothing; a database that is away is waited for. */
  private async register(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.lease.register();
        this.executors.keepalive(this.lease.trustMs());
        return;
      } catch (error) {
        this.logger.warn(`Cannot register yet: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(RETRY_MS);
      }
    }
  }

  private beat(): void {
    // One at a time: a heartbeat that waits for the database is not helped by a second one.
    this.beating ??= this.heartbeat().finally(() => {
      this.beating = null;
    });
  }

  private async heartbeat(): Promise<void> {
    this.progress.mark(LOOP);
    const workerId = this.lease.id;
    if (workerId === null) return;
    try {
      if (!(await this.lease.renew())) {
        await this.loseLease('it was declared lost by the database');
        return;
      }
      this.executors.keepalive(this.lease.trustMs());
      const held = this.runner.held();
      const revoked = await this.store.findRevoked(held);
      this.runner.stopLeases(
        revoked.map((lease) => lease.lease),
        'cancelled',
      );
      const unknown = await this.store.findUnknown(
        workerId,
        held.map((lease) => lease.lease),
        UNKNOWN_AFTER_SECONDS,
      );
      await this.requeues.requeue(unknown.map((lease) => ({ ...lease, outcome: 'drained' })));
      if (this.isAway) this.logger.log('Heartbeats reach the database again.');
      this.isAway = false;
    } catch (error) {
      if (!this.isAway) {
        this.logger.warn(`A heartbeat failed: ${error instanceof Error ? error.message : String(error)}`);
      }
      this.isAway = true;
    }
  }

  private fence(): void {
    if (this.lease.id === null || this.lease.trustMs() > 0) return;
    void this.loseLease('no heartbeat was granted in time');
  }

  /** Everything of the old identity is stopped before a new one takes anything. */
  private async loseLease(why: string): Promise<void> {
    if (this.lease.id === null) return;
    this.logger.error(`The lease is lost (${why}): stopping ${this.runner.count} attempts.`);
    this.lease.forget();
    this.runner.stopAll('lease_lost');
    await until(() => this.runner.count === 0, (this.config.worker.killGraceSeconds + 5) * 1_000);
    await this.register();
  }
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
