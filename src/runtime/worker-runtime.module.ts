import { Module, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { EngineModule } from '../engine/engine.module.js';
import { Progress } from '../engine/progress.js';
import { Executors } from '../executors/executors.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { TaskConsumer } from '../queue/task-consumer.js';
import { AttemptLogs } from './attempt-logs.js';
import { AttemptRunner } from './attempt-runner.js';
import { AttemptWorks } from './attempt-work.js';
import { FetchWatchdog } from './fetch-watchdog.js';
import { HeldLeases } from './held-leases.js';
import { WorkerLease } from './worker-lease.js';
import { Worker } from './worker.js';

/**
 * Several times as long as the fetch loop can be silent when all is well, or when the queue is away: a fetch is given up
 * after 5 s, and the loop looks around every 2 s.
 */
const MAX_FETCH_SILENCE_MS = 30_000;

/** The worker role: takes messages, executes attempts, reports how they ended. */
@Module({
  imports: [EngineModule, PersistenceModule],
  providers: [
    WorkerLease,
    AttemptLogs,
    AttemptWorks,
    AttemptRunner,
    HeldLeases,
    Worker,
    FetchWatchdog,
    {
      provide: Executors,
      inject: [CONFIG, AttemptLogs],
      useFactory: (config: Config, logs: AttemptLogs) =>
        new Executors({
          workDirectory: config.worker.workDirectory,
          killGraceSeconds: config.worker.killGraceSeconds,
          allowPrivate: config.http.allowPrivate,
          environment: { PATH: config.worker.searchPath },
          logs,
        }),
    },
  ],
})
export class WorkerRuntimeModule implements OnModuleInit {
  constructor(
    private readonly progress: Progress,
    private readonly consumer: TaskConsumer,
  ) {}

  onModuleInit(): void {
    this.progress.watchSource('worker-fetch', MAX_FETCH_SILENCE_MS, () => this.consumer.lastProgressAt);
  }
}
