import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** A named definition. Its tasks live in its versions; a deleted DAG stays, so that history stays readable. */
@Entity('dags')
@Index('dags_name_key', ['name'], { unique: true, where: 'deleted_at IS NULL' })
@Index('dags_due_idx', ['nextRunAt'], {
  where: 'next_run_at IS NOT NULL AND is_paused = false AND deleted_at IS NULL',
})
@Index('dags_name_list_idx', ['id', 'name'], { where: 'deleted_at IS NULL' })
@Index('dags_paused_list_idx', ['isPaused', 'id'], { where: 'deleted_at IS NULL' })
@Index('dags_tags_idx', ['tags'], { type: 'gin', where: 'deleted_at IS NULL' })
@Check('dags_priority_check', `priority IN ('critical', 'high', 'normal', 'low')`)
@Check('dags_cron_check', `cron_expression IS NOT NULL OR next_run_at IS NULL`)
export class DagEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'int',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'dags_pkey',
  })
  id: number;

  @Column('text')
  name: string;

  @Column('text', { default: '' })
  description: string;

  @Column('text', { name: 'cron_expression', nullable: true })
  cronExpression: string | null;

  @Column('text', { default: 'UTC' })
  timezone: string;

  @Column('text', { default: 'normal' })
  priority: string;

  @Column('text', { array: true, default: '{}' })
  tags: string[];

  @Column('boolean', { name: 'is_paused', default: false })
  isPaused: boolean;

  /** Number of the version new jobs run. */
  @Column('int', { default: 1 })
  version: number;

  /** Counts every change, a pause as well, but not the ticks: what an ETag stands for. */
  @Column('int', { default: 1 })
  revision: number;

  /** The next tick that has no job yet; null without a cron expression. Moves on only from its own value. */
  @Column('timestamptz', { name: 'next_run_at', nullable: true })
  nextRunAt: Date | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt: Date;

  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  deletedAt: Date | null;
}
