import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many attempts ended by themselves within a few seconds, over all workers: telemetry, not truth. */
@Entity('ended_attempts')
export class EndedAttemptsEntity {
  /** Begin of the seconds counted here. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: 'ended_attempts_pkey' })
  since: Date;

  @Column('int', { default: 0 })
  succeeded: number;

  @Column('int', { default: 0 })
  failed: number;
}
