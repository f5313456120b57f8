/**
 * All that is known of a run when it is at rest: the rows of the database, the witness, and what the workload was promised.
 * Rules look at this and at nothing else, so that each can be shown a small history that breaks it.
 *
 * Times are microseconds since 1970: by the clock of the database, but for the witness.
 */
import type { JobStatus, JobTrigger } from '../../../src/domain/job-state.js';
import type { Json } from '../../../src/domain/json.js';
import type { Priority } from '../../../src/domain/priority.js';
import type { TaskStatus } from '../../../src/domain/task-state.js';
import type { WitnessLine } from '../witness.js';

export type Outcome = 'succeeded' | 'failed' | 'lost' | 'drained' | 'cancelled';
export type EntryStatus = 'pending' | 'replayed' | 'resolved';

export interface JobRow {
  runId: string;
  dagId: number;
  versionId: number;
  status: JobStatus;
  trigger: JobTrigger;
  priority: Priority;
  /** The idempotency key, which the workload puts into `params` as well; null: not of the workload, or by the clock. */
  key: string | null;
  rerunOf: string | null;
  tickAt: number | null;
  /** When it was written, and not the moment in its id, which is by the clock of the process that started it. */
  createdAt: number;
  lastSeq: number;
  /** The job's counters by status of task. */
  counts: Readonly<Record<TaskStatus, number>>;
}

export interface TaskRow {
  runId: string;
  idx: number;
  name: string;
  type: string;
  status: TaskStatus;
  attempt: number;
  charged: number;
  lostWorkers: number;
  maxRetries: number;
  output: Json;
}

export interface AttemptRow {
  runId: string;
  idx: number;
  attempt: number;
  outcome: Outcome;
  lease: string;
  workerId: string;
  queuedAt: number;
  startedAt: number;
  finishedAt: number;
}

export interface EventRow {
  runId: string;
  seq: number;
  type: string;
  task: string | null;
  attempt: number | null;
  at: number;
  data: { readonly [key: string]: Json };
}

export interface EntryRow {
  id: number;
  runId: string;
  idx: number;
  status: EntryStatus;
}

/** The tasks of a version of a DAG. */
export interface TaskGraph {
  names: readonly string[];
  /** By task, those it depends on. */
  parents: readonly (readonly number[])[];
}

export interface DagRow {
  id: number;
  /** Of the workload, so that its tasks tell the witness. */
  isOurs: boolean;
  cronExpression: string | null;
  timezone: string;
}

export interface History {
  dags: readonly DagRow[];
  /** By version. */
  graphs: ReadonlyMap<number, TaskGraph>;
  jobs: readonly JobRow[];
  /** In the order of `idx` within a job. */
  tasks: readonly TaskRow[];
  /** In the order of their numbers within a task. */
  attempts: readonly AttemptRow[];
  /** In the order of `seq` within a job. */
  events: readonly EventRow[];
  entries: readonly EntryRow[];
  /** Run ids that idempotency keys of the database stand for. */
  keptKeys: readonly string[];
  witness: readonly WitnessLine[];
  /** Run id by idempotency key: what the workload was told. */
  accepted: ReadonlyMap<string, string>;
  /** Of each worker. */
  slots: number;
  /** Processes and directories of attempts that are still there. */
  leftovers: readonly { runId: string | null; what: string }[];
}

export interface Finding {
  /** 'I1' … 'I14' of the design. */
  invariant: string;
  runId: string | null;
  what: string;
}
