import { Check, Column, Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import { DagEntity } from './dag.entity.js';
import { JobEntity } from './job.entity.js';

/** The record of a task that used up its attempts. At most one is pending per task. */
@Entity('dlq_entries')
@Index('dlq_entries_pending_key', ['runId', 'idx'], { unique: true, where: `status = 'pending'` })
@Index('dlq_entries_status_idx', ['status', 'id'])
@Index('dlq_entries_dag_status_idx', ['dagId', 'status', 'id'])
// Indexes of an expression, which TypeORM cannot describe: (error ->> 'code', status, id), the second behind dag_id.
@Index('dlq_entries_code_idx', { synchronize: false })
@Index('dlq_entries_dag_code_idx', { synchronize: false })
@Index('dlq_entries_job_idx', ['runId'])
@Index('dlq_entries_pending_task_idx', ['taskName', 'id'], { where: `status = 'pending'` })
@Check('dlq_entries_status_check', `status IN ('pending', 'replayed', 'resolved')`)
@Check('dlq_entries_resolved_check', `(resolved_at IS NULL) = (status = 'pending')`)
export class DlqEntryEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'int',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'dlq_entries_pkey',
  })
  id: number;

  @Column('uuid', { name: 'run_id' })
  @ForeignKey(() => JobEntity, { name: 'dlq_entries_job_fkey', onDelete: 'CASCADE' })
  runId: string;

  @Column('int')
  idx: number;

  @Column('int', { name: 'dag_id' })
  @ForeignKey(() => DagEntity, { name: 'dlq_entries_dag_fkey' })
  dagId: number;

  @Column('text', { name: 'task_name' })
  taskName: string;

  @Column('text', { name: 'task_type' })
  taskType: string;

  /** Number of the attempt that exhausted the task. */
  @Column('int')
  attempts: number;

  @Column('jsonb')
  error: unknown;

  @Column('text', { default: 'pending' })
  status: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' })
  createdAt: Date;

  @Column('timestamptz', { name: 'resolved_at', nullable: true })
  resolvedAt: Date | null;

  @Column('text', { name: 'resolved_by', nullable: true })
  resolvedBy: string | null;

  @Column('text', { nullable: true })
  note: string | null;
}
