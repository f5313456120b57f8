import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiParam,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Response } from 'express';
import type { EventEnvelope } from '../domain/events.js';
import { isTaskName, TASK_NAME_PATTERN } from '../domain/task-spec.js';
import { DomainError, validationFailed } from '../domain/errors.js';
import { ApiProblems } from '../http/api-problems.js';
import {
  ApiIdempotencyKey,
  ApiIdempotent,
  IDEMPOTENCY_KEY,
  idempotencyKeyOf,
  markCreation,
  REPLAYED_HEADER,
} from '../http/idempotency.js';
import { ListQuery } from '../http/list-query.dto.js';
import type { Page } from '../http/page.js';
import { RunIdPipe } from '../http/path-ids.js';
import type { AttemptView, JobSummary, JobView } from '../persistence/job-query.store.js';
import { CreateJobBatchDto, JOB_BATCH_EXAMPLES, readJobBatch } from './create-job-batch.dto.js';
import { CreateJobDto, JOB_EXAMPLES } from './create-job.dto.js';
import { AttemptPageDto, EventPageDto, JobBatchDto, JobDto, JobPageDto, QueueStatsDto } from './job.dto.js';
import { JobsService, type QueueStatsView } from './jobs.service.js';
import { ListEventsQuery, ListJobsQuery } from './list-jobs.query.dto.js';
import { RERUN_EXAMPLES, RerunJobDto } from './rerun-job.dto.js';

const RUN_ID = new RunIdPipe();
const ApiRunId = (): MethodDecorator =>
  ApiParam({
    name: 'run_id',
    description: 'The id of the job.',
    schema: { type: 'string', format: 'uuid' },
    example: '019a2b3c-4d5e-7f80-9123-456789abcdef',
  });
const ApiTaskName = (): MethodDecorator =>
  ApiParam({
    name: 'name',
    description: 'The name of the task.',
    schema: { type: 'string', pattern: TASK_NAME_PATTERN.source },
    example: 'extract',
  });

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
  @ApiIdempotent(JobDto)
  @ApiProblems('dag_not_found')
  async createJob(
    @Body() body: CreateJobDto,
    @Headers(IDEMPOTENCY_KEY) key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobView> {
    const { job, isReplay } = await this.jobs.create(body, idempotencyKeyOf(key, 'POST /jobs', body));
    markCreation(response, isReplay);
    response.location(`/jobs/${job.run_id}`);
    return job;
  }

  /**
   * Start many jobs at once: all of them or none.
   *
   * Each of the 1 to 500 items is what `POST /jobs` takes. Together they may have at most 20,000 tasks. The answer has the
   * jobs in the order of the request, as `GET /jobs` shows them; there is no `Location`, as there is no one address. The
   * Idempotency-Key, if any, is that of the whole request.
   */
  @Post('batch')
  @ApiBody({ type: CreateJobBatchDto, examples: JOB_BATCH_EXAMPLES })
  @ApiCreatedResponse({ type: JobBatchDto })
  @ApiOkResponse({
    type: JobBatchDto,
    description: 'What an earlier request with this key has made, as it is now',
    headers: REPLAYED_HEADER,
  })
  @ApiIdempotencyKey()
  @ApiProblems('validation_failed', 'dag_not_found')
  async createJobBatch(
    @Body() body: unknown,
    @Headers(IDEMPOTENCY_KEY) key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ items: JobSummary[] }> {
    const { jobs: wanted, faults } = readJobBatch(body);
    if (faults.length > 0) throw validationFailed(faults);
    const { jobs, isReplay } = await this.jobs.createBatch(
      wanted,
      idempotencyKeyOf(key, 'POST /jobs/batch', body),
    );
    markCreation(response, isReplay);
    return { items: jobs };
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

  /** Everything that happened to a job, in order. With `Accept: text/event-stream` live, see the room `events`. */
  @Get(':run_id/events')
  @ApiRunId()
  @ApiExtraModels(EventPageDto)
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Streams: the last `seq` received' })
  @ApiQuery({ name: 'last_event_id', required: false, type: 'integer', description: 'Streams: the same' })
  @ApiOkResponse({
    description: 'A page, or a stream that begins with a `snapshot` and ends with the job',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(EventPageDto) } },
      'text/event-stream': { schema: { type: 'string' } },
    },
  })
  @ApiNoContentResponse({ description: 'Streams: the job has ended, and nothing is behind that `seq`' })
  @ApiProblems('job_not_found', 'cursor_invalid', 'too_many_streams', 'origin_not_allowed')
  async listJobEvents(
    @Param('run_id', RUN_ID) runId: string,
    @Query() query: ListEventsQuery,
  ): Promise<Page<EventEnvelope>> {
    return await this.jobs.listEvents(runId, query);
  }

  /** Every try at executing one task, oldest first, the running one included. */
  @Get(':run_id/tasks/:name/attempts')
  @ApiRunId()
  @ApiTaskName()
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

  /**
   * Run an ended job again, or a part of it, as a new job.
   *
   * The new job has the DAG version, parameters, priority and `scheduled_for` of the original, the trigger `manual`, and
   * names it in `rerun_of`. What it does not run again has already succeeded in it: with the output it had, `attempt` 0
   * and no `started_at`. It starts at once, whatever the time the original waited for.
   *
   * A task that did not succeed has no output to reuse: it runs again even when it is not in the list.
   */
  @Post(':run_id/rerun')
  @ApiRunId()
  @ApiBody({ type: RerunJobDto, examples: RERUN_EXAMPLES })
  @ApiCreatedResponse({
    type: JobDto,
    headers: { Location: { schema: { type: 'string' }, description: 'Its address' } },
  })
  @ApiIdempotent(JobDto)
  @ApiProblems('job_not_found', 'job_not_ended', 'dag_deleted', 'nothing_to_rerun')
  async rerunJob(
    @Param('run_id', RUN_ID) runId: string,
    @Body() body: RerunJobDto,
    @Headers(IDEMPOTENCY_KEY) key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobView> {
    const route = `POST /jobs/${runId}/rerun`;
    const { job, isReplay } = await this.jobs.rerun(runId, body, idempotencyKeyOf(key, route, body));
    markCreation(response, isReplay);
    response.location(`/jobs/${job.run_id}`);
    return job;
  }
}
