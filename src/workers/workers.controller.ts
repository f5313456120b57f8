import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/api-problems.js';
import type { Page } from '../http/page.js';
import type { WorkerView } from '../persistence/worker-query.store.js';
import { ListWorkersQuery, WorkerPageDto, WorkerStatsDto } from './worker.dto.js';
import { WorkersService } from './workers.service.js';

@ApiTags('Workers')
@Controller('workers')
export class WorkersController {
  constructor(private readonly workers: WorkersService) {}

  /** List worker processes, newest first. */
  @Get()
  @ApiOkResponse({ type: WorkerPageDto })
  @ApiProblems('cursor_invalid')
  async listWorkers(@Query() query: ListWorkersQuery): Promise<Page<WorkerView>> {
    return await this.workers.list(query);
  }

  /** How many there are, how busy they are, how much they do and how much of it fails. */
  @Get('stats')
  @ApiOkResponse({ type: WorkerStatsDto })
  async getWorkerStats(): Promise<WorkerStatsDto> {
    return await this.workers.stats();
  }
}
