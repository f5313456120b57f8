import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Events by their time, for streams of all jobs that look for what they missed. BRIN, as rows lie in the order of this
 * time: a few pages for millions of rows, next to nothing per insert. Without autosummarize all that was inserted since
 * the last vacuum would be read as well.
 */
export class EventsByTime1764500000000 implements MigrationInterface {
  async up(run: QueryRunner): Promise<void> {
    await run.query('CREATE INDEX events_at_idx ON events USING brin (at) WITH (autosummarize = on)');
  }

  async down(run: QueryRunner): Promise<void> {
    await run.query('DROP INDEX events_at_idx');
  }
}
