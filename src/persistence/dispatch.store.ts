import type { Priority } from '../domain/priority.js';
import type { SqlDatabase, Statement } from './sql-database.js';

export interface QueuedTask {
  runId: string;
  idx: number;
  attempt: number;
  priority: Priority;
}

const QUEUED_COUNT: Statement = {
  name: 'queued-count',
  text: `SELECT priority, sum(tasks_queued)::int AS queued FROM jobs
         WHERE status IN ('scheduled', 'queued', 'running') GROUP BY priority`,
};

const QUEUED_PAGE: Statement = {
  name: 'queued-page',
  text: `SELECT t.run_id, t.idx, t.attempt, j.priority
         FROM tasks t JOIN jobs j ON j.run_id = t.run_id
         WHERE t.status = 'queued' AND (t.run_id, t.idx) > ($1::uuid, $2::int)
           AND t.queued_at < clock_timestamp() - $3::float8 * interval '1 second'
         ORDER BY t.run_id, t.idx LIMIT $4`,
};

/** Jobs that wait long are old, and the index goes by the age of jobs. */
const ONE_WAITS: Statement = {
  name: 'one-waits',
  text: `SELECT FROM tasks
         WHERE status = 'queued' AND queued_at < clock_timestamp() - $1::float8 * interval '1 second'
         ORDER BY run_id, idx LIMIT 1`,
};

const OPEN_JOBS_OF_DAG: Statement = {
  name: 'open-jobs-of-dag',
  text: `SELECT run_id FROM jobs
         WHERE dag_id = $1 AND status IN ('scheduled', 'queued', 'running') AND run_id > $2::uuid
         ORDER BY run_id LIMIT $3`,
};

const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

/** What should be in the queues, according to the one that decides. */
export class DispatchStore {
  constructor(private readonly database: SqlDatabase) {}

  /** Queued tasks per class; classes without any are missing. */
  async countQueued(): Promise<Map<Priority, number>> {
    const rows = await this.database.query<{ priority: Priority; queued: number }>(QUEUED_COUNT, []);
    return new Map(rows.map((row) => [row.priority, row.queued]));
  }

  /** Tasks queued for at least `olderThanSeconds`, in the order of (run_id, idx), behind `after`. */
  async pageQueued(
    after: { runId: string; idx: number } | null,
    olderThanSeconds: number,
    atMost: number,
  ): Promise<QueuedTask[]> {
    const rows = await this.database.query<{
      run_id: string;
      idx: number;
      attempt: number;
      priority: Priority;
    }>(QUEUED_PAGE, [after?.runId ?? ZERO_UUID, after?.idx ?? -1, olderThanSeconds, atMost]);
    return rows.map((row) => ({
      runId: row.run_id,
      idx: row.idx,
      attempt: row.attempt,
      priority: row.priority,
    }));
  }

  /** Whether a task has been queued for at least so long. */
  async hasWaitedFor(seconds: number): Promise<boolean> {
    return (await this.database.query(ONE_WAITS, [seconds])).length > 0;
  }

  /** In the order of run_id, behind `after`. */
  async findOpenJobsOfDag(dagId: number, after: string | null, atMost: number): Promise<string[]> {
    const rows = await this.database.query<{ run_id: string }>(OPEN_JOBS_OF_DAG, [
      dagId,
      after ?? ZERO_UUID,
      atMost,
    ]);
    return rows.map((row) => row.run_id);
  }
}
