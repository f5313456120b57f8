import { firstRunIdAt } from '../run-id-time.js';
import type { SqlDatabase, Statement } from '../sql-database.js';

/**
 * Which jobs `j` are history that nobody needs any more, `days` being SQL: made and ended before so many days, and with
 * nothing left to be done by hand. A job that waited long for its time counts from its end.
 */
export function isRetirable(days: string): string {
  return `j.run_id < ${firstRunIdAt(retiredBefore(days))} AND j.finished_at < ${retiredBefore(days)}
    AND NOT EXISTS (SELECT FROM dlq_entries e WHERE e.run_id = j.run_id AND e.status = 'pending')`;
}

function retiredBefore(days: string): string {
  return `(now() - make_interval(days => ${days}))`;
}

/**
 * Deletes jobs with their tasks and, by the foreign key, their closed DLQ entries: of the next $3 jobs behind $1, however
 * they stand, those that are retirable, until their tasks are $4.
 *
 * A job that another transaction holds is passed over. One that was replayed since our snapshot has no `finished_at` any
 * more, which the lock looks at again; a pending entry comes only with that. Idempotency keys are remembered from the
 * start of a job for no longer than the shortest retention. Events, attempts and logs go with their partition.
 */
const RETIRE: Statement = {
  name: 'retire',
  text: `
  WITH page AS MATERIALIZED (
    SELECT run_id FROM jobs
    WHERE run_id > $1::uuid AND run_id < ${firstRunIdAt(retiredBefore('$2::int'))} ORDER BY run_id LIMIT $3::int
  ), held AS MATERIALIZED (
    SELECT j.run_id, tasks_succeeded + tasks_failed + tasks_skipped + tasks_upstream_failed + tasks_cancelled AS tasks
    FROM page p JOIN jobs j ON j.run_id = p.run_id
    WHERE ${isRetirable('$2::int')}
    ORDER BY j.run_id FOR UPDATE OF j SKIP LOCKED
  ), chosen AS MATERIALIZED (
    SELECT run_id, before < $4::int AS is_light
    FROM (SELECT run_id, sum(tasks) OVER (ORDER BY run_id ROWS UNBOUNDED PRECEDING) - tasks AS before FROM held) h
  ), emptied AS (
    DELETE FROM tasks t USING chosen c WHERE c.is_light AND t.run_id = c.run_id
  ), retired AS (
    DELETE FROM jobs j USING chosen c WHERE c.is_light AND j.run_id = c.run_id RETURNING j.run_id
  )
  SELECT (SELECT count(*)::int FROM retired) AS retired,
         CASE WHEN EXISTS (SELECT FROM chosen WHERE NOT is_light)
              THEN (SELECT run_id FROM chosen WHERE is_light ORDER BY run_id DESC LIMIT 1)
              WHEN (SELECT count(*) FROM page) = $3::int THEN (SELECT run_id FROM page ORDER BY run_id DESC LIMIT 1) END AS last`,
};

/** Jobs looked at by one statement, and tasks after which it deletes no further job. */
const PAGE = 200;
const MAX_TASKS = 2_000;

/** @returns how many jobs were deleted, and behind which one to go on; null when there is nothing behind */
export async function retireJobs(
  database: SqlDatabase,
  after: string,
  days: number,
): Promise<{ retired: number; last: string | null }> {
  const [row] = await database.query<{ retired: number; last: string | null }>(RETIRE, [
    after,
    days,
    PAGE,
    MAX_TASKS,
  ]);
  return row;
}
