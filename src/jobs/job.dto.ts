/** The answers of the jobs API, for its document. The stores make them in this form already. */
import { ApiProperty } from '@nestjs/swagger';
import { EVENT_TYPES, type EventEnvelope, type EventType } from '../domain/events.js';
import { JOB_STATUSES, JOB_TRIGGERS, type JobStatus, type JobTrigger } from '../domain/job-state.js';
import type { Json } from '../domain/json.js';
import { PRIORITIES, type Priority } from '../domain/priority.js';
import { TASK_TYPES, type TaskType } from '../domain/task-spec.js';
import { TASK_STATUSES, type TaskStatus } from '../domain/task-state.js';
import { ANY_JSON } from '../http/openapi/named-schemas.js';
import { TaskErrorDto } from '../http/task-error.dto.js';
import type { Page } from '../http/page.js';
import type {
  AttemptStatus,
  AttemptView,
  JobSummary,
  JobView,
  TaskCounts,
  TaskView,
} from '../persistence/job-query.store.js';
import type { QueueStatsView } from './jobs.service.js';

const RUN_ID = { format: 'uuid', example: '019a2b3c-4d5e-7f80-9123-456789abcdef' };
const TIME = { format: 'date-time', example: '2026-01-31T12:00:00.000Z' };
const TIME_OR_NULL = { type: String, nullable: true, ...TIME } as const;
/** A time that has not come in the example. */
const NOT_YET = { ...TIME_OR_NULL, example: null } as const;

const COUNTS_SCHEMA = {
  type: 'object' as const,
  properties: Object.fromEntries(
    TASK_STATUSES.map((status) => [status, { type: 'integer' as const, minimum: 0 }]),
  ),
  required: [...TASK_STATUSES],
  selfRequired: true,
  additionalProperties: false,
  example: Object.fromEntries(TASK_STATUSES.map((status) => [status, status === 'running' ? 1 : 0])),
};

export class JobSummaryDto implements JobSummary {
  @ApiProperty(RUN_ID)
  run_id: string;

  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  dag_id: number;

  @ApiProperty({ example: 'etl-pipeline' })
  dag_name: string;

  /** The version it began with, and keeps. */
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  dag_version: number;

  @ApiProperty({ enum: JOB_STATUSES, example: 'running' })
  status: JobStatus;

  @ApiProperty({ enum: PRIORITIES, example: 'high' })
  priority: Priority;

  @ApiProperty({ enum: JOB_TRIGGERS, example: 'manual' })
  trigger: JobTrigger;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { day: '2026-01-31' } })
  params: Json;

  /** Its tick or `run_at`; null when it was started at once. */
  @ApiProperty(NOT_YET)
  scheduled_for: string | null;

  /** The job whose rerun this is; null for all others. */
  @ApiProperty({ type: String, nullable: true, format: 'uuid', example: null })
  rerun_of: string | null;

  @ApiProperty(TIME)
  created_at: string;

  @ApiProperty(TIME_OR_NULL)
  started_at: string | null;

  @ApiProperty(NOT_YET)
  finished_at: string | null;

  /** Its tasks by status. */
  @ApiProperty(COUNTS_SCHEMA)
  task_counts: TaskCounts;
}

export class TaskDto implements TaskView {
  @ApiProperty({ example: 'extract' })
  name: string;

  @ApiProperty({ enum: TASK_TYPES, example: 'shell' })
  task_type: TaskType;

  @ApiProperty({ enum: TASK_STATUSES, example: 'running' })
  status: TaskStatus;

  /** Number of the newest attempt; 0 before the first, and of a task that succeeded because a rerun reused its output. */
  @ApiProperty({ type: 'integer', minimum: 0, example: 1 })
  attempt: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 3 })
  max_retries: number;

  @ApiProperty(TIME_OR_NULL)
  started_at: string | null;

  @ApiProperty(NOT_YET)
  finished_at: string | null;

  /** When a task that is `retrying` is tried again. */
  @ApiProperty(NOT_YET)
  next_retry_at: string | null;

  @ApiProperty(ANY_JSON)
  output: Json;

  /** What the newest attempt failed with. */
  @ApiProperty({ type: TaskErrorDto, nullable: true, example: null })
  error: TaskErrorDto | null;

  /** The worker of the newest attempt. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: RUN_ID.example })
  worker_id: string | null;
}

export class JobDto extends JobSummaryDto implements JobView {
  /** In the order of the DAG. */
  @ApiProperty({ type: [TaskDto] })
  tasks: TaskDto[];
}

export class JobPageDto implements Page<JobSummaryDto> {
  @ApiProperty({ type: [JobSummaryDto] })
  items: JobSummaryDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;
}

export class JobBatchDto {
  /** In the order of the request. */
  @ApiProperty({ type: [JobSummaryDto] })
  items: JobSummaryDto[];
}

export class EventDto implements EventEnvelope {
  /** Gapless per job, from 1. */
  @ApiProperty({ type: 'integer', minimum: 0, example: 7 })
  seq: number;

  @ApiProperty({ enum: EVENT_TYPES, example: 'task.succeeded' })
  type: EventType;

  @ApiProperty({ type: String, nullable: true, ...RUN_ID })
  run_id: string | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  dag_id: number | null;

  @ApiProperty({ type: String, nullable: true, example: 'extract' })
  task: string | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  attempt: number | null;

  @ApiProperty(TIME)
  at: string;

  @ApiProperty(ANY_JSON)
  data: Json;
}

export class EventPageDto implements Page<EventDto> {
  @ApiProperty({ type: [EventDto] })
  items: EventDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;
}

export class AttemptDto implements AttemptView {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  attempt: number;

  /** `lost` and `drained`: its worker died or shut down; not charged to the task. */
  @ApiProperty({
    enum: ['running', 'succeeded', 'failed', 'lost', 'drained', 'cancelled'],
    example: 'failed',
  })
  status: AttemptStatus;

  @ApiProperty({ format: 'uuid' })
  worker_id: string;

  @ApiProperty(TIME)
  queued_at: string;

  @ApiProperty(TIME)
  started_at: string;

  @ApiProperty(NOT_YET)
  finished_at: string | null;

  @ApiProperty({ type: TaskErrorDto, nullable: true, example: null })
  error: TaskErrorDto | null;
}

export class AttemptPageDto implements Page<AttemptDto> {
  @ApiProperty({ type: [AttemptDto] })
  items: AttemptDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;
}

const queueSchema = {
  type: 'object' as const,
  properties: {
    waiting: {
      type: 'integer' as const,
      minimum: 0,
      description: 'Messages of attempts that wait for a slot',
    },
    active: { type: 'integer' as const, minimum: 0, description: 'Attempts that run' },
    oldest_age_seconds: {
      type: 'number' as const,
      nullable: true,
      minimum: 0,
      description: 'Of the message that waits longest',
    },
  },
  required: ['waiting', 'active', 'oldest_age_seconds'],
};

export class QueueStatsDto implements QueueStatsView {
  @ApiProperty({ enum: ['redis', 'postgres'], example: 'redis' })
  backend: QueueStatsView['backend'];

  @ApiProperty({
    type: 'object',
    properties: Object.fromEntries(PRIORITIES.map((priority) => [priority, queueSchema])),
    required: [...PRIORITIES],
    selfRequired: true,
    additionalProperties: false,
    example: Object.fromEntries(
      PRIORITIES.map((priority) => [priority, { waiting: 0, active: 0, oldest_age_seconds: null }]),
    ),
  })
  queues: QueueStatsView['queues'];

  /** Tasks of the jobs that are not over, by status. */
  @ApiProperty(COUNTS_SCHEMA)
  tasks: TaskCounts;
}
