import {
  type BackendFactory,
  type IQueueBackend,
  type Job,
  Queue,
  type QueueOptions,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import type { BundleData } from './bundles.js';
import type { QueueMemory } from './queue-memory.js';

/** A BullMQ factory whose connection type does not matter to the caller: it ignores it. */
export type AnyBackendFactory = BackendFactory<IQueueBackend, unknown>;

/** What BullMQ carries for us beside the id: nothing, or the attempts of a bundle. */
export type MessageData = Record<string, never> | BundleData;
export type MessageJob = Job<MessageData, void>;

export type PriorityQueue = Queue<
  MessageData,
  void,
  string,
  MessageData,
  void,
  string,
  IQueueBackend,
  unknown
>;

export interface BackedQueueOptions extends QueueOptions<unknown> {
  backendFactory: AnyBackendFactory;
}

/**
 * A queue that takes its backend from its options, because @nestjs/bullmq builds queues from options alone and
 * BullMQ's other way in, a default for the whole process, would bind everything in it to one backend.
 */
export class BackedQueue extends Queue<
  MessageData,
  void,
  string,
  MessageData,
  void,
  string,
  IQueueBackend,
  unknown
> {
  constructor(name: string, options: BackedQueueOptions) {
    super(name, options, options.backendFactory);
    // Failures reach whoever called; what is left are the connection's, which the backend logs.
    this.on('error', () => undefined);
  }
}

/** A worker that fetches only when told to: no loop, no blocking connection. */
export class ManualWorker extends Worker<MessageData, void, string, IQueueBackend, number, unknown> {
  constructor(name: string, options: WorkerOptions<unknown>, factory: AnyBackendFactory) {
    super(name, null, { ...options, autorun: false }, factory);
    this.on('error', () => undefined);
  }

  /** The next message of the queue, locked by `token`; null when it is empty. */
  async next(token: string): Promise<MessageJob | null> {
    return (await this.getNextJob(token, { block: false })) ?? null;
  }

  /** Completes a message and fetches the next one in the same round trip, locked by the same token. */
  async completeAndNext(job: MessageJob, token: string): Promise<MessageJob | null> {
    const answer = (await job.moveToCompleted(undefined, token, true)) ?? [];
    const [data, id] = answer as Parameters<ManualWorker['nextJobFromJobData']>;
    return (await this.nextJobFromJobData(data, id, token)) ?? null;
  }
}

/** One datastore under BullMQ: its connections, and how to build queues and workers on them. */
export interface QueueBackend {
  readonly kind: 'redis' | 'postgres';
  /** Options of the producing queues. */
  queueOptions(): BackedQueueOptions;
  createWorker(name: string, options: Omit<WorkerOptions, 'connection'>): ManualWorker;
  /**
   * Has workers that are created from here on use a new connection. @returns what to call when the earlier ones are closed;
   * their connection ends then
   */
  renewConnection(): () => Promise<void>;
  /**
   * Resolves at once when the backend may be used; waits a moment while the process connects for the first time;
   * rejects at once when it is known to be away.
   */
  usable(): Promise<void>;
  ping(): Promise<void>;
  /** The message that waits longest, of `waiting`; undefined when none waits any more. */
  oldest(queue: PriorityQueue, waiting: number): Promise<MessageJob | undefined>;
  /** Of the installation with this prefix; null where the backend forgets nothing that the tasks survive. */
  memoryOf(prefix: string): QueueMemory | null;
  close(): Promise<void>;
}
