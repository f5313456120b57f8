import { Injectable, Logger } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import { formatAttemptId } from '../domain/attempt-id.js';
import type { WorkerEvent } from '../domain/events.js';
import { PRIORITIES } from '../domain/priority.js';
import { DispatchStore } from '../persistence/dispatch.store.js';
import { SqlDatabase } from '../persistence/sql-database.js';
import type { Effect } from '../persistence/transitions/fragments.js';
import { releaseJobs, wakeTasks } from '../persistence/transitions/wake.js';
import { WorkerLeaseStore } from '../persistence/worker-lease.store.js';
import { TaskQueue } from '../queue/task-queue.js';
import { Dispatcher } from './dispatcher.js';
import { LoseTasks } from './lose-tasks.js';

const PAGE = 500;
const SWEEP_PAGE = 1_000;
/** Younger ones have their message under way. */
const SWEEP_AFTER_SECONDS = 2;
/** A full sweep even when the counts agree, since a foreign message can hide a missing one. */
const FULL_SWEEP_EVERY_MS = 60_000;

/**
 * What the scheduler role does again and again. Every method looks at the state, not at what happened, so any number of
 * schedulers may run them at once and one that dies leaves nothing behind.
 */
@Injectable()
export class Upkeep {
  private readonly logger = new Logger('Upkeep');
  private lastFullSweepAt = 0;
  private missedBefore = false;

  constructor(
    private readonly database: SqlDatabase,
    private readonly leases: WorkerLeaseStore,
    private readonly store: DispatchStore,
    private readonly queue: TaskQueue,
    private readonly bus: Bus,
    private readonly dispatcher: Dispatcher,
    private readonly loseTasks: LoseTasks,
  ) {}

  /** Retries whose time has come → queued. @returns how many */
  async wake(): Promise<number> {
    return await this.drain(async () => await wakeTasks(this.database, PAGE));
  }

  /** Scheduled jobs whose time has come → queued. @returns how many root tasks became ready */
  async release(): Promise<number> {
    return await this.drain(async () => await releaseJobs(this.database, PAGE));
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
   * Sends the messages again that queued tasks should have and have not. Compares the counts first: with everything in
   * place, or a deep backlog whose messages are all there, nothing is read or sent.
   *
   * @returns how many messages were offered to the queue, which drops those it has
   */
  async sweep(now: number, force = false): Promise<number> {
    const isFull = force || now - this.lastFullSweepAt >= FULL_SWEEP_EVERY_MS;
    if (!isFull && !(await this.hasMissing())) return 0;
    const offered = await this.offerQueued();
    if (offered !== null) this.lastFullSweepAt = now;
    return offered ?? 0;
  }

  /** True when twice in a row more tasks were queued than messages there: once may be messages under way. */
  private async hasMissing(): Promise<boolean> {
    const queued = await this.store.countQueued();
    if (queued.size === 0) return false;
    const counts = await this.queue.counts();
    const missing = PRIORITIES.some(
      (priority) => (queued.get(priority) ?? 0) > counts[priority].waiting + counts[priority].active,
    );
    const confirmed = missing && this.missedBefore;
    this.missedBefore = missing;
    return confirmed;
  }

  private async offerQueued(): Promise<number | null> {
    let offered = 0;
    for (let after: { runId: string; idx: number } | null = null; ;) {
      const page = await this.store.pageQueued(after, SWEEP_AFTER_SECONDS, SWEEP_PAGE);
      const messages = page.map((task) => ({ attemptId: formatAttemptId(task), priority: task.priority }));
      if (messages.length > 0 && !(await this.dispatcher.send(messages))) return null;
      offered += messages.length;
      const last = page.at(-1);
      if (page.length < SWEEP_PAGE || last === undefined) return offered;
      after = last;
    }
  }

  /** Full pages are followed by another. */
  private async drain(step: () => Promise<Effect[]>): Promise<number> {
    for (let total = 0; ;) {
      const effects = await step();
      this.dispatcher.dispatch(effects);
      const moved = effects.filter((effect) => effect.what === 'ready').length;
      total += moved;
      if (moved < PAGE) return total;
    }
  }
}

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
