import type { Installation } from './installation.js';

const TASK_STATUSES = [
  'blocked',
  'queued',
  'running',
  'retrying',
  'succeeded',
  'failed',
  'skipped',
  'upstream_failed',
  'cancelled',
];

const wrongCounts = TASK_STATUSES.map(
  (status) => `j.tasks_${status} <> count(t.idx) FILTER (WHERE t.status = '${status}')`,
).join(' OR ');

/** What must hold of the stored state at rest, whatever happened on the way; each query finds the jobs that break it. */
const RULES: Record<string, string> = {
  'seq is gapless from 1 and the job knows the last': `
    SELECT j.run_id FROM jobs j LEFT JOIN events e USING (run_id) GROUP BY j.run_id
    HAVING min(e.seq) <> 1 OR max(e.seq) <> count(e.seq) OR j.last_seq <> max(e.seq)`,
  'a job that ended says so once per life, last of all': `
    SELECT j.run_id FROM jobs j JOIN events e USING (run_id)
    WHERE j.status IN ('succeeded', 'failed', 'cancelled')
    GROUP BY j.run_id
    HAVING count(*) FILTER (WHERE e.type IN ('job.succeeded', 'job.failed', 'job.cancelled'))
             <> 1 + count(*) FILTER (WHERE e.type = 'dlq.replayed' OR e.type = 'dlq.resolved')
        OR (array_agg(e.type ORDER BY e.seq DESC))[1] <> 'job.' || j.status`,
  'the counts of a job are those of its tasks': `
    SELECT j.run_id FROM jobs j JOIN tasks t USING (run_id) GROUP BY j.run_id HAVING ${wrongCounts}`,
  'a task has one accepted result, and one event about it, if it succeeded by itself': `
    SELECT t.run_id FROM tasks t
    WHERE (t.status = 'succeeded')::int <>
            (SELECT count(*) FROM events e
             WHERE e.run_id = t.run_id AND e.task = t.name AND e.type = 'task.succeeded')
       OR (SELECT count(*) FROM attempts a
           WHERE a.run_id = t.run_id AND a.idx = t.idx AND a.outcome = 'succeeded')
          + (SELECT count(*) FROM events e
             WHERE e.run_id = t.run_id AND e.task = t.name AND e.type = 'task.succeeded'
               AND e.data->>'reason' = 'resolved') <> (t.status = 'succeeded')::int`,
  'attempts are numbered without a gap': `
    SELECT run_id FROM attempts GROUP BY run_id, idx HAVING min(attempt) <> 1 OR max(attempt) <> count(*)`,
  'only failures are charged': `
    SELECT t.run_id FROM tasks t
    WHERE t.charged > (SELECT count(*) FROM attempts a
                       WHERE a.run_id = t.run_id AND a.idx = t.idx AND a.outcome IN ('failed', 'succeeded'))`,
};

/** @returns one line per rule and job that breaks it; nothing when all is well. */
export async function brokenRules(installation: Installation): Promise<string[]> {
  const broken: string[] = [];
  for (const [rule, query] of Object.entries(RULES))
    for (const { run_id: runId } of await installation.sql<{ run_id: string }>(query))
      broken.push(`${rule}: ${runId}`);
  return broken;
}
