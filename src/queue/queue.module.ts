import { BullModule, InjectQueue } from '@nestjs/bullmq';
import { type DynamicModule, Injectable, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.js';
import { PRIORITIES } from '../domain/priority.js';
import { BullmqTaskConsumer } from './bullmq-task-consumer.js';
import { BullmqTaskQueue } from './bullmq-task-queue.js';
import { PostgresBackend } from './postgres-backend.js';
import { BackedQueue, type PriorityQueue, type QueueBackend } from './queue-backend.js';
import { queueName, queueToken } from './queue-names.js';
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

/** Closes last: in this phase of Nest's shutdown nobody enqueues any more and all attempts are handed back. */
class QueueShutdown implements OnApplicationShutdown {
  constructor(
    private readonly backend: QueueBackend,
    private readonly consumer: TaskConsumer | null,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.consumer?.close();
    await this.backend.close();
  }
}

@Module({})
class QueueBackendModule {}

/** One provider for the backend, however many modules below need it. */
const backendModule: DynamicModule = {
  module: QueueBackendModule,
  providers: [{ provide: BACKEND, inject: [CONFIG], useFactory: createQueueBackend }],
  exports: [BACKEND],
};

/** The four priority queues: `TaskQueue` for everyone, `TaskConsumer` where attempts are executed. */
@Module({})
export class QueueModule {
  static forRoot({ consumer }: { consumer: boolean }): DynamicModule {
    BullModule.queueClass = BackedQueue;
    return {
      module: QueueModule,
      imports: [
        backendModule,
        BullModule.forRootAsync({
          imports: [backendModule],
          inject: [BACKEND],
          useFactory: (backend: QueueBackend) => backend.queueOptions() as never,
        }),
        BullModule.registerQueueAsync(
          ...PRIORITIES.map((priority) => ({
            name: queueToken(priority),
            inject: [CONFIG],
            useFactory: (config: Config) => ({ name: queueName(config.queue.prefix, priority) }),
          })),
        ),
      ],
      providers: [
        InjectedQueues,
        {
          provide: TaskQueue,
          inject: [InjectedQueues, BACKEND],
          useFactory: (queues: InjectedQueues, backend: QueueBackend) => new BullmqTaskQueue(queues, backend),
        },
        ...(consumer ? [consumerProvider] : []),
        {
          provide: QueueShutdown,
          inject: [BACKEND, ...(consumer ? [TaskConsumer] : [])],
          useFactory: (backend: QueueBackend, taskConsumer?: TaskConsumer) =>
            new QueueShutdown(backend, taskConsumer ?? null),
        },
      ],
      exports: consumer ? [TaskQueue, TaskConsumer] : [TaskQueue],
    };
  }
}

const consumerProvider = {
  provide: TaskConsumer,
  inject: [CONFIG, BACKEND],
  useFactory: (config: Config, backend: QueueBackend) =>
    new BullmqTaskConsumer(
      backend,
      { prefix: config.queue.prefix, slots: config.worker.slots },
      new Logger('Queue'),
    ),
};
