import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { EngineModule } from '../engine/engine.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { CronTicks } from './cron-ticks.js';
import { DlqOperations } from './dlq-operations.js';
import { History } from './history.js';
import { Scheduler } from './scheduler.js';

/** The scheduler role: what happens because time passes. */
@Module({
  imports: [ScheduleModule.forRoot(), EngineModule, PersistenceModule],
  providers: [CronTicks, DlqOperations, History, Scheduler],
})
export class SchedulerModule {}
