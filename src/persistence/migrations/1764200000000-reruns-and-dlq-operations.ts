import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a job is a rerun of; bulk operations on the DLQ, and the index through which they find entries by the name of the
 * task (by what else they find them, lists do as well).
 */
export class RerunsAndDlqOperations1764200000000 implements MigrationInterface {
  async up(run: QueryRunner): Promise<void> {
    await run.query('ALTER TABLE jobs ADD COLUMN rerun_of uuid');
    await run.query(`CREATE TABLE dlq_operations (
      id int GENERATED ALWAYS AS IDENTITY CONSTRAINT dlq_operations_pkey PRIMARY KEY,
      kind text NOT NULL CONSTRAINT dlq_operations_kind_check CHECK (kind IN ('replay', 'resolve')),
      filter jsonb NOT NULL,
      max_entries int NOT NULL,
      rate double precision NOT NULL,
      note text,
      output jsonb,
      status text NOT NULL DEFAULT 'running' CONSTRAINT dlq_operations_status_check
        CHECK (status IN ('running', 'done', 'cancelled')),
      matched int NOT NULL,
      done int NOT NULL DEFAULT 0,
      skipped int NOT NULL DEFAULT 0,
      failed int NOT NULL DEFAULT 0,
      reasons jsonb NOT NULL DEFAULT '{}',
      entry_ids int[] NOT NULL,
      position int NOT NULL DEFAULT 0,
      taken int NOT NULL DEFAULT 0,
      claim int NOT NULL DEFAULT 0,
      claimed_until timestamptz,
      next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      finished_at timestamptz,
      CONSTRAINT dlq_operations_finished_check CHECK ((finished_at IS NOT NULL) = (status <> 'running')))`);
    await run.query(
      `CREATE INDEX dlq_operations_due_idx ON dlq_operations (next_at) WHERE status = 'running' OR taken > position`,
    );
    await run.query(
      `CREATE INDEX dlq_entries_pending_task_idx ON dlq_entries (task_name, id) WHERE status = 'pending'`,
    );
  }

  async down(run: QueryRunner): Promise<void> {
    await run.query('DROP INDEX dlq_entries_pending_task_idx');
    await run.query('DROP TABLE dlq_operations');
    await run.query('ALTER TABLE jobs DROP COLUMN rerun_of');
  }
}
