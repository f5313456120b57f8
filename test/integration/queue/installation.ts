import { PRIORITIES, type Priority } from '../../../src/domain/priority.js';
import { BullmqTaskConsumer, type ConsumerOptions } from '../../../src/queue/bullmq-task-consumer.js';
import { BullmqTaskQueue } from '../../../src/queue/bullmq-task-queue.js';
import { PostgresBackend } from '../../../src/queue/postgres-backend.js';
import { BackedQueue, type PriorityQueue, type QueueBackend } from '../../../src/queue/queue-backend.js';
import { bundleQueueName, queueName } from '../../../src/queue/queue-names.js';
import { RedisBackend } from '../../../src/queue/redis-backend.js';
import type { AttemptHandler } from '../../../src/queue/task-consumer.js';
import { uniquePrefix } from '../../support/redis.js';

/** What a process logged. */
export class LogBook {
  readonly warnings: string[] = [];
  readonly notes: string[] = [];
  warn = (message: string): void => void this.warnings.push(message);
  log = (message: string): void => void this.notes.push(message);
}

/** One process's share of the queues: a producer and, if asked for, a consumer. */
export interface Process {
  log: LogBook;
  backend: QueueBackend;
  queues: Record<Priority, PriorityQueue>;
  bundles: Record<Priority, PriorityQueue>;
  queue: BullmqTaskQueue;
  consumer(options?: Partial<ConsumerOptions>): BullmqTaskConsumer;
  close(): Promise<void>;
}

/** Several processes, in this one, over the queues of one prefix. */
export class Installation {
  readonly prefix = uniquePrefix();
  private readonly processes: Process[] = [];

  /** @param url of a Redis or a PostgreSQL; its scheme says which. */
  process(url: string): Process {
    const log = new LogBook();
    const backend = url.startsWith('redis') ? new RedisBackend(url, log) : new PostgresBackend(url, log);
    const queuesOf = (nameOf: (prefix: string, priority: Priority) => string) =>
      Object.fromEntries(
        PRIORITIES.map((priority) => [
          priority,
          new BackedQueue(nameOf(this.prefix, priority), backend.queueOptions()),
        ]),
      ) as unknown as Record<Priority, PriorityQueue>;
    const [queues, bundles] = [queuesOf(queueName), queuesOf(bundleQueueName)];
    const queue = new BullmqTaskQueue(queues, bundles, backend);
    const consumers: BullmqTaskConsumer[] = [];
    const process: Process = {
      log,
      backend,
      queues,
      bundles,
      queue,
      consumer: (options = {}) => {
        // No poll within a test's time, unless it is the subject: what wakes the consumer must be a nudge.
        const consumer = new BullmqTaskConsumer(
          backend,
          queue,
          { prefix: this.prefix, slots: 10, pollMs: 600_000, ...options },
          log,
        );
        consumers.push(consumer);
        return consumer;
      },
      close: async () => {
        await Promise.all(consumers.map((consumer) => consumer.close()));
        await Promise.all([queues, bundles].flatMap((some) => Object.values(some).map((one) => one.close())));
        await backend.close();
      },
    };
    this.processes.push(process);
    return process;
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.close()));
  }
}

/** A handler that decides at once and notes what it was given. */
export class Recorder {
  readonly delivered: string[] = [];
  readonly handler: AttemptHandler = async (attemptId, decided) => {
    this.delivered.push(attemptId);
    decided();
  };
}

/** A handler whose attempts go on until they are told to end, and release their slots when they are told to. */
export class Holder {
  readonly running = new Set<string>();
  readonly delivered: string[] = [];
  most = 0;
  private readonly ends = new Map<string, () => void>();
  private readonly releases = new Map<string, () => void>();

  constructor(private readonly decides: boolean) {}

  readonly handler: AttemptHandler = async (attemptId, decided, release) => {
    this.delivered.push(attemptId);
    this.releases.set(attemptId, release);
    this.running.add(attemptId);
    this.most = Math.max(this.most, this.running.size);
    if (this.decides) decided();
    await new Promise<void>((resolve) => this.ends.set(attemptId, resolve));
    this.running.delete(attemptId);
    decided();
  };

  release(attemptId: string): void {
    this.releases.get(attemptId)?.();
  }

  end(attemptId: string): void {
    this.ends.get(attemptId)?.();
  }

  endAll(): void {
    for (const end of this.ends.values()) end();
  }
}
