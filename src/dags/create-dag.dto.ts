import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  getSchemaPath,
  PartialType,
} from '@nestjs/swagger';
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
import { MOST_TASKS } from '../domain/graph.js';
import { PRIORITIES, type Priority } from '../domain/priority.js';
import { TASK_SPECS, type TaskSpecBody } from './task-spec.dto.js';

const MAX_NAME_CHARACTERS = 200;
const MAX_DESCRIPTION_CHARACTERS = 10_000;
const MAX_TAGS = 50;
const MAX_TAG_CHARACTERS = 100;

/** No control characters, no space at either end: names are typed, printed and compared. */
const NAME = /^(?! )[^\p{Cc}]*(?<! )$/u;
/** The same for the document, in what every language's regular expressions understand. */
const NAME_PATTERN =
  '^[^\\u0000-\\u0020\\u007f-\\u009f]([^\\u0000-\\u001f\\u007f-\\u009f]*[^\\u0000-\\u0020\\u007f-\\u009f])?$';

/** A definition as people send it; null is the default, as if missing. The faults of cron, timezone and tasks are the domain's, see dag-body.ts. */
@ApiExtraModels(...Object.values(TASK_SPECS))
export class CreateDagDto {
  /** Unique among the DAGs that are not deleted. */
  @ApiProperty({
    example: 'etl-pipeline',
    minLength: 1,
    maxLength: MAX_NAME_CHARACTERS,
    pattern: NAME_PATTERN,
  })
  @Matches(NAME, { message: 'name must have no control characters and no space at its ends' })
  @Length(1, MAX_NAME_CHARACTERS)
  @IsString()
  name: string;

  /** For people. */
  @ApiPropertyOptional({ type: String, nullable: true, default: '', example: 'hourly load' })
  @IsOptional()
  @MaxLength(MAX_DESCRIPTION_CHARACTERS)
  @IsString()
  description?: string | null;

  /** 5 or 6 fields (seconds first), or `@hourly` and its kin; null or missing: started by hand only. */
  @ApiPropertyOptional({ type: String, nullable: true, pattern: '\\S', example: '0 * * * *' })
  @IsOptional()
  @MaxLength(1_000)
  @IsString()
  cron_expression?: string | null;

  /** IANA name of the timezone the cron expression is read in. */
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    default: 'UTC',
    minLength: 1,
    example: 'Europe/Berlin',
  })
  @IsOptional()
  @MaxLength(100)
  @IsString()
  timezone?: string | null;

  /** What its jobs get unless they say otherwise. */
  @ApiPropertyOptional({ enum: PRIORITIES, nullable: true, default: 'normal' })
  @IsOptional()
  @IsIn(PRIORITIES)
  priority?: Priority | null;

  /** Words to find it by. */
  @ApiPropertyOptional({ type: [String], nullable: true, default: [], maxItems: MAX_TAGS, example: ['etl'] })
  @IsOptional()
  @ArrayUnique()
  @Length(1, MAX_TAG_CHARACTERS, { each: true })
  @IsString({ each: true })
  @ArrayMaxSize(MAX_TAGS)
  @IsArray()
  tags?: string[] | null;

  /**
   * 1 to 10,000 tasks with up to 50,000 dependencies in all, unless the installation says otherwise (`MAX_DAG_TASKS`,
   * `MAX_DAG_EDGES`).
   */
  @ApiProperty({
    type: 'array',
    minItems: 1,
    maxItems: MOST_TASKS,
    items: {
      oneOf: Object.values(TASK_SPECS).map((dto) => ({ $ref: getSchemaPath(dto) })),
      discriminator: {
        propertyName: 'task_type',
        mapping: Object.fromEntries(
          Object.entries(TASK_SPECS).map(([type, dto]) => [type, getSchemaPath(dto)]),
        ),
      },
    },
  })
  // Only named here: task-structure.ts reads them.
  @ValidateIf(() => false)
  tasks: TaskSpecBody[];
}

/** Any subset of a definition; null sets the default. Other tasks than before make a new version. */
export class PatchDagDto extends PartialType(CreateDagDto, { skipNullProperties: false }) {}
