import { Bus } from '../../src/bus/bus.js';
import { PRIORITIES, type Priority } from '../../src/domain/priority.js';
import { type Message, type QueueCounts, type QueueStats, TaskQueue } from '../../src/queue/task-queue.js';
import type { Chance } from './chance.js';
import type { SimulatedProcess } from './simulated-process.js';

/** The four queues, which lose messages and deliver some twice. */
export class SimulatedQueue {
  private waiting = new Map<string, Message>();
  /** How likely a message is lost on the way in, and as likely it is delivered twice. */
  unreliability = 0;

  constructor(private readonly chance: Chance) {}

  /** A message whose id is there already is dropped, as BullMQ does. */
  add(messages: readonly Message[]): void {
    for (const message of messages)
      if (!this.chance.happens(this.unreliability)) this.waiting.set(message.attemptId, message);
  }

  /** Any of those that wait, in no order. @returns null when none does */
  take(choice: number): string | null {
    const ids = [...this.waiting.keys()];
    if (ids.length === 0) return null;
    const id = ids[choice % ids.length];
    if (!this.chance.happens(this.unreliability)) this.waiting.delete(id);
    return id;
  }

  flush(): void {
    this.waiting.clear();
  }

  get size(): number {
    return this.waiting.size;
  }

  counts(): Record<Priority, QueueCounts> {
    const messages = [...this.waiting.values()];
    const of = (priority: Priority): QueueCounts => ({
      waiting: messages.filter((message) => message.priority === priority).length,
      active: 0,
    });
    return Object.fromEntries(PRIORITIES.map((priority) => [priority, of(priority)])) as Record<
      Priority,
      QueueCounts
    >;
  }
}

/** The queues as one process reaches them. */
export class ProcessQueue extends TaskQueue {
  constructor(
    private readonly queue: SimulatedQueue,
    private readonly process: SimulatedProcess,
    private readonly onEnqueue: (attemptIds: readonly string[]) => void,
  ) {
    super();
  }

  async enqueue(messages: readonly Message[]): Promise<void> {
    this.onEnqueue(messages.map(({ attemptId }) => attemptId));
    await this.process.call('enqueue', async () => this.queue.add(messages), queueAway);
  }

  async counts(): Promise<Record<Priority, QueueCounts>> {
    return await this.process.call('counts', async () => this.queue.counts(), queueAway);
  }

  async stats(): Promise<Record<Priority, QueueStats>> {
    throw new Error('The engine asks for no statistics');
  }

  async ping(): Promise<void> {}
}

function queueAway(): Error {
  return new Error('The queue is away');
}

/** Nudges save time and decide nothing: here, nobody hears any. */
export class DeafBus extends Bus {
  publish(): void {}

  subscribe(): () => void {
    return () => undefined;
  }

  onReconnect(): () => void {
    return () => undefined;
  }
}
