import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import { PRIORITIES, type Priority } from '../domain/priority.js';
import { MayBeMissing } from '../http/optional.js';
import { TaskSpecDto } from './task-spec.dto.js';

const MAX_NAME_CHARACTERS = 200;
const MAX_DESCRIPTION_CHARACTERS = 10_000;
const MAX_TAGS = 50;
const MAX_TAG_CHARACTERS = 100;

/** No control characters, no space at either end: names are typed, printed and compared. */
const NAME = /^(?! )[^\p{Cc}]*(?<! )$/u;

/** A definition as people send it. The faults of cron, timezone and tasks are the domain's, see dag-body.ts. */
export class CreateDagDto {
  /** Unique among the DAGs that are not deleted. */
  @ApiProperty({ example: 'etl-pipeline', minLength: 1, maxLength: MAX_NAME_CHARACTERS })
  @Matches(NAME, { message: 'name must have no control characters and no space at its ends' })
  @Length(1, MAX_NAME_CHARACTERS)
  @IsString()
  name: string;

  @ApiPropertyOptional({ default: '', example: 'hourly load' })
  @MayBeMissing()
  @MaxLength(MAX_DESCRIPTION_CHARACTERS)
  @IsString()
  description?: string;

  /** 5 or 6 fields (seconds first), or `@hourly` and its kin; null or missing: started by hand only. */
  @ApiPropertyOptional({ type: String, nullable: true, example: '0 * * * *' })
  @IsOptional()
  @MaxLength(1_000)
  @IsString()
  cron_expression?: string | null;

  /** IANA name of the timezone the cron expression is read in. */
  @ApiPropertyOptional({ default: 'UTC', example: 'Europe/Berlin' })
  @MayBeMissing()
  @MaxLength(100)
  @IsString()
  timezone?: string;

  /** What its jobs get unless they say otherwise. */
  @ApiPropertyOptional({ enum: PRIORITIES, default: 'normal' })
  @MayBeMissing()
  @IsIn(PRIORITIES)
  priority?: Priority;

  @ApiPropertyOptional({ type: [String], default: [], example: ['etl'] })
  @MayBeMissing()
  @ArrayUnique()
  @Length(1, MAX_TAG_CHARACTERS, { each: true })
  @IsString({ each: true })
  @ArrayMaxSize(MAX_TAGS)
  @IsArray()
  tags?: string[];

  /** 1 to 10,000 tasks with up to 50,000 dependencies in all. */
  @ApiProperty({ type: [TaskSpecDto] })
  // Only named here: task-structure.ts reads them.
  @ValidateIf(() => false)
  tasks: TaskSpecDto[];
}

/** Any subset of a definition; other tasks than before make a new version. */
export class PatchDagDto extends PartialType(CreateDagDto, { skipNullProperties: false }) {}
