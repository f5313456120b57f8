import { type DynamicModule, Module, type Type } from '@nestjs/common';
import type { Config, Role } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { DagsModule } from './dags/dags.module.js';
import { DlqModule } from './dlq/dlq.module.js';
import { EventsModule } from './events/events.module.js';
import { HealthModule } from './health/health.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { WorkerRuntimeModule } from './runtime/worker-runtime.module.js';
import { SchedulerModule } from './scheduler/scheduler.module.js';
import { WorkersModule } from './workers/workers.module.js';

const API = [DagsModule, JobsModule, DlqModule, WorkersModule, EventsModule];

const MODULES: Readonly<Record<Role, readonly Type[]>> = {
  api: API,
  scheduler: [SchedulerModule],
  worker: [WorkerRuntimeModule],
  all: [...API, SchedulerModule, WorkerRuntimeModule],
};

/** The table ROLE → modules, and nothing else. */
@Module({})
export class AppModule {
  static for(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [ConfigModule.forRoot(config), HealthModule, ...MODULES[config.role]],
    };
  }
}
