import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { HealthDto } from './health.dto.js';
import { HealthService } from './health.service.js';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(private readonly service: HealthService) {}

  /** Is everything this process needs there? */
  @Get()
  @ApiOkResponse({ type: HealthDto })
  @ApiServiceUnavailableResponse({ type: HealthDto, description: 'Some check failed' })
  async getHealth(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    return answered(await this.service.health(), response);
  }

  /** Does this process make progress? If not, restart it. */
  @Get('live')
  @ApiOkResponse({ type: HealthDto })
  @ApiServiceUnavailableResponse({ type: HealthDto, description: 'A loop is stuck' })
  getLiveness(@Res({ passthrough: true }) response: Response): HealthDto {
    return answered(this.service.live(), response);
  }

  /** Should this process be given work? */
  @Get('ready')
  @ApiOkResponse({ type: HealthDto })
  @ApiServiceUnavailableResponse({ type: HealthDto, description: 'Not now' })
  async getReadiness(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    return answered(await this.service.ready(), response);
  }
}

function answered(health: HealthDto, response: Response): HealthDto {
  response.status(health.status === 'ok' ? 200 : 503).setHeader('Cache-Control', 'no-store');
  return health;
}
