import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsObject, IsOptional, Min } from 'class-validator';
import type { JsonObject } from '../domain/json.js';
import { PRIORITIES, type Priority } from '../domain/priority.js';
import { IsInstant } from '../http/instant.js';
import { MayBeMissing } from '../http/optional.js';

export class CreateJobDto {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  @Min(1)
  @IsInt()
  dag_id: number;

  /** The DAG's own when missing. */
  @ApiPropertyOptional({ enum: PRIORITIES, example: 'high' })
  @MayBeMissing()
  @IsIn(PRIORITIES)
  priority?: Priority;

  /** What `{{ params.x }}` and `ctx['params']` find. */
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    default: {},
    example: { day: '2026-01-31' },
  })
  @MayBeMissing()
  @IsObject()
  params?: JsonObject;

  /** The job waits until then; null or missing: it starts at once. RFC 3339. */
  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true, example: null })
  @IsOptional()
  @IsInstant()
  run_at?: string | null;
}

export const JOB_EXAMPLES = {
  now: { summary: 'At once', value: { dag_id: 1, priority: 'high', params: {} } },
  later: { summary: 'At a time', value: { dag_id: 1, run_at: '2030-01-01T00:00:00Z' } },
};
