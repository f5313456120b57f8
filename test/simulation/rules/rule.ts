import type { Effect } from '../../../src/persistence/transitions/fragments.js';
import type { JobRow, TaskCounts, TaskRow } from '../rows.js';
import type { Tables } from '../tables.js';
import type { Json } from '../../../src/domain/json.js';

/** What one statement does, said in JavaScript: the specification that the SQL is held to. */
export interface Rule {
  apply: (db: Tables, params: readonly unknown[]) => object[];
  /** The jobs whose rows it holds from before it looks at anything until its transaction ends. */
  locks: (params: readonly unknown[]) => readonly string[];
}

export function rule<Params extends readonly unknown[]>(
  apply: (db: Tables, ...params: Params) => object[],
  locks: (...params: Params) => readonly string[] = () => [],
): Rule {
  return {
    apply: (db, params) => apply(db, ...(params as Params)),
    locks: (params) => locks(...(params as Params)),
  };
}

/** What a batch locks whose first parameter is the job of each of its inputs. */
export function lockedOnce(runIds: readonly string[]): readonly string[] {
  return [...new Set(runIds)].sort();
}

/** Something to be told of a job, in the order of (rank, idx). */
export interface Line {
  rank: number;
  idx: number;
  type: string;
  task: string | null;
  attempt: number | null;
  data: Record<string, Json>;
}

export function line(
  rank: number,
  type: string,
  task: Pick<TaskRow, 'idx' | 'name'> | null,
  attempt: number | null,
  data: Record<string, Json> = {},
): Line {
  return { rank, idx: task?.idx ?? 0, type, task: task?.name ?? null, attempt, data };
}

/**
 * Ends a statement for one job: counts its tasks anew, appends its events behind the last one, and says so. The job may
 * have become something else by it, which is an event of its own and the last.
 */
export function tell(
  db: Tables,
  before: JobRow,
  lines: readonly Line[],
  becomes: Partial<JobRow> = {},
): Effect {
  const sorted = [...lines].sort((one, other) => one.rank - other.rank || one.idx - other.idx);
  let seq = before.last_seq;
  for (const { type, task, attempt, data } of sorted) {
    seq += 1;
    db.events.add({
      run_id: before.run_id,
      seq,
      dag_id: before.dag_id,
      type,
      task,
      attempt,
      at: db.now,
      data,
    });
  }
  db.jobs.change(before, { ...countsOf(db, before.run_id), ...becomes, last_seq: seq });
  return {
    what: 'events',
    run_id: before.run_id,
    idx: null,
    attempt: null,
    priority: null,
    dag_id: before.dag_id,
    from_seq: before.last_seq + 1,
    to_seq: seq,
  };
}

/** As `tell`, for a statement that may have ended the last open task of a running job. */
export function tellAndEnd(db: Tables, before: JobRow, lines: readonly Line[]): Effect {
  if (hasOpenTasks(db, before.run_id)) return tell(db, before, lines);
  const status = countsOf(db, before.run_id).tasks_failed > 0 ? 'failed' : 'succeeded';
  return tell(db, before, [...lines, line(9, `job.${status}`, null, null)], { status, finished_at: db.now });
}

export function hasOpenTasks(db: Tables, runId: string): boolean {
  const open = ['blocked', 'queued', 'running', 'retrying'];
  return db.tasksOf(runId).some((task) => open.includes(task.status));
}

export function countsOf(db: Tables, runId: string): TaskCounts {
  const tasks = db.tasksOf(runId);
  const of = (status: string): number => tasks.filter((task) => task.status === status).length;
  return {
    tasks_blocked: of('blocked'),
    tasks_queued: of('queued'),
    tasks_running: of('running'),
    tasks_retrying: of('retrying'),
    tasks_succeeded: of('succeeded'),
    tasks_failed: of('failed'),
    tasks_skipped: of('skipped'),
    tasks_upstream_failed: of('upstream_failed'),
    tasks_cancelled: of('cancelled'),
  };
}

/** A task that moved in a way others act on. */
export function moved(what: 'ready' | 'done' | 'stopped', task: TaskRow, job?: JobRow): Effect {
  const { run_id, idx, attempt } = task;
  return {
    what,
    run_id,
    idx,
    attempt,
    priority: job?.priority ?? null,
    dag_id: null,
    from_seq: null,
    to_seq: null,
  };
}

/** The running task that an input's lease stands for, in a running job; null: the input is stale. */
export function heldTask(db: Tables, runId: string, idx: number, lease: string): TaskRow | null {
  const task = db.tasks.get(runId, idx);
  if (db.jobs.get(runId)?.status !== 'running' || task?.status !== 'running') return null;
  return task.lease === lease ? task : null;
}

/** The history row of a running attempt that has just ended. */
export function keepAttempt(db: Tables, running: TaskRow, outcome: string, error: Json = null): void {
  const { run_id, idx, attempt, worker_id, queued_at, started_at } = running;
  const lease = running.lease!;
  db.attempts.add({
    run_id,
    idx,
    attempt,
    outcome,
    lease,
    worker_id,
    queued_at,
    started_at,
    finished_at: db.now,
    error,
  });
}

/** By job, in the order in which jobs are locked. */
export function byJob<Item extends { run_id: string }>(items: readonly Item[]): [string, Item[]][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(item.run_id, [...(groups.get(item.run_id) ?? []), item]);
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1));
}
