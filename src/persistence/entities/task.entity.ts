import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * One node of the DAG inside one job, and its open attempt: the row itself is the one place an open attempt lives, so
 * two at once cannot exist. Ended attempts are appended to `attempts`.
 */
@Entity('tasks')
@Index('tasks_queued_idx', ['runId', 'idx'], { where: `status = 'queued'` })
@Index('tasks_running_idx', ['workerId'], { where: `status = 'running'` })
@Index('tasks_retrying_idx', ['nextRetryAt'], { where: `status = 'retrying'` })
@Check(
  'tasks_status_check',
  `status IN ('blocked', 'queued', 'running', 'retrying', 'succeeded', 'failed', 'skipped', 'upstream_failed', 'cancelled')`,
)
@Check('tasks_lease_check', `(lease IS NOT NULL) = (status = 'running')`)
@Check('tasks_retry_check', `(next_retry_at IS NOT NULL) = (status = 'retrying')`)
@Check('tasks_upstreams_check', `open_upstreams >= 0 AND (status <> 'queued' OR open_upstreams = 0)`)
export class TaskEntity {
  @PrimaryColumn('uuid', { name: 'run_id', primaryKeyConstraintName: 'tasks_pkey' })
  runId: string;

  /** Index of the task in the version's task list. */
  @PrimaryColumn('int', { primaryKeyConstraintName: 'tasks_pkey' })
  idx: number;

  @Column('text')
  name: string;

  @Column('text', { name: 'task_type' })
  taskType: string;

  @Column('text')
  status: string;

  /** Number of the newest attempt, 0 before the first. */
  @Column('int', { default: 0 })
  attempt: number;

  /** Failures that count against max_retries since the start or the last replay. */
  @Column('int', { default: 0 })
  charged: number;

  /** Workers lost in a row by this task. */
  @Column('int', { name: 'lost_workers', default: 0 })
  lostWorkers: number;

  /** Upstream tasks that have not succeeded yet. */
  @Column('int', { name: 'open_upstreams' })
  openUpstreams: number;

  @Column('int', { name: 'max_retries' })
  maxRetries: number;

  @Column('double precision', { name: 'retry_base_seconds' })
  retryBaseSeconds: number;

  @Column('double precision', { name: 'retry_max_seconds' })
  retryMaxSeconds: number;

  /** The fence: drawn at claim, null unless running. */
  @Column('bigint', { nullable: true })
  lease: string | null;

  @Column('uuid', { name: 'worker_id', nullable: true })
  workerId: string | null;

  @Column('timestamptz', { name: 'queued_at', nullable: true })
  queuedAt: Date | null;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt: Date | null;

  @Column('timestamptz', { name: 'next_retry_at', nullable: true })
  nextRetryAt: Date | null;

  @Column('jsonb', { nullable: true })
  output: unknown;

  @Column('jsonb', { nullable: true })
  error: unknown;
}
