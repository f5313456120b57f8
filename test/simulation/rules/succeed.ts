import type { Json } from '../../../src/domain/json.js';
import type { JobRow, TaskRow } from '../rows.js';
import type { Tables } from '../tables.js';
import { claimOf } from './claim.js';
import { byJob, heldTask, keepAttempt, line, lockedOnce, moved, rule, tellAndEnd } from './rule.js';

interface Done {
  run_id: string;
  task: TaskRow;
  children: number[];
  /** The worker that runs the child if it becomes ready; null: nobody does at once. */
  keeper: string | null;
}

interface Child {
  task: TaskRow;
  /** Its finished parent whose slot it keeps, if it does. */
  keeping: Done | null;
}

/** running → succeeded under the lease. */
function succeed(db: Tables, runId: string, idx: number, lease: string, output: string): TaskRow | null {
  const task = heldTask(db, runId, idx, lease);
  if (task === null) return null;
  keepAttempt(db, task, 'succeeded');
  return db.tasks.change(task, {
    status: 'succeeded',
    output: JSON.parse(output) as Json,
    error: null,
    lease: null,
    lost_workers: 0,
    finished_at: db.now,
  });
}

/**
 * Counts a task down by those of its parents that have just succeeded. With none left open a task that waits is queued,
 * or runs at once where a parent's slot is kept for it: that of the last in the order of the DAG.
 *
 * @returns the task if it does not wait any more
 */
function countDown(db: Tables, runId: string, idx: number, parents: readonly Done[]): Child | null {
  const task = db.tasks.get(runId, idx);
  if (task === undefined || task.open_upstreams < parents.length) return null;
  const open_upstreams = task.open_upstreams - parents.length;
  if (open_upstreams > 0 || task.status !== 'blocked') {
    db.tasks.change(task, { open_upstreams });
    return null;
  }
  const ready = { open_upstreams, attempt: task.attempt + 1, queued_at: db.now };
  const [keeping] = parents
    .filter((parent) => parent.keeper !== null)
    .sort((one, other) => other.task.idx - one.task.idx);
  if (keeping === undefined)
    return { task: db.tasks.change(task, { ...ready, status: 'queued' }), keeping: null };
  const claimed = db.tasks.change(task, {
    ...ready,
    status: 'running',
    lease: db.nextLease(),
    worker_id: keeping.keeper,
    started_at: db.now,
  });
  return { task: claimed, keeping };
}

/** What of one job a batch of successes has done, told. */
function release(db: Tables, job: JobRow, done: readonly Done[]): { children: Child[]; effects: object[] } {
  const idxs = [...new Set(done.flatMap(({ children }) => children))].sort((one, other) => one - other);
  const children = idxs
    .map((idx) =>
      countDown(
        db,
        job.run_id,
        idx,
        done.filter((parent) => parent.children.includes(idx)),
      ),
    )
    .filter((child) => child !== null);
  const lines = done.map(({ task }) =>
    line(1, 'task.succeeded', task, task.attempt, { duration_ms: task.finished_at! - task.started_at! }),
  );
  for (const { task, keeping } of children) {
    lines.push(line(2, 'task.queued', task, task.attempt));
    if (keeping !== null)
      lines.push(line(3, 'task.started', task, task.attempt, { worker_id: keeping.keeper }));
  }
  return { children, effects: [tellAndEnd(db, job, lines), ...done.map(({ task }) => moved('done', task))] };
}

function activeOrNull(db: Tables, workerId: string | null): string | null {
  return workerId !== null && db.workers.get(workerId)?.status === 'active' ? workerId : null;
}

export const succeedBatch = rule(
  (
    db,
    runIds: string[],
    idxs: number[],
    leases: string[],
    outputs: string[],
    children: string[],
    keepers: (string | null)[],
  ) => {
    const done: Done[] = [];
    runIds.forEach((run_id, place) => {
      const task = succeed(db, run_id, idxs[place], leases[place], outputs[place]);
      if (task === null) return;
      const below = JSON.parse(`[${children[place].slice(1, -1)}]`) as number[];
      done.push({ run_id, task, children: below, keeper: activeOrNull(db, keepers[place]) });
    });
    return byJob(done).flatMap(([runId, ofJob]) => {
      const job = db.jobs.get(runId)!;
      const { children: freed, effects } = release(db, job, ofJob);
      const { dag_id, dag_version_id, priority } = job;
      const tasks = freed.map(({ task, keeping }) => {
        if (keeping === null) return moved('ready', task, job);
        const place = { parent: keeping.task.idx, keeper: keeping.keeper };
        return { what: 'kept', ...claimOf(task), dag_id, dag_version_id, priority, ...place };
      });
      return [...effects, ...tasks];
    });
  },
  (runIds) => lockedOnce(runIds),
);

/** The same for one success with at most one child, in another form. */
export const succeedOne = rule(
  (
    db,
    runId: string,
    idx: number,
    lease: string,
    output: string,
    child: number | null,
    keeper: string | null,
  ) => {
    const task = succeed(db, runId, idx, lease, output);
    if (task === null) return [];
    const job = db.jobs.get(runId)!;
    const own = {
      run_id: runId,
      task,
      children: child === null ? [] : [child],
      keeper: activeOrNull(db, keeper),
    };
    const [freed] = release(db, job, [own]).children;
    const { dag_id, dag_version_id, priority } = job;
    return [
      {
        ...(freed === undefined ? {} : claimOf(freed.task)),
        attempt: task.attempt,
        child_attempt: freed?.task.attempt ?? null,
        dag_id,
        dag_version_id,
        priority,
        from_seq: job.last_seq + 1,
        to_seq: db.jobs.get(runId)!.last_seq,
        is_ready: freed !== undefined,
        is_kept: freed?.keeping != null,
      },
    ];
  },
  (runId) => [runId],
);
