import { ApiProperty } from '@nestjs/swagger';
import { ROLES, type Role } from '../config/config.js';

export class CheckDto {
  @ApiProperty({ enum: ['ok', 'failed'], example: 'ok' })
  status: 'ok' | 'failed';

  /** What is wrong; null when nothing is. */
  @ApiProperty({ type: String, nullable: true, example: null })
  detail: string | null;

  @ApiProperty({ type: 'integer', example: 2 })
  latency_ms: number;
}

const CHECK = { type: 'object' as const, example: { status: 'ok', detail: null, latency_ms: 2 } };

export class HealthDto {
  @ApiProperty({ enum: ['ok', 'failed'], example: 'ok' })
  status: 'ok' | 'failed';

  @ApiProperty({ enum: ROLES, example: 'all' })
  role: Role;

  @ApiProperty({ example: '0.1.0' })
  version: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: CHECK,
    example: { database: CHECK.example, queue: CHECK.example },
  })
  checks: Record<string, CheckDto>;
}
