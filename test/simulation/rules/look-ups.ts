import type { TaskRow } from '../rows.js';
import { rule } from './rule.js';

/** What is only read, and the cursor of the ticks. */

export const queuedCount = rule((db) => {
  const counts = new Map<string, number>();
  for (const job of db.jobs.all().filter(({ status }) => ['scheduled', 'queued', 'running'].includes(status)))
    counts.set(job.priority, (counts.get(job.priority) ?? 0) + job.tasks_queued);
  return [...counts].map(([priority, queued]) => ({ priority, queued }));
});

export const queuedPage = rule(
  (db, afterRunId: string, afterIdx: number, olderThanSeconds: number, atMost: number) => {
    const isBehind = ({ run_id, idx }: TaskRow): boolean =>
      run_id === afterRunId ? idx > afterIdx : run_id > afterRunId;
    return db.tasks
      .all()
      .filter((task) => task.status === 'queued' && isBehind(task))
      .filter((task) => task.queued_at! < db.now - olderThanSeconds * 1_000)
      .sort((one, other) =>
        one.run_id === other.run_id ? one.idx - other.idx : one.run_id < other.run_id ? -1 : 1,
      )
      .slice(0, atMost)
      .map(({ run_id, idx, attempt }) => ({ run_id, idx, attempt, priority: db.jobs.get(run_id)!.priority }));
  },
);

export const openJobsOfDag = rule((db, dagId: number, after: string, atMost: number) =>
  db.jobs
    .all()
    .filter((job) => job.run_id > after)
    .filter((job) => job.dag_id === dagId && ['scheduled', 'queued', 'running'].includes(job.status))
    .map(({ run_id }) => ({ run_id }))
    .sort((one, other) => (one.run_id < other.run_id ? -1 : 1))
    .slice(0, atMost),
);

export const dagVersion = rule((db, id: number) => {
  const version = db.versions.get(id);
  return version === undefined ? [] : [{ tasks: version.tasks }];
});

export const jobContext = rule((db, runIds: string[]) =>
  runIds
    .flatMap((runId) => db.jobs.get(runId) ?? [])
    .map(({ run_id, dag_id, params, scheduled_for }) => ({
      run_id,
      name: db.dags.get(dag_id)!.name,
      params,
      scheduled_for: scheduled_for === null ? null : new Date(scheduled_for),
    })),
);

export const taskOutputs = rule((db, runId: string, idxs: number[]) =>
  idxs.flatMap((idx) => db.tasks.get(runId, idx) ?? []).map(({ idx, output }) => ({ idx, output })),
);

export const dagsDue = rule((db, atMost: number) =>
  db.dags
    .all()
    .filter((dag) => dag.next_run_at !== null && !dag.is_paused && dag.deleted_at === null)
    .filter((dag) => dag.next_run_at! <= db.now)
    .sort((one, other) => one.next_run_at! - other.next_run_at!)
    .slice(0, atMost)
    .map(({ id, cron_expression, timezone, next_run_at }) => ({
      id,
      cron_expression,
      timezone,
      next_run_at: new Date(next_run_at!),
      now: new Date(db.now),
    })),
);

export const dagAdvance = rule((db, id: number, from: Date, to: Date | null) => {
  const dag = db.dags.get(id);
  if (dag === undefined || dag.next_run_at !== from.getTime() || dag.cron_expression === null) return [];
  db.dags.change(dag, { next_run_at: to?.getTime() ?? null });
  return [{ id }];
});
