import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { parseAttemptId } from '../domain/attempt-id.js';
import type { Outcome } from '../domain/outcome.js';
import { type Claim, ClaimTasks } from '../engine/claim-tasks.js';
import { FinishTasks, type KeepAnswer } from '../engine/finish-tasks.js';
import { LoseTasks } from '../engine/lose-tasks.js';
import { RequeueTasks } from '../engine/requeue-tasks.js';
import type { StopReason } from '../executors/executor.js';
import { Executors } from '../executors/executors.js';
import { isDatabaseAway } from '../persistence/database-faults.js';
import type { HeldLease } from '../persistence/worker-lease.store.js';
import { TaskConsumer } from '../queue/task-consumer.js';
import { AttemptLogs } from './attempt-logs.js';
import { AttemptWorks } from './attempt-work.js';
import { WorkerLease } from './worker-lease.js';

/** Between tries while the database is away. */
const RETRY_MS = 500;

interface Running {
  claim: Claim;
  controller: AbortController;
}

/**
 * One attempt from its message to its end being stored:
 * message → claim (or no) → message done with → execute → finish, requeue or nothing → the only child, if the slot is kept.
 * A slot that is not kept is another attempt's while the end of this one is stored.
 *
 * Crash anywhere before the claim: the message comes back or the sweep sends it again. After the claim: the reaper takes
 * the attempt back when the worker's lease ends. After the finish: nothing is left to do.
 */
@Injectable()
export class AttemptRunner {
  private readonly logger = new Logger('Attempt');
  private readonly running = new Map<string, Running>();
  private messages = 0;
  private isStopping = false;

  constructor(
    private readonly lease: WorkerLease,
    private readonly claims: ClaimTasks,
    private readonly works: AttemptWorks,
    private readonly executors: Executors,
    private readonly finishes: FinishTasks,
    private readonly requeues: RequeueTasks,
    private readonly losses: LoseTasks,
    private readonly consumer: TaskConsumer,
    private readonly logs: AttemptLogs,
  ) {}

  /** Never throws. Calls `decided` once the claim is decided, `release` when its slot may be another's; settles at the end. */
  async handle(attemptId: string, decided: () => void, release: () => void): Promise<void> {
    this.messages += 1;
    try {
      const claim = await this.claim(attemptId).finally(decided);
      if (claim !== null) await this.run(claim, release);
    } catch (error) {
      // The reaper or the worker's next heartbeat finds what this leaves behind.
      this.logger.error(`Attempt ${attemptId} was left behind: ${messageOf(error)}`);
    } finally {
      this.messages -= 1;
    }
  }

  /** Leases this process holds. */
  held(): HeldLease[] {
    return [...this.running.values()].map(({ claim }) => ({
      runId: claim.runId,
      idx: claim.idx,
      lease: claim.lease,
    }));
  }

  /** Attempts that are running, or whose end is being stored. */
  get count(): number {
    return this.running.size;
  }

  /** Messages that something is left to do for: from before the claim until the end of the attempt is stored. */
  get busy(): number {
    return this.messages;
  }

  stop(attemptIds: readonly string[], reason: StopReason): void {
    for (const attemptId of attemptIds) this.running.get(attemptId)?.controller.abort(reason);
  }

  stopLeases(leases: readonly string[], reason: StopReason): void {
    const revoked = new Set(leases);
    for (const { claim, controller } of this.running.values())
      if (revoked.has(claim.lease)) controller.abort(reason);
  }

  stopAll(reason: StopReason): void {
    for (const { controller } of this.running.values()) controller.abort(reason);
  }

  /** From here on waits for nothing: no claim is tried again. */
  beginStopping(): void {
    this.isStopping = true;
  }

  private async claim(attemptId: string): Promise<Claim | null> {
    const attempt = parseAttemptId(attemptId);
    if (attempt === null) {
      this.logger.warn(`Dropped a message that names no attempt: ${JSON.stringify(attemptId.slice(0, 100))}`);
      return null;
    }
    while (!this.isStopping) {
      const workerId = this.lease.id;
      if (workerId !== null && this.lease.trustMs() > 0) {
        try {
          return await this.claims.claim(attempt, workerId);
        } catch (error) {
          // Holding the slot here is what keeps an outage from emptying the queue into nothing.
          if (!isDatabaseAway(error)) throw error;
        }
      }
      await sleep(RETRY_MS);
    }
    return null;
  }

  /** One slot's attempts: the claimed one, and then each successor that the slot is kept for. */
  private async run(first: Claim, release: () => void): Promise<void> {
    let claim: Claim | null = first;
    for (let inARow = 0; claim !== null; inARow += 1) claim = await this.runOne(claim, inARow, release);
  }

  private async runOne(claim: Claim, inARow: number, release: () => void): Promise<Claim | null> {
    const controller = new AbortController();
    this.running.set(claim.attemptId, { claim, controller });
    try {
      const outcome = await this.execute(claim, controller.signal);
      return await this.settle(claim, outcome, controller.signal, inARow, release);
    } finally {
      this.running.delete(claim.attemptId);
    }
  }

  /** @returns null when the attempt was not run: nothing is known of it that could be held against the task */
  private async execute(claim: Claim, signal: AbortSignal): Promise<Outcome | null> {
    const prepared = await this.persist(async () => await this.works.prepare(claim), signal);
    // Its lease may have ended, or the job been cancelled, while it was claimed or its inputs were read.
    if (prepared === null || signal.aborted || !this.isOurs(claim)) return null;
    if (prepared.kind === 'failed') return prepared.outcome;
    const outcome = await this.executors.execute(prepared.work, signal);
    // Whoever sees that the task has ended finds its log; one that wrote nothing is not held up.
    const stored = this.logs.end(claim.attemptId);
    if (stored !== null) await stored;
    return outcome;
  }

  /**
   * Says how the attempt ended. The stop reason decides whose word counts: a stopped attempt's own outcome says nothing.
   *
   * @returns what the slot runs next, if it is kept
   */
  private async settle(
    claim: Claim,
    outcome: Outcome | null,
    signal: AbortSignal,
    inARow: number,
    release: () => void,
  ): Promise<Claim | null> {
    const reason = signal.aborted ? (signal.reason as StopReason) : null;
    if (reason === 'cancelled' || reason === 'lease_lost') return null;
    if (reason === 'shutdown' && outcome?.kind !== 'succeeded') {
      await this.persist(async () => await this.requeues.requeue([{ ...claim, outcome: 'drained' }]), signal);
      return null;
    }
    // Our next heartbeat gives it back, or the reaper takes it.
    if (outcome === null) return null;
    // The task host counts the trusted time on its own, and was a moment faster.
    if (!this.isOurs(claim) && isStoppedByHost(outcome)) return null;
    // The task host died under it: not the task's failure, unless it happens again and again.
    if (outcome.kind === 'failed' && outcome.error.code === 'executor_lost') {
      await this.persist(async () => await this.losses.lose([claim]), signal);
      return null;
    }
    const finished = await this.finishAndGoOn(claim, outcome, signal, inARow, release);
    if (finished?.answer === 'stale') {
      this.logger.warn(`The result of attempt ${claim.attemptId} came too late and changed nothing.`);
    }
    return finished?.next ?? null;
  }

  /**
   * Keeps the slot for a task that waits for this one alone; else the slot is another's while the database writes. A task that
   * waits for others as well is likely not ready yet: for it the slot is kept only where no message of its class may wait.
   */
  private async finishAndGoOn(
    claim: Claim,
    outcome: Outcome,
    signal: AbortSignal,
    inARow: number,
    release: () => void,
  ): Promise<KeepAnswer | null> {
    const successor = outcome.kind === 'succeeded' ? await this.finishes.successorOf(claim) : 'none';
    const isKept =
      successor !== 'none' && this.mayKeep(claim, successor === 'own' ? inARow : Number.POSITIVE_INFINITY);
    if (!isKept) release();
    const keeper = isKept ? claim.workerId : null;
    return await this.persist(async () => await this.finish(claim, outcome, keeper), signal);
  }

  /** Whether this worker may run the only child of a task at once: while it takes work, and nothing else comes first. */
  private mayKeep(claim: Claim, inARow: number): boolean {
    return !this.isStopping && this.isOurs(claim) && this.consumer.mayKeepSlot(claim.priority, inARow);
  }

  /** A claim made under an identity that was lost meanwhile belongs to a zombie, whoever we are by now. */
  private isOurs(claim: Claim): boolean {
    return claim.workerId === this.lease.id && this.lease.trustMs() > 0;
  }

  private async finish(claim: Claim, outcome: Outcome, keeper: string | null): Promise<KeepAnswer> {
    try {
      return await this.finishes.finishAndKeep(claim, outcome, keeper);
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      // Something in the result itself cannot be stored: that is how the attempt ended, then.
      const message = `The result could not be stored: ${messageOf(error)}`;
      const unstored: Outcome = {
        kind: 'failed',
        error: { code: 'result_not_stored', message, retryable: true },
      };
      return { answer: await this.finishes.finish(claim, unstored), next: null };
    }
  }

  /** Repeats through an outage of the database for as long as the lease may be trusted; null when that ended. */
  private async persist<Result>(step: () => Promise<Result>, signal: AbortSignal): Promise<Result | null> {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        if (this.lease.trustMs() === 0 || signal.reason === 'lease_lost') return null;
        await sleep(RETRY_MS);
      }
    }
  }
}

/** What the task host says of attempts that it stopped because nobody vouched for this worker any more. */
function isStoppedByHost(outcome: Outcome): boolean {
  return outcome.kind === 'failed' && ['lease_lost', 'executor_lost'].includes(outcome.error.code);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
