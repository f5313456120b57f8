import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A piece of what an attempt wrote; append-only, written by the worker that runs the attempt and by no other, since no
 * attempt number is ever claimed twice. Goes when its job goes, with the job's events and attempts.
 */
@Entity('attempt_logs')
@Check('attempt_logs_stream_check', `stream IN ('stdout', 'stderr', 'system')`)
@Check('attempt_logs_text_check', `text <> ''`)
export class AttemptLogEntity {
  @PrimaryColumn('uuid', { name: 'run_id', primaryKeyConstraintName: 'attempt_logs_pkey' })
  runId: string;

  @PrimaryColumn('int', { primaryKeyConstraintName: 'attempt_logs_pkey' })
  idx: number;

  @PrimaryColumn('int', { primaryKeyConstraintName: 'attempt_logs_pkey' })
  attempt: number;

  /** Where it begins in the attempt's whole log, in UTF-8 bytes; pieces follow each other without a gap. */
  @PrimaryColumn('int', { name: 'from_byte', primaryKeyConstraintName: 'attempt_logs_pkey' })
  fromByte: number;

  @Column('text')
  stream: string;

  /** When its first byte came, by the worker's clock. */
  @Column('timestamptz')
  at: Date;

  @Column('text')
  text: string;

  /** What the attempt wrote up to the end of this piece and is not in its log. */
  @Column('bigint', { name: 'left_out_bytes' })
  leftOutBytes: string;
}
