import type { MigrationInterface, QueryRunner } from 'typeorm';
import { timeOfRunId } from '../run-id-time.js';

/**
 * An index behind every list and every filter of one: see ARCHITECTURE, "Lists". `created_at` of a job becomes the moment
 * inside its run_id; and how many attempts ended when is counted beside them, so that nobody has to count them.
 */
export class Lists1764400000000 implements MigrationInterface {
  async up(run: QueryRunner): Promise<void> {
    // What takes long here is the history of an installation that has some.
    await run.query('SET LOCAL statement_timeout = 0');
    for (const statement of UP) await run.query(statement);
  }

  async down(run: QueryRunner): Promise<void> {
    await run.query('SET LOCAL statement_timeout = 0');
    for (const statement of DOWN) await run.query(statement);
  }
}

const CODE = `(error ->> 'code')`;

const UP = [
  `UPDATE jobs SET created_at = ${timeOfRunId('run_id')} WHERE created_at <> ${timeOfRunId('run_id')}`,
  'CREATE INDEX jobs_kind_idx ON jobs (status, trigger, priority, run_id)',
  'CREATE INDEX jobs_dag_kind_idx ON jobs (dag_id, status, trigger, priority, run_id)',
  'DROP INDEX jobs_dag_idx',

  'CREATE INDEX dags_name_list_idx ON dags (id, name) WHERE deleted_at IS NULL',
  'CREATE INDEX dags_paused_list_idx ON dags (is_paused, id) WHERE deleted_at IS NULL',
  // Ticks write new versions of DAG rows: with fastupdate each would lengthen a list that every search reads.
  'CREATE INDEX dags_tags_idx ON dags USING gin (tags) WITH (fastupdate = off) WHERE deleted_at IS NULL',

  'CREATE INDEX dlq_entries_dag_status_idx ON dlq_entries (dag_id, status, id)',
  `CREATE INDEX dlq_entries_code_idx ON dlq_entries (${CODE}, status, id)`,
  `CREATE INDEX dlq_entries_dag_code_idx ON dlq_entries (dag_id, ${CODE}, status, id)`,
  'DROP INDEX dlq_entries_dag_idx',

  'CREATE INDEX workers_list_idx ON workers (status, started_at, id)',

  'DROP INDEX attempts_finished_idx',
  `CREATE TABLE ended_attempts (
     since timestamptz CONSTRAINT ended_attempts_pkey PRIMARY KEY,
     succeeded int NOT NULL DEFAULT 0,
     failed int NOT NULL DEFAULT 0) WITH (fillfactor = 50)`,
];

const DOWN = [
  'DROP TABLE ended_attempts',
  'CREATE INDEX attempts_finished_idx ON attempts USING brin (finished_at) WITH (autosummarize = on)',
  'DROP INDEX workers_list_idx',
  'CREATE INDEX dlq_entries_dag_idx ON dlq_entries (dag_id, id)',
  'DROP INDEX dlq_entries_dag_status_idx, dlq_entries_code_idx, dlq_entries_dag_code_idx',
  'DROP INDEX dags_name_list_idx, dags_paused_list_idx, dags_tags_idx',
  'CREATE INDEX jobs_dag_idx ON jobs (dag_id, run_id)',
  'DROP INDEX jobs_kind_idx, jobs_dag_kind_idx',
];
