import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiParam, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { DomainError } from '../domain/errors.js';
import { isTaskName } from '../domain/task-spec.js';
import { ApiProblems } from '../http/api-problems.js';
import { RunIdPipe } from '../http/path-ids.js';
import { TaskLogDto, TaskLogQuery } from './task-log.dto.js';
import { TaskLogsService } from './task-logs.service.js';

const header = (description: string, example: string) => ({
  schema: { type: 'string' as const },
  description,
  example,
});

@ApiTags('Jobs')
@Controller('jobs')
export class TaskLogsController {
  constructor(private readonly logs: TaskLogsService) {}

  /**
   * What an attempt wrote to stdout and stderr, also while it runs.
   *
   * To follow it, ask again with `offset` = `next_offset` until `complete`. With `Accept: text/plain` the answer is the bare
   * text. Long logs keep their beginning and their end. An `http` task has a line for each exchange, a `noop` task nothing.
   */
  @Get(':run_id/tasks/:name/logs')
  @ApiParam({ name: 'run_id', description: 'The id of the job.', schema: { type: 'string', format: 'uuid' } })
  @ApiParam({ name: 'name', description: 'The name of the task.', example: 'load' })
  @ApiExtraModels(TaskLogDto)
  @ApiOkResponse({
    description: 'The log, from `offset` on',
    headers: {
      'X-Log-Next-Offset': header('With text/plain: `next_offset`', '14'),
      'X-Log-Complete': header('With text/plain: `complete`', 'true'),
    },
    content: {
      'application/json': { schema: { $ref: getSchemaPath(TaskLogDto) } },
      'text/plain': { schema: { type: 'string' }, example: 'loaded 3 rows\n' },
    },
  })
  @ApiProblems('job_not_found', 'task_not_found', 'attempt_not_found')
  async getTaskLog(
    @Param('run_id', new RunIdPipe()) runId: string,
    @Param('name') name: string,
    @Query() query: TaskLogQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TaskLogDto | string> {
    // What cannot be a name is not looked for: it may hold what the database cannot even compare.
    if (!isTaskName(name)) throw new DomainError('task_not_found');
    const log = await this.logs.read(runId, name, query);
    response.vary('Accept');
    if (request.accepts(['json', 'text/plain']) !== 'text/plain') return log;
    response.type('text/plain').set({
      'X-Log-Next-Offset': String(log.next_offset),
      'X-Log-Complete': String(log.complete),
      // A task may write anything: no browser shall take it for a page.
      'X-Content-Type-Options': 'nosniff',
    });
    return log.text;
  }
}
