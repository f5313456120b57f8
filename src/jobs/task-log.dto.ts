import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { LOG_STREAMS, type LogStream } from '../domain/log-piece.js';
import { MayBeMissing } from '../http/optional.js';
import { WholeNumber } from '../http/query-fields.js';
import type { LogSpan } from './log-window.js';

const LARGEST_INTEGER = 2_147_483_647;
/** The whole of a log whose size the server does not limit otherwise. */
export const DEFAULT_LIMIT_BYTES = 1_048_576;
const LARGEST_LIMIT_BYTES = 4 * 1_048_576;

export class TaskLogQuery {
  /** Number of the attempt. Without it, the newest that has begun: name it to follow one log through a retry. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @MayBeMissing()
  @Max(LARGEST_INTEGER)
  @Min(1)
  @IsInt()
  @WholeNumber()
  attempt?: number;

  /** Where to begin, in bytes; `next_offset` of the answer before. Behind the end the text is empty. */
  @ApiPropertyOptional({ type: 'integer', minimum: 0, default: 0 })
  @MayBeMissing()
  @Max(LARGEST_INTEGER)
  @Min(0)
  @IsInt()
  @WholeNumber()
  offset?: number;

  /** Most bytes of text. */
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: LARGEST_LIMIT_BYTES,
    default: DEFAULT_LIMIT_BYTES,
  })
  @MayBeMissing()
  @Max(LARGEST_LIMIT_BYTES)
  @Min(1)
  @IsInt()
  @WholeNumber()
  limit_bytes?: number;
}

export class LogSpanDto implements LogSpan {
  /** Of its first byte in the whole log. */
  @ApiProperty({ type: 'integer', example: 0 })
  offset: number;

  @ApiProperty({ type: 'integer', example: 14 })
  bytes: number;

  /** `system`: a line of the scheduler's own. */
  @ApiProperty({ enum: LOG_STREAMS, example: 'stdout' })
  stream: LogStream;

  /** When its first byte came, by the worker's clock. */
  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  at: string;
}

/** Part of what one attempt wrote. */
export class TaskLogDto {
  @ApiProperty({ format: 'uuid', example: '019a2b3c-4d5e-7f80-9123-456789abcdef' })
  run_id: string;

  @ApiProperty({ example: 'load' })
  task: string;

  /** null: none has begun yet. */
  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  attempt: number | null;

  /** Where the text begins, in bytes of the whole log. */
  @ApiProperty({ type: 'integer', example: 0 })
  offset: number;

  /** Where to go on reading. */
  @ApiProperty({ type: 'integer', example: 14 })
  next_offset: number;

  /** Bytes of the whole log so far. */
  @ApiProperty({ type: 'integer', example: 14 })
  size: number;

  /** The attempt has ended, and its log with this text. */
  @ApiProperty({ example: true })
  complete: boolean;

  /** Some of what was written is not in the log; a line in its place says how much. */
  @ApiProperty({ example: false })
  truncated: boolean;

  /** What stdout and stderr got, in the order it came. Bytes that are not UTF-8 are U+FFFD. */
  @ApiProperty({ example: 'loaded 3 rows\n' })
  text: string;

  /** Which stream wrote which bytes of the text, and when. */
  @ApiProperty({ type: [LogSpanDto] })
  spans: LogSpanDto[];
}
