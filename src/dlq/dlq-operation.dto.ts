/** The answers of bulk operations, for the document. The store makes them in this form already. */
import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../http/page.js';
import {
  DLQ_OPERATION_KINDS,
  DLQ_OPERATION_STATUSES,
  type DlqOperationKind,
  type DlqOperationStatus,
  type DlqOperationView,
} from '../persistence/dlq-operation.store.js';
import { DlqFilterDto } from './bulk-dlq.dto.js';
import { DlqEntryDto } from './dlq.dto.js';

const TIME = { format: 'date-time', example: '2026-01-31T12:00:00.000Z' };
const COUNT = { type: 'integer', minimum: 0 } as const;

/** What an operation would be meant for; nothing has been changed. */
export class DlqDryRunDto {
  @ApiProperty({ type: Boolean, enum: [true], example: true })
  dry_run: true;

  /** Entries that are pending and fit, counted up to `max`. */
  @ApiProperty({ ...COUNT, example: 2 })
  matched: number;

  /** Whether more than `max` fit. */
  @ApiProperty({ example: false })
  more: boolean;

  /** The first of them, oldest first. */
  @ApiProperty({ type: [DlqEntryDto] })
  sample: DlqEntryDto[];
}

/** A bulk operation and how far it is: `done + skipped + failed` of `matched`. */
export class DlqOperationDto implements DlqOperationView {
  @ApiProperty({ type: 'integer', example: 1 })
  id: number;

  @ApiProperty({ enum: DLQ_OPERATION_KINDS, example: 'replay' })
  kind: DlqOperationKind;

  @ApiProperty({ type: DlqFilterDto })
  filter: DlqFilterDto;

  @ApiProperty({ type: 'integer', example: 1_000 })
  max: number;

  /** Entries per second, over all schedulers together. */
  @ApiProperty({ type: Number, example: 20 })
  rate: number;

  @ApiProperty({ type: String, nullable: true, example: null })
  note: string | null;

  /** Whether the tasks are to count as succeeded. */
  @ApiProperty({ example: false })
  has_output: boolean;

  @ApiProperty({ enum: DLQ_OPERATION_STATUSES, example: 'running' })
  status: DlqOperationStatus;

  /** Entries it is meant for: those that were pending and fitted when it was made, up to `max`, oldest first. */
  @ApiProperty({ ...COUNT, example: 120 })
  matched: number;

  @ApiProperty({ ...COUNT, example: 40 })
  done: number;

  /** Left alone, since a single replay or resolve of the entry would have been refused. */
  @ApiProperty({ ...COUNT, example: 1 })
  skipped: number;

  /** Not closed through a fault on our side; they are pending still. */
  @ApiProperty({ ...COUNT, example: 0 })
  failed: number;

  /** Of what was skipped or failed, how many by error code. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { job_already_ended: 1 },
  })
  reasons: Record<string, number>;

  @ApiProperty({ example: 'api' })
  created_by: string;

  @ApiProperty(TIME)
  created_at: string;

  @ApiProperty({ type: String, nullable: true, ...TIME, example: null })
  finished_at: string | null;
}

export class DlqOperationPageDto implements Page<DlqOperationDto> {
  @ApiProperty({ type: [DlqOperationDto] })
  items: DlqOperationDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;
}
