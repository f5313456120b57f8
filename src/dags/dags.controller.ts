import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblems } from '../http/api-problems.js';
import { ListQuery } from '../http/list-query.dto.js';
import type { Page } from '../http/page.js';
import { IntegerIdPipe } from '../http/path-ids.js';
import { CreateDagDto, PatchDagDto } from './create-dag.dto.js';
import { DAG_EXAMPLES, PATCH_EXAMPLES } from './dag-examples.js';
import { DagVerdictDto } from './dag-plan.dto.js';
import { DagDto, DagPageDto, type DagVersionDto, DagVersionPageDto } from './dag.dto.js';
import { DagsService } from './dags.service.js';
import { ListDagsQuery } from './list-dags.query.dto.js';

const DAG_ID = new IntegerIdPipe('dag_not_found');
const ApiDagId = (): MethodDecorator =>
  ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, example: 1 });

/** Bodies are read by the service and not by the pipe, so that faults of form and of meaning come in one answer. */
@ApiTags('DAGs')
@Controller('dags')
export class DagsController {
  constructor(private readonly dags: DagsService) {}

  /** Define a DAG. */
  @Post()
  @ApiBody({ type: CreateDagDto, examples: DAG_EXAMPLES })
  @ApiCreatedResponse({
    type: DagDto,
    headers: { Location: { schema: { type: 'string' }, description: 'Its address' } },
  })
  @ApiProblems('dag_name_taken', 'validation_failed')
  async createDag(@Body() body: unknown, @Res({ passthrough: true }) response: Response): Promise<DagDto> {
    const dag = await this.dags.create(body);
    response.location(`/dags/${dag.id}`);
    return dag;
  }

  /** Check a definition, and see what it would do, without storing it. */
  @Post('validate')
  @HttpCode(200)
  @ApiBody({ type: CreateDagDto, examples: DAG_EXAMPLES })
  @ApiOkResponse({ type: DagVerdictDto })
  async validateDag(@Body() body: unknown): Promise<DagVerdictDto> {
    return await this.dags.validate(body);
  }

  /** List DAGs, newest first. */
  @Get()
  @ApiOkResponse({ type: DagPageDto })
  @ApiProblems('cursor_invalid')
  async listDags(@Query() query: ListDagsQuery): Promise<Page<DagDto>> {
    return await this.dags.list(query);
  }

  /** One DAG. */
  @Get(':id')
  @ApiDagId()
  @ApiOkResponse({ type: DagDto })
  @ApiProblems('dag_not_found')
  async getDag(@Param('id', DAG_ID) id: number): Promise<DagDto> {
    return await this.dags.get(id);
  }

  /** The versions of its tasks, newest first. */
  @Get(':id/versions')
  @ApiDagId()
  @ApiOkResponse({ type: DagVersionPageDto })
  @ApiProblems('dag_not_found', 'cursor_invalid')
  async listDagVersions(
    @Param('id', DAG_ID) id: number,
    @Query() query: ListQuery,
  ): Promise<Page<DagVersionDto>> {
    return await this.dags.versions(id, query);
  }

  /** Change any part of a definition. Other tasks make a new version; jobs keep the version they began with. */
  @Patch(':id')
  @ApiDagId()
  @ApiBody({ type: PatchDagDto, examples: PATCH_EXAMPLES })
  @ApiOkResponse({ type: DagDto })
  @ApiProblems('dag_not_found', 'dag_name_taken', 'validation_failed')
  async patchDag(@Param('id', DAG_ID) id: number, @Body() body: unknown): Promise<DagDto> {
    return await this.dags.patch(id, body);
  }

  /** Delete a DAG. Its open jobs are cancelled; all its jobs stay readable. */
  @Delete(':id')
  @HttpCode(204)
  @ApiDagId()
  @ApiNoContentResponse()
  @ApiProblems('dag_not_found')
  async deleteDag(@Param('id', DAG_ID) id: number): Promise<void> {
    await this.dags.delete(id);
  }

  /** Stop its schedule. Idempotent. */
  @Post(':id/pause')
  @HttpCode(200)
  @ApiDagId()
  @ApiOkResponse({ type: DagDto })
  @ApiProblems('dag_not_found')
  async pauseDag(@Param('id', DAG_ID) id: number): Promise<DagDto> {
    return await this.dags.setPaused(id, true);
  }

  /** Let its schedule go on from now. Idempotent. */
  @Post(':id/resume')
  @HttpCode(200)
  @ApiDagId()
  @ApiOkResponse({ type: DagDto })
  @ApiProblems('dag_not_found')
  async resumeDag(@Param('id', DAG_ID) id: number): Promise<DagDto> {
    return await this.dags.setPaused(id, false);
  }
}
