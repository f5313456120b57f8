import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One event of a job, written in the transaction of the transition it tells of. */
@Entity('events')
@Index('events_at_idx', ['at'], { type: 'brin' })
export class EventEntity {
  @PrimaryColumn('uuid', { name: 'run_id', primaryKeyConstraintName: 'events_pkey' })
  runId: string;

  @PrimaryColumn('int', { primaryKeyConstraintName: 'events_pkey' })
  seq: number;

  @Column('int', { name: 'dag_id' })
  dagId: number;

  @Column('text')
  type: string;

  @Column('text', { nullable: true })
  task: string | null;

  @Column('int', { nullable: true })
  attempt: number | null;

  @Column('timestamptz')
  at: Date;

  @Column('jsonb', { default: '{}' })
  data: unknown;
}
