import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsArray, IsDate, IsIn, IsInt, Max, Min } from 'class-validator';
import { JOB_STATUSES, JOB_TRIGGERS, type JobStatus, type JobTrigger } from '../domain/job-state.js';
import { PRIORITIES, type Priority } from '../domain/priority.js';
import { ListQuery } from '../http/list-query.dto.js';
import { MayBeMissing } from '../http/optional.js';
import { CommaList, Instant, WholeNumber } from '../http/query-fields.js';

const LARGEST_INTEGER = 2_147_483_647;

export class ListJobsQuery extends ListQuery {
  /** One status or several, separated by commas. */
  @ApiPropertyOptional({ enum: JOB_STATUSES, isArray: true, minItems: 1, example: ['queued', 'running'] })
  @MayBeMissing()
  @IsIn(JOB_STATUSES, { each: true })
  @IsArray()
  @CommaList()
  status?: JobStatus[];

  /** Only jobs of this DAG. */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @MayBeMissing()
  @Max(LARGEST_INTEGER)
  @Min(1)
  @IsInt()
  @WholeNumber()
  dag_id?: number;

  /** Only jobs started that way. */
  @ApiPropertyOptional({ enum: JOB_TRIGGERS })
  @MayBeMissing()
  @IsIn(JOB_TRIGGERS)
  trigger?: JobTrigger;

  /** Only jobs of this priority. */
  @ApiPropertyOptional({ enum: PRIORITIES })
  @MayBeMissing()
  @IsIn(PRIORITIES)
  priority?: Priority;

  /** Only jobs created later than this. RFC 3339. */
  @ApiPropertyOptional({ type: String, format: 'date-time' })
  @MayBeMissing()
  @IsDate({ message: '$property must be a time as in RFC 3339, like 2026-01-31T12:00:00Z' })
  @Instant()
  created_after?: Date;

  /** Only jobs created earlier than this. RFC 3339. */
  @ApiPropertyOptional({ type: String, format: 'date-time' })
  @MayBeMissing()
  @IsDate({ message: '$property must be a time as in RFC 3339, like 2026-01-31T12:00:00Z' })
  @Instant()
  created_before?: Date;
}

export class ListEventsQuery extends ListQuery {
  /** Only events behind this `seq`. */
  @ApiPropertyOptional({ type: 'integer', minimum: 0, default: 0 })
  @MayBeMissing()
  @Max(LARGEST_INTEGER)
  @Min(0)
  @IsInt()
  @WholeNumber()
  since?: number;
}
