import { ApiProperty } from '@nestjs/swagger';
import type { JsonObject } from '../domain/json.js';
import { TASK_NAME_PATTERN, TASK_TYPES, type TaskSpec, type TaskType } from '../domain/task-spec.js';

const OR_NULL = { type: Number, nullable: true, minimum: 0, example: null } as const;

/** A task of a stored definition: complete, whatever its author left out. */
export class StoredTaskDto implements TaskSpec {
  @ApiProperty({ pattern: TASK_NAME_PATTERN.source, example: 'extract' })
  name: string;

  @ApiProperty({ enum: TASK_TYPES, example: 'shell' })
  task_type: TaskType;

  /** As its author wrote it. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { command: 'echo hello' } })
  config: JsonObject;

  /** Names of the tasks it waits for. */
  @ApiProperty({ type: [String], example: [] })
  dependencies: string[];

  /** Null: `MAX_RETRIES` of the server. */
  @ApiProperty({ ...OR_NULL, type: 'integer' })
  max_retries: number | null;

  /** Null: `RETRY_BASE_DELAY` of the server. */
  @ApiProperty(OR_NULL)
  retry_base_delay: number | null;

  /** Null: `RETRY_MAX_DELAY` of the server. */
  @ApiProperty(OR_NULL)
  retry_max_delay: number | null;

  /** Null: the server's default. */
  @ApiProperty(OR_NULL)
  timeout_seconds: number | null;
}
