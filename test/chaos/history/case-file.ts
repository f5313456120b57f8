import type {
  AttemptRow,
  EntryRow,
  EventRow,
  Finding,
  History,
  JobRow,
  TaskGraph,
  TaskRow,
} from './history.js';
import { type Replay, replayEvents } from './replay-events.js';
import type { WitnessLine } from '../witness.js';

/** One job with all that is known of it, and with what its events say. */
export interface JobFile {
  job: JobRow;
  graph: TaskGraph;
  tasks: readonly TaskRow[];
  /** By task. */
  attempts: readonly (readonly AttemptRow[])[];
  events: readonly EventRow[];
  entries: readonly EntryRow[];
  witness: readonly WitnessLine[];
  replay: Replay;
}

/** A rule over a whole run; it says what breaks it. */
export type Rule = (history: History, files: readonly JobFile[]) => Finding[];

/** A history sorted by job, as most rules look at one job at a time. */
export function filesOf(history: History): JobFile[] {
  const tasks = groupBy(history.tasks, runIdOf);
  const attempts = groupBy(history.attempts, runIdOf);
  const events = groupBy(history.events, runIdOf);
  const entries = groupBy(history.entries, runIdOf);
  const witness = groupBy(history.witness, runIdOf);
  return history.jobs.map((job) => {
    const graph = history.graphs.get(job.versionId) ?? { names: [], parents: [] };
    const own = attempts.get(job.runId) ?? [];
    return {
      job,
      graph,
      tasks: tasks.get(job.runId) ?? [],
      attempts: graph.names.map((_, idx) => own.filter((attempt) => attempt.idx === idx)),
      events: events.get(job.runId) ?? [],
      entries: entries.get(job.runId) ?? [],
      witness: witness.get(job.runId) ?? [],
      replay: replayEvents(graph, events.get(job.runId) ?? []),
    };
  });
}

export function groupBy<Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

/** What the events of a job told against one of these invariants. */
export function replayFaults(files: readonly JobFile[], ...invariants: string[]): Finding[] {
  return files.flatMap(({ job, replay }) =>
    replay.faults
      .filter((fault) => invariants.includes(fault.invariant))
      .map((fault) => ({ ...fault, runId: job.runId })),
  );
}

function runIdOf(row: { runId: string }): string {
  return row.runId;
}
