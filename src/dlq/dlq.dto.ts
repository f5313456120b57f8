import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min, ValidateIf } from 'class-validator';
import type { Json } from '../domain/json.js';
import { TASK_TYPES, type TaskType } from '../domain/task-spec.js';
import { ANY_JSON } from '../http/openapi/named-schemas.js';
import { ListQuery } from '../http/list-query.dto.js';
import { MayBeMissing } from '../http/optional.js';
import type { Page } from '../http/page.js';
import { WholeNumber } from '../http/query-fields.js';
import { TaskErrorDto } from '../http/task-error.dto.js';
import { DLQ_STATUSES, type DlqEntryView, type DlqStatus } from '../persistence/dlq-query.store.js';
import type { JobView } from '../persistence/job-query.store.js';

const TIME = { format: 'date-time', example: '2026-01-31T12:00:00.000Z' };

export class DlqEntryDto implements DlqEntryView {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  id: number;

  @ApiProperty({ format: 'uuid' })
  run_id: string;

  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  dag_id: number;

  @ApiProperty({ example: 'etl-pipeline' })
  dag_name: string;

  @ApiProperty({ example: 'load' })
  task_name: string;

  @ApiProperty({ enum: TASK_TYPES, example: 'shell' })
  task_type: TaskType;

  /** Number of the attempt that was the last. */
  @ApiProperty({ type: 'integer', minimum: 1, example: 4 })
  attempts: number;

  @ApiProperty({ type: TaskErrorDto })
  error: TaskErrorDto;

  @ApiProperty({ enum: DLQ_STATUSES, example: 'pending' })
  status: DlqStatus;

  @ApiProperty(TIME)
  created_at: string;

  /** When it was replayed or resolved. */
  @ApiProperty({ type: String, nullable: true, ...TIME, example: null })
  resolved_at: string | null;

  /** Who closed it. */
  @ApiProperty({ type: String, nullable: true, example: null })
  resolved_by: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  note: string | null;
}

export class DlqPageDto implements Page<DlqEntryDto> {
  @ApiProperty({ type: [DlqEntryDto] })
  items: DlqEntryDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;
}

/** The entry and its job after a replay or resolve. */
export class ClosedEntryDto {
  @ApiProperty({ type: DlqEntryDto })
  entry: DlqEntryView;

  /** As `GET /jobs/{run_id}` answers it. */
  @ApiProperty({ oneOf: [{ $ref: '#/components/schemas/JobDto' }] })
  job: JobView;
}

export class ListDlqQuery extends ListQuery {
  /** Only entries in this state. */
  @ApiPropertyOptional({ enum: DLQ_STATUSES })
  @MayBeMissing()
  @IsIn(DLQ_STATUSES)
  status?: DlqStatus;

  /** Only entries of this DAG. */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @MayBeMissing()
  @Max(2_147_483_647)
  @Min(1)
  @IsInt()
  @WholeNumber()
  dag_id?: number;

  /** `error.code`, like `timeout`. */
  @ApiPropertyOptional({ type: String, example: 'timeout' })
  @MayBeMissing()
  @MaxLength(100)
  @IsString()
  error_code?: string;
}

export class ResolveDto {
  /** Why, for those who come later. */
  @ApiPropertyOptional({ type: String, nullable: true, example: 'loaded by hand' })
  @IsOptional()
  @MaxLength(2_000)
  @IsString()
  note?: string | null;

  /** Any JSON value, null included: the task counts as succeeded with it, and what waits for it goes on. */
  @ApiPropertyOptional(ANY_JSON)
  // Named, so that it is known; any value will do.
  @ValidateIf(() => false)
  output?: Json;
}

export const RESOLVE_EXAMPLES = {
  withOutput: {
    summary: 'The task counts as succeeded',
    value: { note: 'loaded by hand', output: { rows: 3 } },
  },
  closeOnly: { summary: 'Only close the entry', value: { note: 'not needed any more' } },
};
