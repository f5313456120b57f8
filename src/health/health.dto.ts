import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ROLES, type Role } from '../config/config.js';

export class CheckDto {
  @ApiProperty({ enum: ['ok', 'failed'], example: 'ok' })
  status: 'ok' | 'failed';

  /** What is wrong; null when nothing is. */
  @ApiProperty({ type: String, nullable: true, example: null })
  detail: string | null;

  @ApiProperty({ type: 'integer', minimum: 0, example: 2 })
  latency_ms: number;
}

const FINE = { status: 'ok', detail: null, latency_ms: 2 };

/** What was looked at differs by role and question. */
@ApiExtraModels(CheckDto)
export class HealthDto {
  @ApiProperty({ enum: ['ok', 'failed'], example: 'ok' })
  status: 'ok' | 'failed';

  @ApiProperty({ enum: ROLES, example: 'all' })
  role: Role;

  @ApiProperty({ example: '0.1.0' })
  version: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(CheckDto) },
    example: { database: FINE, queue: FINE, loops: { ...FINE, latency_ms: 0 } },
  })
  checks: Record<string, CheckDto>;
}

/** What a process answers that misses something, for the document. */
export const UNHEALTHY: HealthDto = {
  status: 'failed',
  role: 'all',
  version: '0.1.0',
  checks: { database: { status: 'failed', detail: 'No answer within 2000 ms.', latency_ms: 2_000 } },
};
