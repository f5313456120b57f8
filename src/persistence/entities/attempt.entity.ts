import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** An ended attempt; append-only, written in the transaction that ends it. */
@Entity('attempts')
@Check('attempts_outcome_check', `outcome IN ('succeeded', 'failed', 'lost', 'drained', 'cancelled')`)
export class AttemptEntity {
  @PrimaryColumn('uuid', { name: 'run_id', primaryKeyConstraintName: 'attempts_pkey' })
  runId: string;

  @PrimaryColumn('int', { primaryKeyConstraintName: 'attempts_pkey' })
  idx: number;

  @PrimaryColumn('int', { primaryKeyConstraintName: 'attempts_pkey' })
  attempt: number;

  @Column('text')
  outcome: string;

  @Column('bigint')
  lease: string;

  @Column('uuid', { name: 'worker_id' })
  workerId: string;

  @Column('timestamptz', { name: 'queued_at' })
  queuedAt: Date;

  @Column('timestamptz', { name: 'started_at' })
  startedAt: Date;

  @Column('timestamptz', { name: 'finished_at' })
  finishedAt: Date;

  @Column('jsonb', { nullable: true })
  error: unknown;
}
