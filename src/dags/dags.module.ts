import { Module } from '@nestjs/common';
import { EngineModule } from '../engine/engine.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { DagsController } from './dags.controller.js';
import { DagsService } from './dags.service.js';

/** Definitions of DAGs over HTTP. */
@Module({
  imports: [PersistenceModule, EngineModule],
  controllers: [DagsController],
  providers: [DagsService],
})
export class DagsModule {}
