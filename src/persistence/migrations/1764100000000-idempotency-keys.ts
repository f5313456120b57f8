import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Idempotency keys of creating requests; the number that every change of a DAG raises, from which its ETag is made. */
export class IdempotencyKeys1764100000000 implements MigrationInterface {
  async up(run: QueryRunner): Promise<void> {
    await run.query(
      `CREATE TABLE idempotency_keys (
         route text NOT NULL,
         caller text NOT NULL,
         key_digest bytea NOT NULL,
         fingerprint bytea NOT NULL,
         resource text NOT NULL,
         expires_at timestamptz NOT NULL,
         CONSTRAINT idempotency_keys_pkey PRIMARY KEY (route, caller, key_digest))`,
    );
    await run.query(`CREATE INDEX idempotency_keys_expiry_idx ON idempotency_keys (expires_at)`);
    await run.query(`ALTER TABLE dags ADD COLUMN revision int NOT NULL DEFAULT 1`);
  }

  async down(run: QueryRunner): Promise<void> {
    await run.query(`ALTER TABLE dags DROP COLUMN revision`);
    await run.query(`DROP TABLE idempotency_keys`);
  }
}
