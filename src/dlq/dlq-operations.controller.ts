import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiExtraModels,
  ApiOkResponse,
  ApiParam,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblems } from '../http/api-problems.js';
import {
  ApiIdempotencyKey,
  IDEMPOTENCY_KEY,
  idempotencyKeyOf,
  markCreation,
  REPLAY_HEADERS,
} from '../http/idempotency.js';
import { ListQuery } from '../http/list-query.dto.js';
import type { Page } from '../http/page.js';
import { IntegerIdPipe, LARGEST_ID } from '../http/path-ids.js';
import type { DlqOperationKind, DlqOperationView } from '../persistence/dlq-operation.store.js';
import {
  BULK_REPLAY_EXAMPLES,
  BULK_RESOLVE_EXAMPLES,
  BulkReplayDto,
  BulkResolveDto,
} from './bulk-dlq.dto.js';
import { DlqDryRunDto, DlqOperationDto, DlqOperationPageDto } from './dlq-operation.dto.js';
import { DlqOperationsService } from './dlq-operations.service.js';

const OPERATION_ID = new IntegerIdPipe('dlq_operation_not_found');
const ApiOperationId = (): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: 'The id of the operation.',
    schema: { type: 'integer', minimum: 1, maximum: LARGEST_ID },
    example: 1,
  });

const DRY_RUN_OR_REPLAY = {
  description:
    'With `dry_run`: what it would be meant for. Else what an earlier request with this Idempotency-Key has made, as it is now',
  schema: { oneOf: [{ $ref: getSchemaPath(DlqDryRunDto) }, { $ref: getSchemaPath(DlqOperationDto) }] },
  headers: REPLAY_HEADERS,
};
const ACCEPTED = {
  type: DlqOperationDto,
  description: 'The operation, which has begun',
  headers: { Location: { schema: { type: 'string' as const }, description: 'Where its progress is' } },
};

/** Bodies are read by the service and not by the pipe, so that faults of the filter come in the same answer. */
@ApiTags('Dead-letter queue')
@Controller('workers/dlq')
export class DlqOperationsController {
  constructor(private readonly operations: DlqOperationsService) {}

  /**
   * Replay many entries, paced.
   *
   * Meant are the entries that are pending and fit the filter now, the oldest `max` of them: what fails again later is
   * not replayed again. They are replayed in the background, at most `rate` per second, each exactly as by its own
   * replay; one that cannot be (its job was cancelled, its DAG deleted, somebody else closed it) is skipped.
   * Their `resolved_by` names the operation. A dry run leaves an Idempotency-Key unused.
   */
  @Post('replay')
  @ApiBody({ type: BulkReplayDto, examples: BULK_REPLAY_EXAMPLES })
  @ApiExtraModels(DlqDryRunDto, DlqOperationDto)
  @ApiOkResponse(DRY_RUN_OR_REPLAY)
  @ApiIdempotencyKey()
  @ApiAcceptedResponse(ACCEPTED)
  @ApiProblems('validation_failed')
  async replayDlqEntries(
    @Body() body: unknown,
    @Headers(IDEMPOTENCY_KEY) key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DlqOperationView | DlqDryRunDto> {
    return await this.begin('replay', body, key, response);
  }

  /** Close many entries by hand, paced; with `output` their tasks count as succeeded with it. See the bulk replay. */
  @Post('resolve')
  @ApiBody({ type: BulkResolveDto, examples: BULK_RESOLVE_EXAMPLES })
  @ApiExtraModels(DlqDryRunDto, DlqOperationDto)
  @ApiOkResponse(DRY_RUN_OR_REPLAY)
  @ApiIdempotencyKey()
  @ApiAcceptedResponse(ACCEPTED)
  @ApiProblems('validation_failed')
  async resolveDlqEntries(
    @Body() body: unknown,
    @Headers(IDEMPOTENCY_KEY) key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DlqOperationView | DlqDryRunDto> {
    return await this.begin('resolve', body, key, response);
  }

  /** List bulk operations, newest first. */
  @Get('operations')
  @ApiOkResponse({ type: DlqOperationPageDto })
  @ApiProblems('cursor_invalid')
  async listDlqOperations(@Query() query: ListQuery): Promise<Page<DlqOperationView>> {
    return await this.operations.list(query);
  }

  /** One bulk operation and how far it is. */
  @Get('operations/:id')
  @ApiOperationId()
  @ApiOkResponse({ type: DlqOperationDto })
  @ApiProblems('dlq_operation_not_found')
  async getDlqOperation(@Param('id', OPERATION_ID) id: number): Promise<DlqOperationView> {
    return await this.operations.get(id);
  }

  /** Stop a bulk operation: no further batch begins; the one in hand is finished and counted. Idempotent. */
  @Post('operations/:id/cancel')
  @HttpCode(200)
  @ApiOperationId()
  @ApiOkResponse({ type: DlqOperationDto })
  @ApiProblems('dlq_operation_not_found', 'dlq_operation_ended')
  async cancelDlqOperation(@Param('id', OPERATION_ID) id: number): Promise<DlqOperationView> {
    return await this.operations.cancel(id);
  }

  private async begin(
    kind: DlqOperationKind,
    body: unknown,
    key: string | undefined,
    response: Response,
  ): Promise<DlqOperationView | DlqDryRunDto> {
    const idempotencyKey = idempotencyKeyOf(key, `POST /workers/dlq/${kind}`, body);
    const answer = await this.operations.begin(kind, body, idempotencyKey);
    if (answer.kind === 'dry_run') {
      response.status(200);
    } else {
      markCreation(response, answer.kind === 'replayed', 202);
      response.location(`/workers/dlq/operations/${answer.view.id}`);
    }
    return answer.view;
  }
}
