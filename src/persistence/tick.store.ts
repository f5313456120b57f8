import type { SqlDatabase, Statement } from './sql-database.js';

/** A DAG whose next tick has come. */
export interface DueDag {
  id: number;
  cronExpression: string;
  timezone: string;
  nextRunAt: Date;
  /** The database clock. */
  now: Date;
}

const DUE: Statement = {
  name: 'dags-due',
  text: `SELECT id, cron_expression, timezone, next_run_at, now() AS now FROM dags
         WHERE next_run_at IS NOT NULL AND is_paused = false AND deleted_at IS NULL AND next_run_at <= now()
         ORDER BY next_run_at LIMIT $1`,
};

/** Moves on only from the tick that was looked at: of several schedulers one does it, and an edit of the DAG wins. */
const ADVANCE: Statement = {
  name: 'dag-advance',
  text: `UPDATE dags SET next_run_at = $3 WHERE id = $1 AND next_run_at = $2 AND cron_expression IS NOT NULL RETURNING id`,
};

/** The schedule cursors of the DAGs. */
export class TickStore {
  constructor(private readonly database: SqlDatabase) {}

  async findDue(atMost: number): Promise<DueDag[]> {
    const rows = await this.database.query<{
      id: number;
      cron_expression: string;
      timezone: string;
      next_run_at: Date;
      now: Date;
    }>(DUE, [atMost]);
    return rows.map((row) => ({
      id: row.id,
      cronExpression: row.cron_expression,
      timezone: row.timezone,
      nextRunAt: row.next_run_at,
      now: row.now,
    }));
  }

  /** @returns false when somebody else has moved it already */
  async advance(dagId: number, from: Date, to: Date | null): Promise<boolean> {
    return (await this.database.query(ADVANCE, [dagId, from, to])).length === 1;
  }
}
