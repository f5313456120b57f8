import type { Json } from '../../../src/domain/json.js';
import type { EntryRow, TaskRow } from '../rows.js';
import type { Tables } from '../tables.js';
import { hasOpenTasks, countsOf, line, moved, rule, tell } from './rule.js';

export const entryRun = rule((db, id: number) => {
  const entry = db.entries.get(id);
  if (entry === undefined) return [];
  return [{ run_id: entry.run_id, dag_version_id: db.jobs.get(entry.run_id)!.dag_version_id }];
});

export const replayLock = rule(
  (_db, _runId: string) => [{}],
  (runId) => [runId],
);

export const entryLocked = rule((db, id: number) => {
  const entry = db.entries.get(id);
  if (entry === undefined) return [];
  const { run_id, idx, status } = entry;
  const job = db.jobs.get(run_id)!;
  return [
    {
      id,
      run_id,
      idx,
      status,
      task_status: db.tasks.get(run_id, idx)!.status,
      job_status: job.status,
      is_dag_deleted: db.dags.get(entry.dag_id)!.deleted_at !== null,
      dag_version_id: job.dag_version_id,
    },
  ];
});

export const taskStates = rule((db, runId: string) =>
  db
    .tasksOf(runId)
    .sort((one, other) => one.idx - other.idx)
    .map(({ idx, status }) => ({ idx, status })),
);

/**
 * failed → queued, or → succeeded with an output; the named upstream_failed tasks wait again; the entry is closed; the
 * job runs again, or ends where nothing of it is left open. A task that is not failed leaves all as it is.
 */
export const revive = rule(
  (
    db,
    runId: string,
    idx: number,
    entryId: number,
    output: string | null,
    by: string,
    note: string | null,
    idxs: number[],
    openUpstreams: number[],
  ) => {
    const before = db.jobs.get(runId);
    const failed = db.tasks.get(runId, idx);
    if (before === undefined || failed?.status !== 'failed') return [];
    const isResolved = output !== null;
    const root = isResolved ? resolveTask(db, failed, output) : replayTask(db, failed);
    const entry = closeEntry(db, db.entries.get(entryId), isResolved ? 'resolved' : 'replayed', by, note);
    const revived = idxs.flatMap((below, place) => reviveTask(db, runId, below, openUpstreams[place]));
    const ready = [root, ...revived].filter((task) => task.status === 'queued');

    const lines = ready.map((task) => line(3, 'task.queued', task, task.attempt, { reason: 'replay' }));
    if (isResolved) lines.push(line(2, 'task.succeeded', root, root.attempt, { reason: 'resolved' }));
    if (entry !== null)
      lines.push({
        ...line(1, `dlq.${entry.status}`, null, null, { entry_id: entry.id }),
        task: entry.task_name,
      });
    const effects = ready.map((task) => moved('ready', task, before));
    if (hasOpenTasks(db, runId)) {
      const status = before.status === 'failed' ? 'running' : before.status;
      return [tell(db, before, lines, { status, finished_at: null }), ...effects];
    }
    const status = countsOf(db, runId).tasks_failed > 0 ? 'failed' : 'succeeded';
    lines.push(line(9, `job.${status}`, null, null));
    return [tell(db, before, lines, { status, finished_at: db.now }), ...effects];
  },
);

const FRESH = { error: null, charged: 0, lost_workers: 0 };

function replayTask(db: Tables, task: TaskRow): TaskRow {
  const again = { attempt: task.attempt + 1, queued_at: db.now, started_at: null, finished_at: null };
  return db.tasks.change(task, { ...FRESH, ...again, status: 'queued', output: null });
}

function resolveTask(db: Tables, task: TaskRow, output: string): TaskRow {
  const value = JSON.parse(output) as Json;
  return db.tasks.change(task, { ...FRESH, status: 'succeeded', output: value, finished_at: db.now });
}

/** upstream_failed → blocked, or → queued where nothing above it is open. */
function reviveTask(db: Tables, runId: string, idx: number, open_upstreams: number): TaskRow[] {
  const task = db.tasks.get(runId, idx);
  if (task?.status !== 'upstream_failed') return [];
  const isReady = open_upstreams === 0;
  return [
    db.tasks.change(task, {
      status: isReady ? 'queued' : 'blocked',
      open_upstreams,
      finished_at: null,
      attempt: task.attempt + (isReady ? 1 : 0),
      queued_at: isReady ? db.now : null,
    }),
  ];
}

/** pending → closed. @returns null when it was closed before */
function closeEntry(
  db: Tables,
  entry: EntryRow | undefined,
  status: 'replayed' | 'resolved',
  by: string,
  note: string | null,
): EntryRow | null {
  if (entry?.status !== 'pending') return null;
  return db.entries.change(entry, {
    status,
    resolved_at: db.now,
    resolved_by: by,
    note: note ?? entry.note,
  });
}

/** The entry closed by hand, nothing else touched. */
export const close = rule((db, id: number, by: string, note: string | null) => {
  const entry = closeEntry(db, db.entries.get(id), 'resolved', by, note);
  if (entry === null) return [];
  const closed = { ...line(1, 'dlq.resolved', null, null, { entry_id: id }), task: entry.task_name };
  return [tell(db, db.jobs.get(entry.run_id)!, [closed])];
});
