import type { Nudge } from '../../../src/bus/bus.js';
import type { Json } from '../../../src/domain/json.js';
import type { Side, Written } from './side.js';

const HOUR_MS = 3_600_000;

type Row = Record<string, unknown>;

/**
 * What an installation looks like from outside, in words that two installations have in common: ids are names, times are
 * there or not, and those that decide something are hours from now.
 */
export async function pictureOf(side: Side): Promise<Record<string, unknown>> {
  const written = await side.installation.written();
  side.nameJobs(written.jobs);
  const now = side.installation.nowMs();
  // Plus 0, as a little less than now is -0.
  const hoursFrom = (at: number | null): number | null =>
    at === null ? null : Math.round((at - now) / HOUR_MS) + 0;
  const name = (id: unknown): unknown => (typeof id === 'string' ? side.nameOf(id) : id);
  const entries = entryNames(side, written);
  const isThere = (at: unknown): boolean => at !== null;

  return {
    dags: written.dags.map((dag) => ({ next: dag.next_run_at, deleted: isThere(dag.deleted_at) })),
    jobs: sorted(written.jobs, (job) => ({
      ...job,
      dag_id: side.dags.indexOf(job.dag_id),
      dag_version_id: null,
      run_id: name(job.run_id),
      rerun_of: name(job.rerun_of),
      scheduled_for: isThere(job.scheduled_for),
      created_at: null,
      started_at: isThere(job.started_at),
      finished_at: isThere(job.finished_at),
    })),
    tasks: sorted(written.tasks, (task) => ({
      ...task,
      run_id: name(task.run_id),
      worker_id: name(task.worker_id),
      lease: isThere(task.lease),
      queued_at: isThere(task.queued_at),
      started_at: isThere(task.started_at),
      finished_at: isThere(task.finished_at),
      next_retry_at: hoursFrom(task.next_retry_at),
    })),
    attempts: sorted(written.attempts, (attempt) => ({
      ...attempt,
      run_id: name(attempt.run_id),
      worker_id: name(attempt.worker_id),
      lease: isThere(attempt.lease),
      queued_at: isThere(attempt.queued_at),
      started_at: isThere(attempt.started_at),
      finished_at: isThere(attempt.finished_at),
    })),
    events: sorted(written.events, (event) => ({
      ...event,
      run_id: name(event.run_id),
      dag_id: side.dags.indexOf(event.dag_id),
      at: isThere(event.at),
      data: dataOf(event.data, name, entries),
    })),
    entries: sorted(written.entries, (entry) => ({
      ...entry,
      id: entries.get(entry.id),
      run_id: name(entry.run_id),
      dag_id: side.dags.indexOf(entry.dag_id),
      created_at: null,
      resolved_at: isThere(entry.resolved_at),
    })),
    workers: sorted(written.workers, (worker) => ({
      ...worker,
      id: name(worker.id),
      started_at: null,
      last_heartbeat_at: hoursFrom(worker.last_heartbeat_at),
      lease_expires_at: hoursFrom(worker.lease_expires_at),
    })),
    messages: side.takeMessages(),
    nudges: nudgesOf(side),
  };
}

/** Entries by what they are about: their ids are numbers of one database. */
export function entryNames(side: Side, { entries }: Pick<Written, 'entries'>): Map<number, string> {
  return new Map(
    entries.map(({ id, run_id, idx, attempts }) => [id, `${side.nameOf(run_id)}.${idx}.${attempts}`]),
  );
}

function dataOf(
  data: Record<string, Json>,
  name: (id: unknown) => unknown,
  entries: Map<number, string>,
): Row {
  const known: Row = {};
  for (const [key, value] of Object.entries(data)) {
    if (key === 'entry_id') known[key] = entries.get(value as number);
    else if (key === 'duration_ms' || key === 'next_retry_at') known[key] = typeof value;
    else known[key] = name(value);
  }
  return known;
}

/**
 * What was published since the last time. How many nudges tell it is a matter of batches, which are a matter of time: so each
 * event and each class is told once.
 */
function nudgesOf(side: Side): unknown[] {
  const { bus } = side.installation;
  const nudges = bus.nudges.flatMap((nudge: Nudge) => {
    switch (nudge.kind) {
      case 'events':
        return Array.from(
          { length: nudge.to - nudge.from + 1 },
          (_, place) => `event ${side.nameOf(nudge.runId)} ${nudge.from + place}`,
        );
      case 'stop':
        return nudge.attemptIds.map((id) => `stop ${side.nameOfAttempt(id)}`);
      case 'ready':
        return nudge.priorities.map((priority) => `ready ${priority}`);
      case 'worker':
        return `${nudge.event.type} ${side.nameOf((nudge.event.data as { worker_id: string }).worker_id)}`;
    }
  });
  bus.nudges = [];
  return [...new Set(nudges)].sort();
}

function sorted<Item extends object>(rows: readonly Item[], describe: (row: Item) => Row): Row[] {
  const keyed = rows.map((row) => {
    const described = describe(row);
    return {
      key: JSON.stringify([
        described.run_id ?? described.id,
        described.idx,
        described.seq,
        described.attempt ?? described.attempts,
      ]),
      described,
    };
  });
  return keyed.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ described }) => described);
}
