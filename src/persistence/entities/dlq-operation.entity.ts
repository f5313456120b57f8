import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/**
 * A bulk replay or resolve: what it is meant for, how fast it may go, and how far it is. Schedulers work it off in
 * batches; everything that one of them must not forget when it dies is in the row.
 */
@Entity('dlq_operations')
@Index('dlq_operations_due_idx', ['nextAt'], { where: `status = 'running' OR taken > position` })
@Check('dlq_operations_kind_check', `kind IN ('replay', 'resolve')`)
@Check('dlq_operations_status_check', `status IN ('running', 'done', 'cancelled')`)
@Check('dlq_operations_finished_check', `(finished_at IS NOT NULL) = (status <> 'running')`)
export class DlqOperationEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'int',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'dlq_operations_pkey',
  })
  id: number;

  @Column('text')
  kind: string;

  /** As it was sent: `dag_id`, `error_code`, `task_name`, `created_before`, at least one of them. */
  @Column('jsonb')
  filter: unknown;

  /** Most entries it may take on. */
  @Column('int', { name: 'max_entries' })
  maxEntries: number;

  /** Entries per second. */
  @Column('double precision')
  rate: number;

  @Column('text', { nullable: true })
  note: string | null;

  /** SQL null: none given. A JSON null is an output like any other. */
  @Column('jsonb', { nullable: true })
  output: unknown;

  @Column('text', { default: 'running' })
  status: string;

  /** Number of `entry_ids`. */
  @Column('int')
  matched: number;

  @Column('int', { default: 0 })
  done: number;

  @Column('int', { default: 0 })
  skipped: number;

  @Column('int', { default: 0 })
  failed: number;

  /** Of what was skipped or failed: how many by code. */
  @Column('jsonb', { default: '{}' })
  reasons: unknown;

  /** The entries it is meant for, oldest first; settled when it was made, so what fails again later is not among them. */
  @Column('int', { name: 'entry_ids', array: true })
  entryIds: number[];

  /** How many of them have been counted. */
  @Column('int', { default: 0 })
  position: number;

  /** How many of them have been in a batch; those behind `position` are in hand. */
  @Column('int', { default: 0 })
  taken: number;

  /** Number of the newest claim: fences off a scheduler that was taken for dead. */
  @Column('int', { default: 0 })
  claim: number;

  /** Until then the batch in hand is somebody's; null: nobody's. */
  @Column('timestamptz', { name: 'claimed_until', nullable: true })
  claimedUntil: Date | null;

  /** When the pace lets the next batch begin. */
  @Column('timestamptz', { name: 'next_at', default: () => 'clock_timestamp()' })
  nextAt: Date;

  @Column('text', { name: 'created_by' })
  createdBy: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' })
  createdAt: Date;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt: Date | null;
}
