import { Module } from '@nestjs/common';
import { EngineModule } from '../engine/engine.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { DlqOperationsController } from './dlq-operations.controller.js';
import { DlqOperationsService } from './dlq-operations.service.js';
import { DlqController } from './dlq.controller.js';
import { DlqService } from './dlq.service.js';

/** The dead-letter queue over HTTP. */
@Module({
  imports: [PersistenceModule, EngineModule],
  controllers: [DlqController, DlqOperationsController],
  providers: [DlqService, DlqOperationsService],
})
export class DlqModule {}
