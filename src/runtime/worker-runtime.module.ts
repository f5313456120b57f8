import { Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { EngineModule } from '../engine/engine.module.js';
import { Executors } from '../executors/executors.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { AttemptRunner } from './attempt-runner.js';
import { AttemptWorks } from './attempt-work.js';
import { WorkerLease } from './worker-lease.js';
import { Worker } from './worker.js';

/** The worker role: takes messages, executes attempts, reports how they ended. */
@Module({
  imports: [EngineModule, PersistenceModule],
  providers: [
    WorkerLease,
    AttemptWorks,
    AttemptRunner,
    Worker,
    {
      provide: Executors,
      inject: [CONFIG],
      useFactory: (config: Config) =>
        new Executors({
          workDirectory: config.worker.workDirectory,
          killGraceSeconds: config.worker.killGraceSeconds,
          allowPrivate: config.http.allowPrivate,
          environment: { PATH: config.worker.searchPath },
        }),
    },
  ],
})
export class WorkerRuntimeModule {}
