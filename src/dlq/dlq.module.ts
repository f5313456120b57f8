import { Module } from '@nestjs/common';
import { EngineModule } from '../engine/engine.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { DlqController } from './dlq.controller.js';
import { DlqService } from './dlq.service.js';

/** The dead-letter queue over HTTP. */
@Module({ imports: [PersistenceModule, EngineModule], controllers: [DlqController], providers: [DlqService] })
export class DlqModule {}
