import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { JsonObject } from '../domain/json.js';
import { TASK_TYPES, type TaskSpec, type TaskType } from '../domain/task-spec.js';

/** A task of a DAG. Only documentation: task-structure.ts and the domain check it. */
export class TaskSpecDto implements Partial<TaskSpec> {
  /** 1 to 100 letters, digits, `_` or `-`, not beginning with `-`; unique in its DAG. */
  @ApiProperty({ example: 'extract', pattern: '^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$' })
  name: string;

  @ApiProperty({ enum: TASK_TYPES, example: 'shell' })
  task_type: TaskType;

  /**
   * `http`: url, method, headers, body, timeout_seconds, expected_status, max_response_bytes, follow_redirects.
   * `python`: code, args, env, non_retryable_exceptions. `shell`: command, env, cwd, stdin, non_retryable_exit_codes.
   * `noop`: nothing. Texts may hold `{{ params.x }}`, `{{ tasks.NAME.output.a }}`, `{{ run.id }}`, `{{ run.scheduled_for }}`,
   * except in `command` and `code`.
   */
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    default: {},
    example: { command: 'echo hello' },
  })
  config?: JsonObject;

  /** Names of the tasks that must succeed first. */
  @ApiPropertyOptional({ type: [String], default: [] })
  dependencies?: string[];

  /** Retries after the first attempt; 0 means one attempt. Null: `MAX_RETRIES` of the server. */
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 0, example: 3 })
  max_retries?: number | null;

  /** Seconds before the first retry; doubles with each. Null: `RETRY_BASE_DELAY` of the server. */
  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 0, example: 2 })
  retry_base_delay?: number | null;

  /** Longest delay before a retry, in seconds. Null: `RETRY_MAX_DELAY` of the server. */
  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 0, example: 30 })
  retry_max_delay?: number | null;

  /** Longest time one attempt may run. Null: the server's default. */
  @ApiPropertyOptional({ type: Number, nullable: true, example: 20 })
  timeout_seconds?: number | null;
}
