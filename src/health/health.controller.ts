import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { HealthDto, UNHEALTHY } from './health.dto.js';
import { HealthService } from './health.service.js';

const ApiUnhealthy = (description: string): MethodDecorator =>
  ApiServiceUnavailableResponse({ type: HealthDto, description, example: UNHEALTHY });

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(private readonly service: HealthService) {}

  /** Is everything this process needs there? */
  @Get()
  @ApiOkResponse({ type: HealthDto })
  @ApiUnhealthy('Some check failed')
  async getHealth(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    return answered(await this.service.health(), response);
  }

  /** Does this process make progress? If not, restart it. */
  @Get('live')
  @ApiOkResponse({ type: HealthDto })
  @ApiUnhealthy('A loop is stuck')
  getLiveness(@Res({ passthrough: true }) response: Response): HealthDto {
    return answered(this.service.live(), response);
  }

  /** Should this process be given work? */
  @Get('ready')
  @ApiOkResponse({ type: HealthDto })
  @ApiUnhealthy('Not now')
  async getReadiness(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    return answered(await this.service.ready(), response);
  }
}

function answered(health: HealthDto, response: Response): HealthDto {
  response.status(health.status === 'ok' ? 200 : 503).setHeader('Cache-Control', 'no-store');
  return health;
}
