import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsDate, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { MayBeMissing } from '../http/optional.js';
import { Instant, WholeNumber } from '../http/query-fields.js';

const LARGEST_SEQ = 2_147_483_647;

/** From where a stream of all jobs goes on; the header `Last-Event-ID` wins. */
export class StreamAllQuery {
  /** Replay what happened from then on, at most ten minutes back. RFC 3339. */
  @ApiPropertyOptional({ type: String, format: 'date-time' })
  @MayBeMissing()
  @IsDate({ message: '$property must be a time as in RFC 3339, like 2026-01-31T12:00:00Z' })
  @Instant()
  since?: Date;

  /** The `id` of the last event received, for clients that cannot send `Last-Event-ID`. */
  @MayBeMissing()
  @MaxLength(1_000)
  @IsString()
  last_event_id?: string;
}

/** From where the stream of one job goes on; the header `Last-Event-ID` wins. */
export class StreamJobQuery {
  @MayBeMissing()
  @Max(LARGEST_SEQ)
  @Min(0)
  @IsInt()
  @WholeNumber()
  since?: number;

  @MayBeMissing()
  @Max(LARGEST_SEQ)
  @Min(0)
  @IsInt()
  @WholeNumber()
  last_event_id?: number;
}
