import type { SqlDatabase, Statement } from './sql-database.js';

/** How attempts ended that ended by themselves. */
export interface EndedAttempts {
  succeeded: number;
  failed: number;
}

const ADD: Statement = {
  name: 'ended-attempts-add',
  text: `INSERT INTO ended_attempts AS e (since, succeeded, failed)
         VALUES (date_bin('5 seconds', clock_timestamp(), 'epoch'), $1, $2)
         ON CONFLICT (since) DO UPDATE SET succeeded = e.succeeded + excluded.succeeded, failed = e.failed + excluded.failed
         RETURNING xmax = 0 AS is_new`,
};

/** Longer than any window that is asked for. Apart from the statement above, as together two processes could deadlock. */
const FORGET: Statement = {
  name: 'ended-attempts-forget',
  text: `DELETE FROM ended_attempts WHERE since < clock_timestamp() - interval '2 hours'`,
};

/**
 * Counts of ended attempts, one row for each five seconds in which one ended, over all processes: the last hour is at
 * most 720 rows, however many attempts it had.
 */
export class EndedAttemptsStore {
  constructor(private readonly database: SqlDatabase) {}

  /** Adds to the seconds that are now, by the database clock. */
  async add({ succeeded, failed }: EndedAttempts): Promise<void> {
    const [row] = await this.database.query<{ is_new: boolean }>(ADD, [succeeded, failed]);
    if (row.is_new) await this.database.query(FORGET, []);
  }
}
