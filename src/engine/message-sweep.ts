/**
 * Sends the messages again that queued tasks should have and have not. A message is a hint, so what is offered needlessly
 * costs a claim that says no, at most.
 *
 * Two ways to find that some are missing:
 *  - the queue knows that it lost what it held (`restore`): everything queued is offered at once, by one process;
 *  - the counts differ (`sweep`): once may be messages under way, so a second look is taken soon, and what was queued
 *    within the last two seconds is spared. For messages lost one by one, as when a process dies behind a commit.
 *
 * Cost. A look is one statement over the open jobs and one question to the queue. Offering reads what the queue has in
 * bundles, then the queued tasks by pages of their index, one page at a time, and hands the others to the queue, which
 * drops what it has. Looks under load may be
 * wrong again and again (messages under way behind each one), so offers that nothing forces take a tenth of the time at most.
 */
import { Logger } from '@nestjs/common';
import { formatAttemptId } from '../domain/attempt-id.js';
import { PRIORITIES } from '../domain/priority.js';
import type { DispatchStore } from '../persistence/dispatch.store.js';
import type { TaskQueue } from '../queue/task-queue.js';
import type { Dispatcher } from './dispatcher.js';

/** Tasks read at once, and offered at once: between offers the process shows that it is alive, which a claim must not outlast. */
const PAGE = 1_000;
const OFFERED_AT_ONCE = 100;
/** Younger ones have their message under way, unless the queue may have lost it. */
const SPARED_SECONDS = 2;
/** An offer of everything even when the counts agree, since a foreign message can hide a missing one. */
const FULL_EVERY_MS = 60_000;
/** Pauses between offers that nothing forces are so many times as long as the offer took. */
const REST = 10;

export class MessageSweep {
  private readonly logger = new Logger('Sweep');
  private lastFullAt = 0;
  private missedBefore = false;
  private urgent = false;
  private restUntil = 0;
  /** Forced sweeps asked for so far, and how many of them have been granted by a sweep that succeeded. */
  private forcedAsked = 0;
  private forcedGranted = 0;
  private isLossSuspected = false;
  /** By the last `restore`: this process or another offers everything already. */
  private isBeingRestored = false;

  constructor(
    private readonly store: DispatchStore,
    private readonly queue: TaskQueue,
    private readonly dispatcher: Dispatcher,
  ) {}

  /** Whether the next look should not wait: something is missing by the last one, or could not be sent. */
  get isUrgent(): boolean {
    return this.urgent || this.forcedAsked > this.forcedGranted;
  }

  force(): void {
    this.forcedAsked += 1;
  }

  suspectLoss(): void {
    this.isLossSuspected = true;
  }

  /** @returns how many messages were offered because the queue had lost what it held */
  async restore(alive: () => void): Promise<number> {
    if (this.isLossSuspected) {
      this.isLossSuspected = false;
      try {
        if (!(await this.queue.reportLoss())) this.force();
      } catch (error) {
        this.isLossSuspected = true;
        throw error;
      }
    }
    const loss = await this.queue.claimLoss();
    this.isBeingRestored = loss !== null;
    if (loss === null || loss === 'claimed') return 0;
    let offered: number | null = null;
    try {
      offered = await this.offerQueued(0, async () => {
        alive();
        await loss.renew();
      });
    } finally {
      this.isBeingRestored = false;
      // When even that fails, the claim runs out.
      if (offered === null) await loss.giveUp().catch(() => undefined);
    }
    if (offered === null) return 0;
    await loss.repaired();
    if (offered > 0)
      this.logger.warn(`The queue may have lost messages: those of ${offered} queued tasks were sent again.`);
    return offered;
  }

  /** @returns how many messages were offered to the queue, which drops those it has */
  async sweep(now: number, alive: () => void): Promise<number> {
    // What is asked for from here on is for the next sweep: this one may already have passed what is lost by then.
    const asked = this.forcedAsked;
    const isForced = asked > this.forcedGranted;
    // What is missing is on its way.
    if (this.isBeingRestored && !isForced) return 0;
    const isFull = isForced || Math.abs(now - this.lastFullAt) >= FULL_EVERY_MS;
    if (!isFull && !(await this.hasMissing())) return 0;
    const startedAt = performance.now();
    if (!isFull && startedAt < this.restUntil) return 0;
    // Until it has succeeded; and while what is missing was spared for its youth.
    this.urgent = true;
    const offered = await this.offerQueued(isForced ? 0 : SPARED_SECONDS, alive);
    if (offered === null) return 0;
    this.urgent = offered === 0 && this.missedBefore;
    const endedAt = performance.now();
    if (!isForced) this.restUntil = endedAt + REST * (endedAt - startedAt);
    this.lastFullAt = now;
    this.forcedGranted = asked;
    return offered;
  }

  /** True when twice in a row more tasks were queued than messages there: once may be messages under way. */
  private async hasMissing(): Promise<boolean> {
    const missing = await this.looksIncomplete();
    const confirmed = missing && this.missedBefore;
    this.missedBefore = missing;
    this.urgent = missing && !confirmed;
    return confirmed;
  }

  private async looksIncomplete(): Promise<boolean> {
    const queued = await this.store.countQueued();
    if (queued.size === 0) return false;
    const counts = await this.queue.counts();
    return PRIORITIES.some(
      (priority) => (queued.get(priority) ?? 0) > counts[priority].waiting + counts[priority].active,
    );
  }

  /** @returns how many tasks, all queued for at least `olderThanSeconds`, or null when the queue did not take them */
  private async offerQueued(
    olderThanSeconds: number,
    afterOffer: () => void | Promise<void>,
  ): Promise<number | null> {
    const bundled = await this.queue.bundled(afterOffer);
    let offered = 0;
    for (let after: { runId: string; idx: number } | null = null; ;) {
      const page = await this.store.pageQueued(after, olderThanSeconds, PAGE);
      const messages = page
        .map((task) => ({ attemptId: formatAttemptId(task), priority: task.priority }))
        .filter(({ attemptId }) => !bundled.has(attemptId));
      for (let from = 0; from < messages.length; from += OFFERED_AT_ONCE) {
        if (!(await this.dispatcher.send(messages.slice(from, from + OFFERED_AT_ONCE)))) return null;
        await afterOffer();
      }
      offered += messages.length;
      const last = page.at(-1);
      if (page.length < PAGE || last === undefined) return offered;
      after = last;
    }
  }
}
