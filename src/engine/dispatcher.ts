import { Injectable, Logger } from '@nestjs/common';
import { Bus, type Nudge } from '../bus/bus.js';
import { formatAttemptId } from '../domain/attempt-id.js';
import type { Priority } from '../domain/priority.js';
import type { Effect } from '../persistence/transitions/fragments.js';
import { TaskConsumer } from '../queue/task-consumer.js';
import { BUNDLE_SIZE } from '../queue/bundles.js';
import { type Message, TaskQueue } from '../queue/task-queue.js';

/** Messages that are enqueued before workers are told. */
const SENT_AT_ONCE = 100;
/**
 * Of what becomes ready within LOOSE_PERIOD_MS and finds no free slot here, so many go one by one: to workers that have few
 * free slots each. Where more comes in that time a backlog grows, and of that there are single messages enough.
 */
const LOOSE = 32;
const LOOSE_PERIOD_MS = 100;
/** Of the rest, which goes in bundles: messages that are enqueued before workers are told. */
const BUNDLED_AT_ONCE = 400;

/**
 * Acts on what a committed transition changed: messages for ready attempts, nudges for events and stopped attempts.
 *
 * Nothing here may fail a caller: the transition is done. A message that could not be sent is sent by the sweep, an
 * event that nobody heard of is read from the table; so a crash right here costs time only.
 */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger('Dispatcher');
  private readonly sending = new Set<Promise<void>>();
  private queueIsAway = false;
  private looseSince = -Infinity;
  private looseLeft = 0;

  constructor(
    private readonly queue: TaskQueue,
    private readonly bus: Bus,
    private readonly consumer: TaskConsumer,
  ) {}

  /** Call after the commit, never inside a transaction. */
  dispatch(effects: readonly Effect[]): void {
    const ready: Effect[] = [];
    const stopped: string[] = [];
    const nudges: Nudge[] = [];
    for (const effect of effects) {
      switch (effect.what) {
        case 'events':
          nudges.push({
            kind: 'events',
            runId: effect.run_id,
            dagId: effect.dag_id!,
            from: effect.from_seq!,
            to: effect.to_seq!,
          });
          break;
        case 'ready':
          ready.push(effect);
          break;
        case 'stopped':
          stopped.push(attemptIdOf(effect));
          break;
        case 'done':
          break;
      }
    }
    if (stopped.length > 0) nudges.push({ kind: 'stop', attemptIds: stopped });
    if (nudges.length > 0) this.bus.publish(nudges);
    // What a free slot of this process takes at once needs no message.
    const messages = ready
      .sort(byDefinition)
      .map(toMessage)
      .filter((message) => !this.consumer.takeAtOnce(message));
    if (messages.length > 0) this.track(this.sendBacklog(messages));
  }

  /**
   * Enqueues and wakes workers, who need not wait for the last of many; a failure is logged once per outage and otherwise
   * left to the sweep.
   */
  async send(messages: readonly Message[]): Promise<boolean> {
    return await this.hand(messages, SENT_AT_ONCE, async (some, priorities) => {
      await this.queue.enqueue(some);
      this.bus.publish([{ kind: 'ready', priorities }]);
    });
  }

  /** The same for what has just become ready, which no message can be there for. */
  private async sendBacklog(messages: readonly Message[]): Promise<void> {
    const loose = this.takeLoose(messages.length);
    if (!(await this.send(messages.slice(0, loose)))) return;
    await this.hand(messages.slice(loose), BUNDLED_AT_ONCE, async (some, priorities) => {
      await this.queue.enqueueInBundles(some);
      this.bus.publish([{ kind: 'ready', priorities, bundles: priorities }]);
    });
  }

  /** Of so many messages, how many go one by one. */
  private takeLoose(messages: number): number {
    if (messages < BUNDLE_SIZE) return messages;
    const now = performance.now();
    if (now - this.looseSince >= LOOSE_PERIOD_MS) [this.looseSince, this.looseLeft] = [now, LOOSE];
    const loose = Math.min(messages, this.looseLeft);
    this.looseLeft -= loose;
    return loose;
  }

  private async hand(
    messages: readonly Message[],
    atOnce: number,
    enqueue: (some: readonly Message[], priorities: Priority[]) => Promise<void>,
  ): Promise<boolean> {
    // Which would say nothing of the queue.
    if (messages.length === 0) return true;
    try {
      for (let from = 0; from < messages.length; from += atOnce) {
        const some = messages.slice(from, from + atOnce);
        await enqueue(some, [...new Set(some.map((message) => message.priority))]);
      }
    } catch (error) {
      if (!this.queueIsAway) {
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.warn(
          `The queue does not take messages (${reason}); the sweep sends them when it is back.`,
        );
      }
      this.queueIsAway = true;
      return false;
    }
    if (this.queueIsAway) this.logger.log('The queue takes messages again.');
    this.queueIsAway = false;
    return true;
  }

  /** Resolves when every message handed over so far was sent or given up. */
  async settle(): Promise<void> {
    await Promise.all(this.sending);
  }

  private track(sending: Promise<unknown>): void {
    const tracked: Promise<void> = sending.then(() => {
      this.sending.delete(tracked);
    });
    this.sending.add(tracked);
  }
}

/** Of one job, what its DAG names first goes first: the order of a statement's rows is the planner's whim. */
function byDefinition(one: Effect, other: Effect): number {
  if (one.run_id !== other.run_id) return one.run_id < other.run_id ? -1 : 1;
  return one.idx! - other.idx!;
}

function toMessage(effect: Effect): Message {
  return { attemptId: attemptIdOf(effect), priority: effect.priority as Priority };
}

function attemptIdOf(effect: Effect): string {
  return formatAttemptId({ runId: effect.run_id, idx: effect.idx!, attempt: effect.attempt! });
}
