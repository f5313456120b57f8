import type {
  AttemptRow,
  DagRow,
  DagVersionRow,
  EntryRow,
  EventRow,
  JobRow,
  KeyRow,
  TaskRow,
  WorkerRow,
} from './rows.js';
import { type Change, ConstraintViolation, keyOf, Table } from './table.js';

const ENDED = ['succeeded', 'failed', 'cancelled'];

/** The tables, sequences and clock of the memory database, with the constraints of the schema: what a rule works on. */
export class Tables {
  private readonly record = (change: Change): void => this.journal(change);

  readonly dags = new Table<DagRow>((dag) => keyOf(dag.id), this.record);
  readonly versions = new Table<DagVersionRow>((version) => keyOf(version.id), this.record);
  readonly jobs = new Table<JobRow>((job) => job.run_id, this.record, checkJob);
  readonly tasks = new Table<TaskRow>((task) => keyOf(task.run_id, task.idx), this.record, checkTask);
  readonly attempts = new Table<AttemptRow>((row) => keyOf(row.run_id, row.idx, row.attempt), this.record);
  readonly events = new Table<EventRow>((event) => keyOf(event.run_id, event.seq), this.record);
  readonly entries = new Table<EntryRow>((entry) => keyOf(entry.id), this.record, checkEntry);
  readonly workers = new Table<WorkerRow>((worker) => worker.id, this.record);
  readonly keys = new Table<KeyRow>((key) => key.key, this.record);

  /** Milliseconds since 1970; only the simulation moves it. */
  now = Date.UTC(2030, 0, 1);

  /** Told of every change while a statement runs. */
  journal: (change: Change) => void = () => undefined;
  /** Whether another transaction holds the row of a job, or a key, at this moment. */
  isHeld: (what: string) => boolean = () => false;
  /** Keeps a key until the end of the transaction that the statement is part of. */
  hold: (key: string) => void = () => undefined;

  private lastLease = 0;
  private lastEntryId = 0;

  nextLease(): string {
    return String(++this.lastLease);
  }

  nextEntryId(): number {
    return ++this.lastEntryId;
  }

  tasksOf(runId: string): TaskRow[] {
    return this.tasks.all().filter((task) => task.run_id === runId);
  }
}

function demand(holds: boolean, row: JobRow | TaskRow, constraint: string): void {
  if (!holds) throw new ConstraintViolation('23514', `${constraint}: ${JSON.stringify(row)}`);
}

function checkJob(job: JobRow, others: Iterable<JobRow>): void {
  const open = job.tasks_blocked + job.tasks_queued + job.tasks_running + job.tasks_retrying;
  demand((job.finished_at !== null) === ENDED.includes(job.status), job, 'jobs_finished_check');
  demand(!ENDED.includes(job.status) || open === 0, job, 'jobs_end_check');
  if (job.tick_at === null) return;
  for (const other of others) {
    if (other.run_id !== job.run_id && other.dag_id === job.dag_id && other.tick_at === job.tick_at)
      throw new ConstraintViolation('23505', 'jobs_tick_key');
  }
}

function checkTask(task: TaskRow): void {
  demand((task.lease !== null) === (task.status === 'running'), task, 'tasks_lease_check');
  demand((task.next_retry_at !== null) === (task.status === 'retrying'), task, 'tasks_retry_check');
  demand(task.open_upstreams >= 0, task, 'tasks_upstreams_check');
  demand(task.status !== 'queued' || task.open_upstreams === 0, task, 'tasks_upstreams_check');
}

function checkEntry(entry: EntryRow, others: Iterable<EntryRow>): void {
  if (entry.status !== 'pending') return;
  for (const other of others) {
    const isSameTask = other.run_id === entry.run_id && other.idx === entry.idx;
    if (other.id !== entry.id && isSameTask && other.status === 'pending')
      throw new ConstraintViolation('23505', 'dlq_entries_pending_key');
  }
}
