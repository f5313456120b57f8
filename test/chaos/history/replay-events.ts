/**
 * What the events of one job say: how it and its tasks stand, which attempts there were, what became of its DLQ entries,
 * and where the events themselves tell a life that cannot be. Written from the contract, not from the engine.
 *
 * An event that cannot be is applied all the same, so that one fault is not told many times.
 */
import type { JobStatus } from '../../../src/domain/job-state.js';
import type { TaskStatus } from '../../../src/domain/task-state.js';
import type { EntryStatus, EventRow, Outcome, TaskGraph } from './history.js';

export interface ReplayedTask {
  status: TaskStatus;
  attempt: number;
  /** Failures charged since the task began, or was last brought back. */
  charged: number;
  /** How much was charged each time it was buried although its error could be tried again. */
  buriedAt: number[];
  /** How it came to succeed: by its own attempt, or by a hand or an earlier job. */
  successBy: 'attempt' | 'other' | null;
}

export interface ReplayedAttempt {
  idx: number;
  attempt: number;
  outcome: Outcome;
  workerId: string;
}

export interface ReplayedEntry {
  id: number;
  idx: number;
  status: EntryStatus;
}

export interface ReplayFault {
  invariant: 'I1' | 'I2' | 'I3' | 'I5' | 'I10';
  what: string;
}

export interface Replay {
  status: JobStatus;
  tasks: readonly ReplayedTask[];
  attempts: readonly ReplayedAttempt[];
  entries: readonly ReplayedEntry[];
  faults: readonly ReplayFault[];
}

const OPEN: readonly TaskStatus[] = ['blocked', 'queued', 'running', 'retrying'];
/** States an event finds a task in; of `task.queued` and `task.succeeded` by the reason they give. */
const FROM: Readonly<Record<string, readonly TaskStatus[]>> = {
  'task.queued': ['blocked'],
  'task.queued retry': ['retrying'],
  'task.queued worker_lost': ['running'],
  'task.queued worker_drained': ['running'],
  'task.queued replay': ['failed', 'blocked'],
  'task.started': ['queued'],
  'task.succeeded': ['running'],
  'task.succeeded resolved': ['failed'],
  'task.succeeded reused': ['blocked'],
  'task.retrying': ['running'],
  'task.failed': ['running'],
  'task.skipped': ['blocked'],
  'task.upstream_failed': ['blocked'],
  'task.cancelled': OPEN,
};

/** @param events of one job, in the order of `seq` */
export function replayEvents(graph: TaskGraph, events: readonly EventRow[]): Replay {
  const replay = new JobReplay(graph);
  for (const event of events) replay.apply(event);
  replay.end();
  return replay;
}

class JobReplay implements Replay {
  status: JobStatus = 'scheduled';
  readonly tasks: ReplayedTask[];
  readonly attempts: ReplayedAttempt[] = [];
  readonly entries: ReplayedEntry[] = [];
  readonly faults: ReplayFault[] = [];
  private readonly places: ReadonlyMap<string, number>;
  /** The worker of each running task. */
  private readonly workers = new Map<number, string>();
  /** Failures that have no DLQ entry yet, as `idx.attempt`. */
  private readonly owed = new Set<string>();
  private readonly early = new Set<number>();
  private events = 0;

  constructor(private readonly graph: TaskGraph) {
    this.places = new Map(graph.names.map((name, idx) => [name, idx]));
    this.tasks = graph.names.map(() => ({
      status: 'blocked',
      attempt: 0,
      charged: 0,
      buriedAt: [],
      successBy: null,
    }));
  }

  apply(event: EventRow): void {
    this.events += 1;
    if ((event.type === 'job.created') !== (this.events === 1))
      this.fault('I10', `event ${event.seq} is ${event.type}`);
    const [kind] = event.type.split('.');
    if (kind === 'job') this.applyToJob(event);
    else if (event.task === null || !this.places.has(event.task))
      this.fault('I10', `event ${event.seq} (${event.type}) is of no task of the job`);
    else if (kind === 'dlq') this.applyToEntry(event, this.places.get(event.task)!);
    else this.applyToTask(event, this.places.get(event.task)!);
  }

  end(): void {
    const isOver = this.tasks.every((task) => !OPEN.includes(task.status));
    if (isOver && !this.isEnded) this.fault('I1', 'all tasks have ended, and the job has not');
    for (const failure of this.owed) this.fault('I5', `the failed attempt ${failure} has no DLQ entry`);
  }

  private get isEnded(): boolean {
    return this.status === 'succeeded' || this.status === 'failed' || this.status === 'cancelled';
  }

  /** What follows a wrong end is told with it. */
  private get hasWrongEnd(): boolean {
    return this.faults.some((fault) => fault.invariant === 'I1');
  }

  private applyToJob({ type, seq }: EventRow): void {
    if (type === 'job.created') return;
    if (this.isEnded) this.fault('I1', `${type} (event ${seq}), though the job has ended as ${this.status}`);
    else if (type === 'job.started' && this.status !== 'queued')
      this.fault('I1', `job.started (event ${seq}) of a job that is ${this.status}`);
    else if (type !== 'job.started') this.checkEnd(type.slice('job.'.length), seq);
    this.status = type === 'job.started' ? 'running' : (type.slice('job.'.length) as JobStatus);
  }

  private checkEnd(status: string, seq: number): void {
    const open = this.tasks.filter((task) => OPEN.includes(task.status)).length;
    const hasFailed = this.tasks.some((task) => task.status === 'failed');
    if (open > 0) this.fault('I1', `job.${status} (event ${seq}) with ${open} tasks that have not ended`);
    else if (status !== 'cancelled' && (status === 'failed') !== hasFailed)
      this.fault('I1', `job.${status} (event ${seq}) does not fit how its tasks ended`);
  }

  private applyToEntry({ type, seq, attempt, data }: EventRow, idx: number): void {
    const id = Number(data['entry_id']);
    if (type === 'dlq.added') {
      if (!this.owed.delete(`${idx}.${attempt}`))
        this.fault('I5', `dlq.added (event ${seq}) without a failure of its own`);
      this.entries.push({ id, idx, status: 'pending' });
      return;
    }
    const entry = this.entries.find((one) => one.id === id);
    if (entry?.status !== 'pending') {
      this.fault('I5', `${type} (event ${seq}) of the entry ${id}, which is ${entry?.status ?? 'unknown'}`);
    }
    const isReplay = type === 'dlq.replayed';
    if (entry !== undefined) entry.status = isReplay ? 'replayed' : 'resolved';
    if (isReplay) this.reopen(idx);
  }

  private applyToTask({ type, seq, task: name, attempt, data }: EventRow, idx: number): void {
    const task = this.tasks[idx];
    const reason = typeof data['reason'] === 'string' ? data['reason'] : '';
    const from = FROM[reason === '' ? type : `${type} ${reason}`] ?? [];
    if (!from.includes(task.status))
      this.fault('I2', `${type} ${reason} (event ${seq}) of the task ${name}, which is ${task.status}`);
    else if (this.isEnded && reason !== 'resolved' && !this.hasWrongEnd)
      this.fault('I1', `${type} (event ${seq}) though the job has ended as ${this.status}`);
    const expected = type === 'task.queued' ? task.attempt + 1 : task.attempt;
    if (attempt !== null && attempt !== expected)
      this.fault('I2', `${type} (event ${seq}) of attempt ${attempt} of the task ${name}, not ${expected}`);
    if (type === 'task.queued' || type === 'task.started') this.checkParents(idx, type, seq);
    this.closeAttempt(idx, type, reason, data);
    switch (type) {
      case 'task.queued':
        task.attempt = expected;
        if (this.status === 'scheduled') this.status = 'queued';
        break;
      case 'task.started':
        this.workers.set(idx, String(data['worker_id']));
        break;
      case 'task.succeeded':
        task.successBy = reason === '' ? 'attempt' : 'other';
        break;
      case 'task.failed':
        if ((data['error'] as { retryable?: unknown } | null)?.retryable === true)
          task.buriedAt.push(task.charged);
        this.owed.add(`${idx}.${task.attempt}`);
        break;
    }
    task.status = type === 'task.started' ? 'running' : (type.slice('task.'.length) as TaskStatus);
    if (reason === 'resolved') this.reopen(idx);
  }

  /** An attempt ends when its task is no longer running. */
  private closeAttempt(idx: number, type: string, reason: string, data: EventRow['data']): void {
    const task = this.tasks[idx];
    const workerId = this.workers.get(idx);
    if (type === 'task.started' || workerId === undefined) return;
    this.workers.delete(idx);
    const outcome = outcomeOf(type, reason, data);
    if (outcome === 'failed') task.charged += 1;
    this.attempts.push({ idx, attempt: task.attempt, outcome, workerId });
  }

  private checkParents(idx: number, type: string, seq: number): void {
    const open = this.graph.parents[idx].filter((parent) => this.tasks[parent].status !== 'succeeded');
    if (open.length === 0 || this.early.has(idx)) return;
    this.early.add(idx);
    const names = open.map((parent) => `${this.graph.names[parent]} (${this.tasks[parent].status})`);
    this.fault(
      'I3',
      `${type} (event ${seq}) of the task ${this.graph.names[idx]} before ${names.join(', ')}`,
    );
  }

  /** The task was brought back: what waits for it waits again, as far as nothing else above it has failed. */
  private reopen(idx: number): void {
    if (this.status === 'failed') this.status = 'running';
    this.tasks[idx].charged = 0;
    const hasFailed = (task: number): boolean =>
      task !== idx && ['failed', 'upstream_failed'].includes(this.tasks[task].status);
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      this.tasks.forEach((task, place) => {
        if (task.status !== 'upstream_failed' || this.graph.parents[place].some(hasFailed)) return;
        task.status = 'blocked';
        isMoving = true;
      });
    }
  }

  private fault(invariant: ReplayFault['invariant'], what: string): void {
    this.faults.push({ invariant, what });
  }
}

function outcomeOf(type: string, reason: string, data: EventRow['data']): Outcome {
  if (reason === 'worker_lost') return 'lost';
  if (reason === 'worker_drained') return 'drained';
  if (type === 'task.cancelled') return 'cancelled';
  if (type !== 'task.failed') return type === 'task.succeeded' ? 'succeeded' : 'failed';
  // The last of too many lost workers ends the task, and is no failure of its own.
  const code = (data['error'] as { code?: unknown } | null)?.code;
  return code === 'worker_lost' ? 'lost' : 'failed';
}
