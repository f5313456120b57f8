import { TASK_STATUSES, type TaskStatus } from '../../../src/domain/task-state.js';
import type {
  AttemptRow,
  EntryRow,
  EventRow,
  History,
  JobRow,
  Outcome,
  TaskGraph,
  TaskRow,
} from '../../chaos/history/history.js';
import type { WitnessLine } from '../../chaos/witness.js';

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** A history that tests write, and break. */
export interface Draft extends Mutable<History> {
  jobs: Mutable<JobRow>[];
  tasks: Mutable<TaskRow>[];
  attempts: Mutable<AttemptRow>[];
  events: Mutable<EventRow>[];
  entries: Mutable<EntryRow>[];
  keptKeys: string[];
  witness: Mutable<WitnessLine>[];
  accepted: Map<string, string>;
  leftovers: { runId: string | null; what: string }[];
}

/** 2026-01-01, in microseconds. */
export const BEGINNING = Date.parse('2026-01-01T00:00:00Z') * 1_000;
export const MILLISECOND = 1_000;
export const SECOND = 1_000_000;

/**
 * Writes what the product would have written of one job, call by call, a millisecond after each other. Only as clever as
 * the stories of these tests are long: who queues a task has to know that it is ready.
 */
export class Story {
  private readonly job: Mutable<JobRow>;
  private readonly graph: TaskGraph;
  private readonly tasks: Mutable<TaskRow>[];
  private readonly queuedAt = new Map<number, number>();
  private readonly running = new Map<number, { workerId: string; startedAt: number; token: number }>();
  private seq = 0;

  constructor(
    private readonly draft: Draft,
    private now: number,
    row: Partial<JobRow> & Pick<JobRow, 'runId' | 'versionId'>,
    reused: readonly string[] = [],
  ) {
    this.graph = draft.graphs.get(row.versionId)!;
    this.job = {
      dagId: row.versionId,
      status: 'queued',
      trigger: 'manual',
      priority: 'normal',
      key: null,
      rerunOf: null,
      tickAt: null,
      createdAt: now,
      lastSeq: 0,
      counts: Object.fromEntries(TASK_STATUSES.map((status) => [status, 0])) as JobRow['counts'],
      ...row,
    };
    const { runId } = row;
    this.tasks = this.graph.names.map((name, idx) => ({
      runId,
      idx,
      name,
      type: name.startsWith('http') ? 'http' : name.startsWith('noop') ? 'noop' : 'shell',
      status: 'blocked',
      attempt: 0,
      charged: 0,
      lostWorkers: 0,
      maxRetries: 1,
      output: null,
    }));
    draft.jobs.push(this.job);
    draft.tasks.push(...this.tasks);
    if (this.job.key !== null) draft.keptKeys.push(runId);
    if (this.job.key !== null && this.job.rerunOf === null) draft.accepted.set(this.job.key, runId);
    this.tell('job.created', null);
    for (const name of reused) {
      this.task(name).status = 'succeeded';
      this.tell('task.succeeded', null, { reason: 'reused' }, name);
    }
  }

  queue(name: string, reason?: string): this {
    const task = this.task(name);
    task.status = 'queued';
    task.attempt += 1;
    this.tell('task.queued', task, reason === undefined ? {} : { reason });
    this.queuedAt.set(task.idx, this.now);
    return this;
  }

  start(name: string, workerId = 'worker-1'): this {
    const task = this.task(name);
    if (this.job.status === 'queued') this.tell('job.started', null);
    this.job.status = 'running';
    task.status = 'running';
    this.tell('task.started', task, { worker_id: workerId });
    // Every line of the witness has a token of its own here.
    const token = 1_000 + this.draft.witness.length;
    this.running.set(task.idx, { workerId, startedAt: this.now, token });
    this.witness('start', task, token);
    return this;
  }

  succeed(name: string): this {
    const task = this.task(name);
    const { token } = this.running.get(task.idx)!;
    this.witness('end', task, token);
    task.output = task.type === 'http' ? { status: 200, body: { token } } : { attempt: task.attempt, token };
    this.close(task, 'succeeded');
    task.status = 'succeeded';
    this.tell('task.succeeded', task);
    return this;
  }

  /** Fails, and is queued again when the time has come, a second later. */
  retry(name: string): this {
    const task = this.task(name);
    this.close(task, 'failed');
    task.status = 'retrying';
    task.charged += 1;
    const due = new Date((this.now + SECOND) / 1_000);
    this.tell('task.retrying', task, { next_retry_at: due.toISOString() });
    this.now = due.getTime() * 1_000;
    return this.queue(name, 'retry');
  }

  lose(name: string, outcome: 'lost' | 'drained' = 'lost'): this {
    this.close(this.task(name), outcome);
    return this.queue(name, `worker_${outcome}`);
  }

  bury(name: string, entryId: number, doomed: readonly string[] = []): this {
    const task = this.task(name);
    this.close(task, 'failed');
    task.status = 'failed';
    task.charged += 1;
    this.tell('task.failed', task, { error: { code: 'exit_code', retryable: true } });
    this.draft.entries.push({ id: entryId, runId: this.job.runId, idx: task.idx, status: 'pending' });
    this.tell('dlq.added', task, { entry_id: entryId });
    for (const one of doomed) {
      this.task(one).status = 'upstream_failed';
      this.tell('task.upstream_failed', null, {}, one);
    }
    return this;
  }

  replay(name: string, entryId: number, revived: readonly string[] = []): this {
    this.closeEntry(name, entryId, 'replayed');
    for (const one of revived) this.task(one).status = 'blocked';
    this.job.status = 'running';
    return this.queue(name, 'replay');
  }

  /** By hand, with an output. */
  resolve(name: string, entryId: number): this {
    this.closeEntry(name, entryId, 'resolved');
    this.job.status = 'running';
    this.task(name).status = 'succeeded';
    this.tell('task.succeeded', this.task(name), { reason: 'resolved' });
    return this;
  }

  cancel(...names: readonly string[]): this {
    for (const name of names) {
      const task = this.task(name);
      if (task.status === 'running') this.close(task, 'cancelled');
      task.status = 'cancelled';
      this.tell('task.cancelled', task.attempt === 0 ? null : task, {}, name);
    }
    return this.end('cancelled');
  }

  end(status: 'succeeded' | 'failed' | 'cancelled'): this {
    this.job.status = status;
    this.tell(`job.${status}`, null);
    const counts = Object.fromEntries(
      TASK_STATUSES.map((one) => [one, this.tasks.filter((task) => task.status === one).length]),
    );
    this.job.counts = counts as Record<TaskStatus, number>;
    return this;
  }

  private task(name: string): Mutable<TaskRow> {
    return this.tasks[this.graph.names.indexOf(name)];
  }

  private closeEntry(name: string, entryId: number, status: 'replayed' | 'resolved'): void {
    this.draft.entries.find((entry) => entry.id === entryId)!.status = status;
    this.task(name).charged = 0;
    this.tell(`dlq.${status}`, null, { entry_id: entryId }, name);
  }

  private close(task: Mutable<TaskRow>, outcome: Outcome): void {
    const { workerId, startedAt } = this.running.get(task.idx)!;
    this.running.delete(task.idx);
    const { runId } = this.job;
    const queuedAt = this.queuedAt.get(task.idx)!;
    const lease = String(this.draft.attempts.length + 1);
    const { idx, attempt } = task;
    this.draft.attempts.push({
      runId,
      idx,
      attempt,
      outcome,
      lease,
      workerId,
      queuedAt,
      startedAt,
      finishedAt: this.now,
    });
  }

  private witness(what: 'start' | 'end', task: TaskRow, token: number): void {
    if (task.type === 'noop') return;
    this.now += MILLISECOND;
    const attempt = task.type === 'http' ? 0 : task.attempt;
    this.draft.witness.push({ what, runId: this.job.runId, task: task.name, attempt, token, at: this.now });
  }

  private tell(type: string, of: TaskRow | null, data: EventRow['data'] = {}, name = of?.name ?? null): void {
    this.now += MILLISECOND;
    this.seq += 1;
    this.job.lastSeq = this.seq;
    const { runId } = this.job;
    this.draft.events.push({
      runId,
      seq: this.seq,
      type,
      task: name,
      attempt: of?.attempt ?? null,
      at: this.now,
      data,
    });
  }
}
