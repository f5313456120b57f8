import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { ListQuery } from '../http/list-query.dto.js';
import { MayBeMissing } from '../http/optional.js';
import type { Page } from '../http/page.js';
import { WORKER_STATUSES, type WorkerStatus, type WorkerView } from '../persistence/worker-query.store.js';

const TIME = { format: 'date-time', example: '2026-01-31T12:00:00.000Z' };

export class WorkerDto implements WorkerView {
  /** Fresh at every start of a process. */
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'worker-1' })
  hostname: string;

  @ApiProperty({ type: 'integer', minimum: 0, example: 4711 })
  pid: number;

  @ApiProperty({ enum: WORKER_STATUSES, example: 'active' })
  status: WorkerStatus;

  /** Attempts it executes at once. */
  @ApiProperty({ type: 'integer', minimum: 0, example: 10 })
  slots: number;

  /**
   * Attempts it executes now, and those that have ended but whose results are not stored yet. These need no slot, so for
   * moments there may be more than `slots`.
   */
  @ApiProperty({ type: 'integer', minimum: 0, example: 2 })
  running: number;

  @ApiProperty(TIME)
  last_heartbeat_at: string;

  @ApiProperty(TIME)
  started_at: string;

  @ApiProperty({ example: '0.1.0' })
  version: string;
}

export class WorkerPageDto implements Page<WorkerDto> {
  @ApiProperty({ type: [WorkerDto] })
  items: WorkerDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;
}

export class ListWorkersQuery extends ListQuery {
  /** Only workers in this state. */
  @ApiPropertyOptional({ enum: WORKER_STATUSES })
  @MayBeMissing()
  @IsIn(WORKER_STATUSES)
  status?: WorkerStatus;
}

class WorkerCountsDto {
  @ApiProperty({ type: 'integer', minimum: 0, example: 2 })
  active: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 0 })
  draining: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 0 })
  lost: number;
}

class SlotCountsDto {
  @ApiProperty({ type: 'integer', minimum: 0, example: 20 })
  total: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 3 })
  busy: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 17 })
  free: number;
}

/** One number for the last minute, one for the last hour. */
class RecentDto {
  @ApiProperty({ minimum: 0, example: 0 })
  '1m': number;

  @ApiProperty({ minimum: 0, example: 0 })
  '1h': number;
}

export class WorkerStatsDto {
  @ApiProperty({ type: WorkerCountsDto })
  workers: WorkerCountsDto;

  /** Of the active workers. */
  @ApiProperty({ type: SlotCountsDto })
  slots: SlotCountsDto;

  /** Attempts that ended by themselves, well or not; to within five seconds. */
  @ApiProperty({ type: RecentDto })
  throughput: RecentDto;

  /** Share of those that failed, from 0 to 1. */
  @ApiProperty({ type: RecentDto })
  failure_rate: RecentDto;
}
