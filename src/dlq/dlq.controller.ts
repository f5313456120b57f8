import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/api-problems.js';
import type { Page } from '../http/page.js';
import { IntegerIdPipe, LARGEST_ID } from '../http/path-ids.js';
import type { DlqEntryView } from '../persistence/dlq-query.store.js';
import { ClosedEntryDto, DlqPageDto, ListDlqQuery, RESOLVE_EXAMPLES, ResolveDto } from './dlq.dto.js';
import { DlqService } from './dlq.service.js';

const ENTRY_ID = new IntegerIdPipe('dlq_entry_not_found');
const ApiEntryId = (): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: 'The id of the entry.',
    schema: { type: 'integer', minimum: 1, maximum: LARGEST_ID },
    example: 1,
  });

@ApiTags('Dead-letter queue')
@Controller('workers/dlq')
export class DlqController {
  constructor(private readonly dlq: DlqService) {}

  /** List tasks that used up their attempts, newest first. */
  @Get('entries')
  @ApiOkResponse({ type: DlqPageDto })
  @ApiProblems('cursor_invalid')
  async listDlqEntries(@Query() query: ListDlqQuery): Promise<Page<DlqEntryView>> {
    return await this.dlq.list(query);
  }

  /** Run the same task of the same job again, with fresh retries; what waits for it waits again. */
  @Post(':id/replay')
  @HttpCode(200)
  @ApiEntryId()
  @ApiOkResponse({ type: ClosedEntryDto })
  @ApiProblems('dlq_entry_not_found', 'dlq_entry_not_pending', 'job_already_ended', 'dag_deleted')
  async replayDlqEntry(@Param('id', ENTRY_ID) id: number): Promise<ClosedEntryDto> {
    return await this.dlq.replay(id);
  }

  /** Close an entry by hand; with `output` the task counts as succeeded with it. */
  @Post(':id/resolve')
  @HttpCode(200)
  @ApiEntryId()
  @ApiBody({ type: ResolveDto, required: false, examples: RESOLVE_EXAMPLES })
  @ApiOkResponse({ type: ClosedEntryDto })
  @ApiProblems('dlq_entry_not_found', 'dlq_entry_not_pending', 'job_already_ended', 'dag_deleted')
  async resolveDlqEntry(
    @Param('id', ENTRY_ID) id: number,
    @Body() body: ResolveDto,
  ): Promise<ClosedEntryDto> {
    return await this.dlq.resolve(id, body);
  }
}
