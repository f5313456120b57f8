import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Res,
} from '@nestjs/common';
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
import { allowedTags, ApiIfMatch, ApiIfNoneMatch, ETAG_HEADER, isKnown } from '../http/entity-tags.js';
import { ApiIdempotent, IDEMPOTENCY_KEY, idempotencyKeyOf, markCreation } from '../http/idempotency.js';
import { ListQuery } from '../http/list-query.dto.js';
import type { Page } from '../http/page.js';
import { IntegerIdPipe, LARGEST_ID } from '../http/path-ids.js';
import { CreateDagDto, PatchDagDto } from './create-dag.dto.js';
import { DAG_EXAMPLES, PATCH_EXAMPLES } from './dag-examples.js';
import { DagVerdictDto } from './dag-plan.dto.js';
import { DagDto, DagPageDto, type DagVersionDto, DagVersionPageDto } from './dag.dto.js';
import { DagsService, type TaggedDag } from './dags.service.js';
import { ListDagsQuery } from './list-dags.query.dto.js';

const DAG_ID = new IntegerIdPipe('dag_not_found');
const ApiDagId = (): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: 'The id of the DAG.',
    schema: { type: 'integer', minimum: 1, maximum: LARGEST_ID },
    example: 1,
  });

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
    headers: { Location: { schema: { type: 'string' }, description: 'Its address' }, ...ETAG_HEADER },
  })
  @ApiIdempotent(DagDto, ETAG_HEADER)
  @ApiProblems('dag_name_taken', 'dag_deleted', 'validation_failed')
  async createDag(
    @Body() body: unknown,
    @Headers(IDEMPOTENCY_KEY) key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DagDto> {
    const created = await this.dags.create(body, idempotencyKeyOf(key, 'POST /dags', body));
    markCreation(response, created.isReplay);
    response.location(`/dags/${created.dag.id}`);
    return answer(response, created);
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
  @ApiOkResponse({ type: DagDto, headers: ETAG_HEADER })
  @ApiIfNoneMatch()
  @ApiProblems('dag_not_found')
  async getDag(
    @Param('id', DAG_ID) id: number,
    @Headers('If-None-Match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DagDto | undefined> {
    const found = await this.dags.get(id);
    const dag = answer(response, found);
    if (!isKnown(ifNoneMatch, found.etag)) return dag;
    response.status(304);
    return undefined;
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
  @ApiOkResponse({ type: DagDto, headers: ETAG_HEADER })
  @ApiIfMatch()
  @ApiProblems('dag_not_found', 'dag_name_taken', 'validation_failed')
  async patchDag(
    @Param('id', DAG_ID) id: number,
    @Body() body: unknown,
    @Headers('If-Match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DagDto> {
    return answer(response, await this.dags.patch(id, body, allowedTags(ifMatch)));
  }

  /** Delete a DAG. Its open jobs are cancelled; all its jobs stay readable. */
  @Delete(':id')
  @HttpCode(204)
  @ApiDagId()
  @ApiNoContentResponse()
  @ApiIfMatch()
  @ApiProblems('dag_not_found')
  async deleteDag(
    @Param('id', DAG_ID) id: number,
    @Headers('If-Match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.dags.delete(id, allowedTags(ifMatch));
  }

  /** Stop its schedule. Idempotent. */
  @Post(':id/pause')
  @HttpCode(200)
  @ApiDagId()
  @ApiOkResponse({ type: DagDto, headers: ETAG_HEADER })
  @ApiIfMatch()
  @ApiProblems('dag_not_found')
  async pauseDag(
    @Param('id', DAG_ID) id: number,
    @Headers('If-Match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DagDto> {
    return answer(response, await this.dags.setPaused(id, true, allowedTags(ifMatch)));
  }

  /** Let its schedule go on from now. Idempotent. */
  @Post(':id/resume')
  @HttpCode(200)
  @ApiDagId()
  @ApiOkResponse({ type: DagDto, headers: ETAG_HEADER })
  @ApiIfMatch()
  @ApiProblems('dag_not_found')
  async resumeDag(
    @Param('id', DAG_ID) id: number,
    @Headers('If-Match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DagDto> {
    return answer(response, await this.dags.setPaused(id, false, allowedTags(ifMatch)));
  }
}

function answer(response: Response, { dag, etag }: TaggedDag): DagDto {
  response.setHeader('ETag', etag);
  return dag;
}
