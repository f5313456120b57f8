import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Json } from '../domain/json.js';
import type { TaskError } from '../domain/outcome.js';
import { ANY_JSON } from './openapi/named-schemas.js';

/** Why an attempt failed. */
export class TaskErrorDto implements TaskError {
  @ApiProperty({ example: 'exit_code' })
  code: string;

  @ApiProperty({ example: 'The command ended with exit code 1.' })
  message: string;

  /** False: trying again cannot help, so the task failed at once. */
  @ApiProperty({ example: true })
  retryable: boolean;

  /** Anything else worth keeping, like a traceback. */
  @ApiPropertyOptional(ANY_JSON)
  details?: Json;
}
