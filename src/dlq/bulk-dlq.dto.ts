import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsBoolean,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
} from 'class-validator';
import type { Json } from '../domain/json.js';
import { ANY_JSON } from '../http/openapi/named-schemas.js';
import { IsInstant } from '../http/instant.js';
import { MayBeMissing } from '../http/optional.js';

export const DEFAULT_MAX = 1_000;
const LARGEST_MAX = 100_000;
/** A thousand replays in under a minute, and no more than a handful in the same moment. */
export const DEFAULT_RATE = 20;
const LARGEST_RATE = 1_000;
const SMALLEST_RATE = 0.1;

/** Pending entries that fit every field; at least one is needed. */
export class DlqFilterDto {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 2_147_483_647, example: 1 })
  @MayBeMissing()
  @Max(2_147_483_647)
  @Min(1)
  @IsInt()
  dag_id?: number;

  /** `error.code`, like `timeout`. */
  @ApiPropertyOptional({ type: String, minLength: 1, maxLength: 100, example: 'timeout' })
  @MayBeMissing()
  @MaxLength(100)
  @MinLength(1)
  @IsString()
  error_code?: string;

  @ApiPropertyOptional({ type: String, minLength: 1, maxLength: 100, example: 'load' })
  @MayBeMissing()
  @MaxLength(100)
  @MinLength(1)
  @IsString()
  task_name?: string;

  /** Only entries created earlier than this. RFC 3339. */
  @ApiPropertyOptional({ type: String, format: 'date-time', example: '2030-01-01T00:00:00Z' })
  @MayBeMissing()
  @IsInstant()
  created_before?: string;
}

@ApiExtraModels(DlqFilterDto)
export class BulkReplayDto {
  @ApiProperty({ type: DlqFilterDto })
  @IsObject()
  filter: DlqFilterDto;

  /** True: only say what would be meant. */
  @ApiPropertyOptional({ type: Boolean, default: false, example: true })
  @MayBeMissing()
  @IsBoolean()
  dry_run?: boolean;

  /** Most entries to act on, oldest first. */
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: LARGEST_MAX,
    default: DEFAULT_MAX,
    example: DEFAULT_MAX,
  })
  @MayBeMissing()
  @Max(LARGEST_MAX)
  @Min(1)
  @IsInt()
  max?: number;

  /** Entries per second, over all schedulers together. */
  @ApiPropertyOptional({
    type: Number,
    minimum: SMALLEST_RATE,
    maximum: LARGEST_RATE,
    default: DEFAULT_RATE,
    example: DEFAULT_RATE,
  })
  @MayBeMissing()
  @Max(LARGEST_RATE)
  @Min(SMALLEST_RATE)
  @IsNumber()
  rate?: number;
}

export class BulkResolveDto extends BulkReplayDto {
  /** Why, for those who come later; goes to every entry. */
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 2_000, example: 'the source is gone' })
  @IsOptional()
  @MaxLength(2_000)
  @IsString()
  note?: string | null;

  /** Any JSON value, null included: every task counts as succeeded with it, and what waits for it goes on. */
  @ApiPropertyOptional(ANY_JSON)
  // Named, so that it is known; any value will do.
  @ValidateIf(() => false)
  output?: Json;
}

const FILTER = { dag_id: 1, error_code: 'timeout' };

export const BULK_REPLAY_EXAMPLES = {
  dryRun: { summary: 'What would be replayed', value: { filter: FILTER, dry_run: true } },
  paced: {
    summary: 'Up to 500, five per second',
    value: { filter: FILTER, dry_run: false, max: 500, rate: 5 },
  },
};

export const BULK_RESOLVE_EXAMPLES = {
  dryRun: { summary: 'What would be resolved', value: { filter: FILTER, dry_run: true } },
  closeOnly: {
    summary: 'Only close what is older',
    value: { filter: { created_before: '2026-01-01T00:00:00Z' }, note: 'too old to matter' },
  },
  withOutput: {
    summary: 'The tasks count as succeeded',
    value: { filter: { ...FILTER, task_name: 'load' }, note: 'loaded by hand', output: { rows: 0 } },
  },
};
