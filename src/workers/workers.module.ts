import { Module } from '@nestjs/common';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { WorkersController } from './workers.controller.js';
import { WorkersService } from './workers.service.js';

/** Worker processes over HTTP. What a worker does lives in src/runtime. */
@Module({ imports: [PersistenceModule], controllers: [WorkersController], providers: [WorkersService] })
export class WorkersModule {}
