import { BullModule, InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { QueueOptions } from 'bullmq';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.js';
import { PRIORITIES } from '../domain/priority.js';
import { BullmqTaskConsumer } from './bullmq-task-consumer.js';
import { BullmqTaskQueue } from './bullmq-task-queue.js';
import { PostgresBackend } from './postgres-backend.js';
import { BackedQueue, type PriorityQueue, type QueueBackend } from './queue-backend.js';
import { bundleQueueName, bundleQueueToken, queueName, queueToken } from './queue-names.js';
import { RedisBackend } from './redis-backend.js';
import { TaskConsumer } from './task-consumer.js';
import { TaskQueue } from './task-queue.js';

const BACKEND = Symbol('QueueBackend');

/** The datastore the configuration asks for. Connects in the background, and again whenever it must. */
export function createQueueBackend(config: Config): QueueBackend {
  const log = new Logger('Queue');
  if (config.queue.backend === 'redis') return new RedisBackend(config.redis.url, log);
  if (config.database.url === null) throw new Error('The embedded PostgreSQL has no URL yet');
  return new PostgresBackend(config.database.url, log);
}

@Injectable()
class InjectedQueues {
  constructor(
    @InjectQueue(queueToken('critical')) readonly critical: PriorityQueue,
    @InjectQueue(queueToken('high')) readonly high: PriorityQueue,
    @InjectQueue(queueToken('normal')) readonly normal: PriorityQueue,
    @InjectQueue(queueToken('low')) readonly low: PriorityQueue,
  ) {}
}

@Injectable()
class InjectedBundleQueues {
  constructor(
    @InjectQueue(bundleQueueToken('critical')) readonly critical: PriorityQueue,
    @InjectQueue(bundleQueueToken('high')) readonly high: PriorityQueue,
    @InjectQueue(bundleQueueToken('normal')) readonly normal: PriorityQueue,
    @InjectQueue(bundleQueueToken('low')) readonly low: PriorityQueue,
  ) {}
}

/** Closes last: in this phase of Nest's shutdown nobody enqueues any more and all attempts are handed back. */
class QueueShutdown implements OnApplicationShutdown {
  constructor(
    private readonly backend: QueueBackend,
    private readonly consumer: TaskConsumer,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.consumer.close();
    await this.backend.close();
  }
}

@Module({
  providers: [{ provide: BACKEND, inject: [CONFIG], useFactory: createQueueBackend }],
  exports: [BACKEND],
})
class QueueBackendModule {}

// @nestjs/bullmq builds its queues with this class from here on.
BullModule.queueClass = BackedQueue;

/**
 * The four priority queues, each with one beside it for bundles: `TaskQueue` to add messages, `TaskConsumer` to take them. A consumer nobody starts
 * opens no connection.
 */
@Module({
  imports: [
    QueueBackendModule,
    BullModule.forRootAsync({
      imports: [QueueBackendModule],
      inject: [BACKEND],
      // BackedQueue takes any connection, as it brings the backend along; the declared type knows Redis only.
      useFactory: (backend: QueueBackend) => backend.queueOptions() as QueueOptions,
    }),
    BullModule.registerQueueAsync(
      ...PRIORITIES.flatMap((priority) => [
        {
          name: queueToken(priority),
          inject: [CONFIG],
          useFactory: (config: Config) => ({ name: queueName(config.queue.prefix, priority) }),
        },
        {
          name: bundleQueueToken(priority),
          inject: [CONFIG],
          useFactory: (config: Config) => ({ name: bundleQueueName(config.queue.prefix, priority) }),
        },
      ]),
    ),
  ],
  providers: [
    InjectedQueues,
    InjectedBundleQueues,
    {
      provide: TaskQueue,
      inject: [InjectedQueues, InjectedBundleQueues, BACKEND, CONFIG],
      useFactory: (
        queues: InjectedQueues,
        bundles: InjectedBundleQueues,
        backend: QueueBackend,
        { queue }: Config,
      ) => new BullmqTaskQueue(queues, bundles, backend, backend.memoryOf(queue.prefix)),
    },
    {
      provide: TaskConsumer,
      inject: [BACKEND, TaskQueue, CONFIG],
      useFactory: (backend: QueueBackend, taskQueue: TaskQueue, { queue, worker }: Config) =>
        new BullmqTaskConsumer(
          backend,
          taskQueue,
          { prefix: queue.prefix, slots: worker.slots },
          new Logger('Queue'),
        ),
    },
    {
      provide: QueueShutdown,
      inject: [BACKEND, TaskConsumer],
      useFactory: (backend: QueueBackend, consumer: TaskConsumer) => new QueueShutdown(backend, consumer),
    },
  ],
  exports: [TaskQueue, TaskConsumer],
})
export class QueueModule {}
