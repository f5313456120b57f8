/** The tasks of a definition as people send them. Only documentation: task-structure.ts and the domain check them. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MAX_RETRIES, MAX_RETRY_DELAY_SECONDS, MAX_TIMEOUT_SECONDS } from '../domain/task-config.js';
import { TASK_NAME_PATTERN, type TaskType } from '../domain/task-spec.js';
import { HttpConfigDto, NoopConfigDto, PythonConfigDto, ShellConfigDto } from './task-config.dto.js';

const DELAY = { type: Number, nullable: true, minimum: 0, maximum: MAX_RETRY_DELAY_SECONDS } as const;

/** What tasks of all types have. */
class CommonTaskDto {
  /** 1 to 100 letters, digits, `_` or `-`, not beginning with `-`; unique in its DAG. */
  @ApiProperty({ example: 'extract', pattern: TASK_NAME_PATTERN.source })
  name: string;

  /** Names of the tasks that must succeed first. */
  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'string', pattern: TASK_NAME_PATTERN.source },
    uniqueItems: true,
    default: [],
    example: [],
  })
  dependencies?: string[];

  /** Retries after the first attempt; 0 means one attempt. Null: `MAX_RETRIES` of the server. */
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 0, maximum: MAX_RETRIES, example: 3 })
  max_retries?: number | null;

  /** Seconds before the first retry; doubles with each. Null: `RETRY_BASE_DELAY` of the server. */
  @ApiPropertyOptional({ ...DELAY, example: 2 })
  retry_base_delay?: number | null;

  /** Longest delay before a retry, in seconds. Null: `RETRY_MAX_DELAY` of the server. */
  @ApiPropertyOptional({ ...DELAY, example: 30 })
  retry_max_delay?: number | null;

  /** Longest time one attempt may run. Null: the server's default. */
  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    exclusiveMinimum: true,
    minimum: 0,
    maximum: MAX_TIMEOUT_SECONDS,
    example: 20,
  })
  timeout_seconds?: number | null;
}

export class HttpTaskSpecDto extends CommonTaskDto {
  @ApiProperty({ enum: ['http'] })
  task_type: 'http';

  @ApiProperty({ type: HttpConfigDto })
  config: HttpConfigDto;
}

export class PythonTaskSpecDto extends CommonTaskDto {
  @ApiProperty({ enum: ['python'] })
  task_type: 'python';

  @ApiProperty({ type: PythonConfigDto })
  config: PythonConfigDto;
}

export class ShellTaskSpecDto extends CommonTaskDto {
  @ApiProperty({ enum: ['shell'] })
  task_type: 'shell';

  @ApiProperty({ type: ShellConfigDto })
  config: ShellConfigDto;
}

export class NoopTaskSpecDto extends CommonTaskDto {
  @ApiProperty({ enum: ['noop'] })
  task_type: 'noop';

  @ApiPropertyOptional({ type: NoopConfigDto })
  config?: NoopConfigDto;
}

/** The form of a task, by its type. */
export const TASK_SPECS = {
  http: HttpTaskSpecDto,
  python: PythonTaskSpecDto,
  shell: ShellTaskSpecDto,
  noop: NoopTaskSpecDto,
} satisfies Record<TaskType, new () => CommonTaskDto>;

export type TaskSpecBody = InstanceType<(typeof TASK_SPECS)[TaskType]>;
