import { Injectable, Logger } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import { formatAttemptId } from '../domain/attempt-id.js';
import type { WorkerEvent } from '../domain/events.js';
import { DispatchStore } from '../persistence/dispatch.store.js';
import { SqlDatabase } from '../persistence/sql-database.js';
import type { Effect } from '../persistence/transitions/fragments.js';
import { retireJobs } from '../persistence/transitions/retire.js';
import { releaseJobs, wakeTasks } from '../persistence/transitions/wake.js';
import { WorkerLeaseStore } from '../persistence/worker-lease.store.js';
import { TaskQueue } from '../queue/task-queue.js';
import { Dispatcher } from './dispatcher.js';
import { LoseTasks } from './lose-tasks.js';
import { MessageSweep } from './message-sweep.js';

const PAGE = 500;
const FIRST_UUID = '00000000-0000-0000-0000-000000000000';
/** No further page of jobs is retired in a round after this; the next round goes on there. */
const RETIRE_MS = 1_000;

/**
 * What the scheduler role does again and again. Every method looks at the state, not at what happened, so any number of
 * schedulers may run them at once and one that dies leaves nothing behind. `alive` is called between the steps of what may take
 * long.
 */
@Injectable()
export class Upkeep {
  private readonly logger = new Logger('Upkeep');
  private readonly messages: MessageSweep;
  private retiredUpTo = FIRST_UUID;

  constructor(
    private readonly database: SqlDatabase,
    private readonly leases: WorkerLeaseStore,
    store: DispatchStore,
    queue: TaskQueue,
    private readonly bus: Bus,
    private readonly dispatcher: Dispatcher,
    private readonly loseTasks: LoseTasks,
  ) {
    this.messages = new MessageSweep(store, queue, dispatcher);
  }

  /** Retries whose time has come → queued. @returns how many */
  async wake(alive: () => void = quiet): Promise<number> {
    return await this.drain(async () => await wakeTasks(this.database, PAGE), alive);
  }

  /** Scheduled jobs whose time has come → queued. @returns how many root tasks became ready */
  async release(alive: () => void = quiet): Promise<number> {
    return await this.drain(async () => await releaseJobs(this.database, PAGE), alive);
  }

  /** Declares workers lost whose lease ran out and takes their attempts back. @returns how many attempts */
  async reap(): Promise<number> {
    for (const worker of await this.leases.loseExpired()) {
      this.logger.warn(
        `Worker ${worker.id} (${worker.hostname}, pid ${worker.pid}) is lost: no heartbeat within its lease.`,
      );
      this.bus.publish([{ kind: 'worker', event: workerLost(worker) }]);
    }
    const orphans = await this.leases.findOrphans(PAGE);
    if (orphans.length === 0) return 0;
    await this.loseTasks.lose(orphans);
    // A worker that is alive but cut off from the database must not go on with what is somebody else's now.
    this.bus.publish([{ kind: 'stop', attemptIds: orphans.map(formatAttemptId) }]);
    return orphans.length;
  }

  async forgetLostWorkers(): Promise<void> {
    await this.leases.forgetLost();
  }

  /**
   * Deletes jobs that ended more than `days` ago, oldest first, for about a second; the next call goes on from there, and
   * begins anew behind the last. Open jobs and those with pending DLQ entries stay.
   *
   * @returns how many, and whether the last was reached
   */
  async retire(days: number, alive: () => void = quiet): Promise<{ retired: number; isAll: boolean }> {
    const endAt = performance.now() + RETIRE_MS;
    for (let total = 0; ;) {
      const { retired, last } = await retireJobs(this.database, this.retiredUpTo, days);
      alive();
      total += retired;
      this.retiredUpTo = last ?? FIRST_UUID;
      if (last === null || performance.now() >= endAt) return { retired: total, isAll: last === null };
    }
  }

  /**
   * Makes the next sweep a forced one: it offers every queued task, however young, and compares no counts first. Holds until
   * a sweep has succeeded.
   */
  forceSweep(): void {
    this.messages.force();
  }

  /** To be called when messages may have been lost without the queue's knowing, as when it was out of reach. */
  suspectLoss(): void {
    this.messages.suspectLoss();
  }

  /** Whether the next sweep should not wait for its turn. */
  get isSweepUrgent(): boolean {
    return this.messages.isUrgent;
  }

  /**
   * Sends the messages again that queued tasks should have and have not. Compares the counts first, unless forced: with
   * everything in place, or a deep backlog whose messages are all there, nothing is read or sent.
   *
   * @returns how many messages were offered to the queue, which drops those it has
   */
  async sweep(now: number, alive: () => void = quiet): Promise<number> {
    return await this.messages.sweep(now, alive);
  }

  /**
   * Offers everything queued again when the queue has lost what it held, and nobody else does so already; one round trip
   * else. Look often. @returns how many messages were offered
   */
  async restore(alive: () => void = quiet): Promise<number> {
    return await this.messages.restore(alive);
  }

  /** Full pages are followed by another. */
  private async drain(step: () => Promise<Effect[]>, alive: () => void): Promise<number> {
    for (let total = 0; ;) {
      const effects = await step();
      alive();
      this.dispatcher.dispatch(effects);
      const moved = effects.filter((effect) => effect.what === 'ready').length;
      total += moved;
      if (moved < PAGE) return total;
    }
  }
}

const quiet = (): void => undefined;

function workerLost(worker: { id: string; hostname: string; pid: number }): WorkerEvent {
  const { id, hostname, pid } = worker;
  return {
    seq: 0,
    type: 'worker.lost',
    run_id: null,
    dag_id: null,
    task: null,
    attempt: null,
    at: new Date().toISOString(),
    data: { worker_id: id, hostname, pid },
  };
}
