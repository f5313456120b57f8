import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What attempts write. See the entity. */
export class AttemptLogs1764300000000 implements MigrationInterface {
  async up(run: QueryRunner): Promise<void> {
    // No foreign key: it would take a lock on the job's row with every insert, in the way of all transitions of the job.
    await run.query(
      `CREATE TABLE attempt_logs (
         run_id uuid NOT NULL,
         idx int NOT NULL,
         attempt int NOT NULL,
         from_byte int NOT NULL,
         stream text NOT NULL CONSTRAINT attempt_logs_stream_check
           CHECK (stream IN ('stdout', 'stderr', 'system')),
         at timestamptz NOT NULL,
         text text NOT NULL CONSTRAINT attempt_logs_text_check CHECK (text <> ''),
         left_out_bytes bigint NOT NULL,
         CONSTRAINT attempt_logs_pkey PRIMARY KEY (run_id, idx, attempt, from_byte))`,
    );
  }

  async down(run: QueryRunner): Promise<void> {
    await run.query('DROP TABLE attempt_logs');
  }
}
