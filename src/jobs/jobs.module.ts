import { Module } from '@nestjs/common';
import { EngineModule } from '../engine/engine.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { JobsController } from './jobs.controller.js';
import { JobsService } from './jobs.service.js';
import { TaskLogsController } from './task-logs.controller.js';
import { TaskLogsService } from './task-logs.service.js';

/** Jobs over HTTP. */
@Module({
  imports: [PersistenceModule, EngineModule],
  controllers: [JobsController, TaskLogsController],
  providers: [JobsService, TaskLogsService],
})
export class JobsModule {}
