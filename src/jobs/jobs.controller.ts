import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { EventEnvelope } from '../domain/events.js';
import { isTaskName } from '../domain/task-spec.js';
import { DomainError } from '../domain/errors.js';
import { ApiProblems } from '../http/api-problems.js';
import { ListQuery } from '../http/list-query.dto.js';
import type { Page } from '../http/page.js';
import { RunIdPipe } from '../http/path-ids.js';
import type { AttemptView, JobSummary, JobView } from '../persistence/job-query.store.js';
import { CreateJobDto, JOB_EXAMPLES } from './create-job.dto.js';
import { AttemptPageDto, EventPageDto, JobDto, JobPageDto, QueueStatsDto } from './job.dto.js';
import { JobsService, type QueueStatsView } from './jobs.service.js';
import { ListEventsQuery, ListJobsQuery } from './list-jobs.query.dto.js';

const RUN_ID = new RunIdPipe();
const ApiRunId = (): MethodDecorator =>
  ApiParam({ name: 'run_id', schema: { type: 'string', format: 'uuid' } });

/** `queue/stats` stands above the routes with `:run_id`, so that none of them can take it for one. */
@ApiTags('Jobs')
@Controller('jobs')
export class JobsController {
  constructor(private readonly jobs: JobsService) {}

  /** Start a job, now or at `run_at`. */
  @Post()
  @ApiBody({ type: CreateJobDto, examples: JOB_EXAMPLES })
  @ApiCreatedResponse({
    type: JobDto,
    headers: { Location: { schema: { type: 'string' }, description: 'Its address' } },
  })
  @ApiProblems('dag_not_found')
  async createJob(
    @Body() body: CreateJobDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobView> {
    const job = await this.jobs.create(body);
    response.location(`/jobs/${job.run_id}`);
    return job;
  }

  /** List jobs, newest first. */
  @Get()
  @ApiOkResponse({ type: JobPageDto })
  @ApiProblems('cursor_invalid')
  async listJobs(@Query() query: ListJobsQuery): Promise<Page<JobSummary>> {
    return await this.jobs.list(query);
  }

  /** What waits and what runs, by priority. */
  @Get('queue/stats')
  @ApiOkResponse({ type: QueueStatsDto })
  @ApiProblems('queue_unavailable')
  async getQueueStats(): Promise<QueueStatsView> {
    return await this.jobs.queueStats();
  }

  /** One job with its tasks. */
  @Get(':run_id')
  @ApiRunId()
  @ApiOkResponse({ type: JobDto })
  @ApiProblems('job_not_found')
  async getJob(@Param('run_id', RUN_ID) runId: string): Promise<JobView> {
    return await this.jobs.get(runId);
  }

  /** Everything that happened to a job, in order. */
  @Get(':run_id/events')
  @ApiRunId()
  @ApiOkResponse({ type: EventPageDto })
  @ApiProblems('job_not_found', 'cursor_invalid')
  async listJobEvents(
    @Param('run_id', RUN_ID) runId: string,
    @Query() query: ListEventsQuery,
  ): Promise<Page<EventEnvelope>> {
    return await this.jobs.listEvents(runId, query);
  }

  /** Every try at executing one task, oldest first, the running one included. */
  @Get(':run_id/tasks/:name/attempts')
  @ApiRunId()
  @ApiParam({ name: 'name', example: 'extract' })
  @ApiOkResponse({ type: AttemptPageDto })
  @ApiProblems('job_not_found', 'task_not_found', 'cursor_invalid')
  async listTaskAttempts(
    @Param('run_id', RUN_ID) runId: string,
    @Param('name') name: string,
    @Query() query: ListQuery,
  ): Promise<Page<AttemptView>> {
    // What cannot be a name is not looked for: it may hold what the database cannot even compare.
    if (!isTaskName(name)) throw new DomainError('task_not_found');
    return await this.jobs.attempts(runId, name, query);
  }

  /** Stop a job: nothing of it starts any more, what runs is stopped. Idempotent. */
  @Post(':run_id/cancel')
  @HttpCode(200)
  @ApiRunId()
  @ApiOkResponse({ type: JobDto })
  @ApiProblems('job_not_found', 'job_already_ended')
  async cancelJob(@Param('run_id', RUN_ID) runId: string): Promise<JobView> {
    return await this.jobs.cancel(runId);
  }
}
