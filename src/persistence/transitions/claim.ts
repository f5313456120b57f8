import { SUSPECT_AFTER } from '../../domain/poison.js';
import type { Priority } from '../../domain/priority.js';
import type { SqlDatabase, Statement } from '../sql-database.js';
import { type Effect, LOGGED, fromJob, isLeaving, lockedInput, toJob, toTask } from './fragments.js';

export interface ClaimInput {
  runId: string;
  idx: number;
  attempt: number;
}

/** A task that is now running under our lease, with what its job knows. Times are the database's. */
export interface ClaimedTask {
  run_id: string;
  idx: number;
  attempt: number;
  lease: string;
  dag_id: number;
  dag_version_id: number;
  priority: Priority;
  charged: number;
  lost_workers: number;
  max_retries: number;
  retry_base_seconds: number;
  retry_max_seconds: number;
}

/**
 * Of the suspects in this batch the one that the worker may take: none while it runs one. Evaluated only when there is a suspect.
 * Reads what others may change, and may: as long as a task is queued under this attempt number it has lost the same
 * workers, and what runs on a worker is added to by its own claims alone, one batch at a time.
 */
const ONE_SUSPECT = `(
      SELECT s.run_id, s.idx FROM input i JOIN tasks s ON s.run_id = i.run_id AND s.idx = i.idx
      WHERE s.attempt = i.attempt AND s.status = 'queued' AND s.lost_workers >= ${SUSPECT_AFTER}
        AND NOT EXISTS (SELECT FROM tasks r
                        WHERE r.worker_id = $4::uuid AND r.status = 'running' AND r.lost_workers >= ${SUSPECT_AFTER})
      ORDER BY s.run_id, s.idx LIMIT 1)`;

/**
 * queued → running for the attempts a worker was told of. Whatever is no longer queued under that attempt number (done,
 * cancelled, handed to somebody else, never existed) is left out of the answer, and so is everything when the worker
 * itself was declared lost. A suspect that must wait for another one stays queued; the sweep sends it again.
 */
const CLAIM: Statement = {
  name: 'claim',
  text: `
  WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[]) AS i (run_id, idx, attempt)
  ), ${lockedInput(`('queued', 'running')`)}, claimed AS (
    UPDATE tasks t
    SET status = ${toTask('claim')}, lease = nextval('lease_numbers'), worker_id = $4::uuid,
        started_at = clock_timestamp(), finished_at = NULL
    FROM locked l
    WHERE t.run_id = l.run_id AND t.idx = l.idx AND t.attempt = l.attempt AND ${isLeaving('t', 'claim')}
      AND EXISTS (SELECT FROM workers w WHERE w.id = $4::uuid AND w.status <> 'lost')
      AND (t.lost_workers < ${SUSPECT_AFTER} OR (t.run_id, t.idx) = ${ONE_SUSPECT})
    RETURNING t.run_id, t.idx, t.attempt, t.lease, t.name, t.charged, t.lost_workers, t.max_retries,
              t.retry_base_seconds, t.retry_max_seconds, l.dag_id, l.dag_version_id, l.priority, l.job_status, l.last_seq
  ), tally AS (
    SELECT run_id, dag_id, last_seq, job_status, count(*)::int AS tasks, (job_status IN ${fromJob('start')})::int AS starts
    FROM claimed GROUP BY run_id, dag_id, last_seq, job_status
  ), counted AS (
    UPDATE jobs j
    SET status = ${toJob('start')}, started_at = coalesce(j.started_at, clock_timestamp()),
        tasks_queued = j.tasks_queued - n.tasks, tasks_running = j.tasks_running + n.tasks,
        last_seq = j.last_seq + n.tasks + n.starts
    FROM tally n WHERE j.run_id = n.run_id
  ), numbered AS (
    SELECT run_id, dag_id, last_seq, 0 AS rank, 0 AS idx, 'job.started' AS type, NULL::text AS task, NULL::int AS attempt,
           '{}'::jsonb AS data
    FROM tally WHERE starts = 1
    UNION ALL
    SELECT run_id, dag_id, last_seq, 1, idx, 'task.started', name, attempt, jsonb_build_object('worker_id', $4::uuid)
    FROM claimed
  ), ${LOGGED}
  SELECT c.run_id, c.idx, c.attempt, c.lease, c.dag_id, c.dag_version_id, c.priority, c.charged, c.lost_workers,
         c.max_retries, c.retry_base_seconds, c.retry_max_seconds, c.last_seq + 1 AS from_seq,
         c.last_seq + count(*) OVER (PARTITION BY c.run_id)::int + (c.job_status IN ${fromJob('start')})::int AS to_seq
  FROM claimed c`,
};

export async function claimTasks(
  database: SqlDatabase,
  workerId: string,
  inputs: readonly ClaimInput[],
): Promise<{ claimed: ClaimedTask[]; effects: Effect[] }> {
  const rows = await database.query<ClaimedTask & { from_seq: number; to_seq: number }>(CLAIM, [
    inputs.map((input) => input.runId),
    inputs.map((input) => input.idx),
    inputs.map((input) => input.attempt),
    workerId,
  ]);
  const effects = new Map<string, Effect>();
  for (const { run_id, dag_id, from_seq, to_seq } of rows) {
    effects.set(run_id, {
      what: 'events',
      run_id,
      idx: null,
      attempt: null,
      priority: null,
      dag_id,
      from_seq,
      to_seq,
    });
  }
  return { claimed: rows, effects: [...effects.values()] };
}
