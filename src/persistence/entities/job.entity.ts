import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { DagVersionEntity } from './dag-version.entity.js';
import { DagEntity } from './dag.entity.js';

/**
 * One run of one DAG version. The row is the lock of everything below it: whoever changes a task of the job holds it,
 * which makes `last_seq` gapless and in commit order. The `tasks_*` columns count its tasks by status, so that neither
 * the end of a job nor a list needs to look at the tasks.
 */
@Entity('jobs')
@Index('jobs_tick_key', ['dagId', 'tickAt'], { unique: true, where: 'tick_at IS NOT NULL' })
@Index('jobs_due_idx', ['scheduledFor'], { where: `status = 'scheduled'` })
@Index('jobs_open_idx', ['dagId', 'runId'], { where: `status IN ('scheduled', 'queued', 'running')` })
@Index('jobs_kind_idx', ['status', 'trigger', 'priority', 'runId'])
@Index('jobs_dag_kind_idx', ['dagId', 'status', 'trigger', 'priority', 'runId'])
@Check(
  'jobs_status_check',
  `status IN ('scheduled', 'queued', 'running', 'succeeded', 'failed', 'cancelled')`,
)
@Check('jobs_priority_check', `priority IN ('critical', 'high', 'normal', 'low')`)
@Check('jobs_trigger_check', `trigger IN ('manual', 'cron', 'backfill')`)
@Check('jobs_finished_check', `(finished_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'cancelled'))`)
@Check(
  'jobs_end_check',
  `status IN ('scheduled', 'queued', 'running') OR tasks_blocked + tasks_queued + tasks_running + tasks_retrying = 0`,
)
@Check(
  'jobs_counts_check',
  `least(tasks_blocked, tasks_queued, tasks_running, tasks_retrying, tasks_succeeded, tasks_failed, tasks_skipped, tasks_upstream_failed, tasks_cancelled) >= 0`,
)
export class JobEntity {
  /** UUID v7: its order is the order of creation. */
  @PrimaryColumn('uuid', { name: 'run_id', primaryKeyConstraintName: 'jobs_pkey' })
  runId: string;

  @Column('int', { name: 'dag_id' })
  @ForeignKey(() => DagEntity, { name: 'jobs_dag_fkey' })
  dagId: number;

  @Column('int', { name: 'dag_version_id' })
  @ForeignKey(() => DagVersionEntity, { name: 'jobs_dag_version_fkey' })
  dagVersionId: number;

  @Column('text')
  status: string;

  @Column('text')
  priority: string;

  @Column('text')
  trigger: string;

  @Column('jsonb', { default: '{}' })
  params: unknown;

  /** The tick of a cron job, or `run_at` of a manual one; null for a job that was to start at once. */
  @Column('timestamptz', { name: 'scheduled_for', nullable: true })
  scheduledFor: Date | null;

  /** The tick this job stands for; unique per DAG, which is what makes a tick fire once. */
  @Column('timestamptz', { name: 'tick_at', nullable: true })
  tickAt: Date | null;

  /** The job whose rerun this is; it may have been removed since. */
  @Column('uuid', { name: 'rerun_of', nullable: true })
  rerunOf: string | null;

  /** The moment inside `run_id`: what lists filter by and what they are sorted by is one thing. */
  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' })
  createdAt: Date;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt: Date | null;

  /** `seq` of the newest event. */
  @Column('int', { name: 'last_seq', default: 0 })
  lastSeq: number;

  @Column('int', { name: 'tasks_blocked', default: 0 })
  tasksBlocked: number;

  @Column('int', { name: 'tasks_queued', default: 0 })
  tasksQueued: number;

  @Column('int', { name: 'tasks_running', default: 0 })
  tasksRunning: number;

  @Column('int', { name: 'tasks_retrying', default: 0 })
  tasksRetrying: number;

  @Column('int', { name: 'tasks_succeeded', default: 0 })
  tasksSucceeded: number;

  @Column('int', { name: 'tasks_failed', default: 0 })
  tasksFailed: number;

  @Column('int', { name: 'tasks_skipped', default: 0 })
  tasksSkipped: number;

  @Column('int', { name: 'tasks_upstream_failed', default: 0 })
  tasksUpstreamFailed: number;

  @Column('int', { name: 'tasks_cancelled', default: 0 })
  tasksCancelled: number;
}
