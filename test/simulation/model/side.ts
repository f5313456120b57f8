import { randomUUID } from 'node:crypto';
import { parseAttemptId } from '../../../src/domain/attempt-id.js';
import type { TaskSpec } from '../../../src/domain/task-spec.js';
import type { Claim } from '../../../src/engine/claim-tasks.js';
import { TickStore } from '../../../src/persistence/tick.store.js';
import { AttemptInputStore } from '../../../src/persistence/attempt-input.store.js';
import { DispatchStore } from '../../../src/persistence/dispatch.store.js';
import type { SqlDatabase } from '../../../src/persistence/sql-database.js';
import type { EngineVerbs, RecordingBus, RecordingQueue } from '../../support/engine.js';
import type { AttemptRow, DagRow, EntryRow, EventRow, JobRow, TaskRow, WorkerRow } from '../rows.js';

/** Everything the engine has written, on whichever database. */
export interface Written {
  dags: Pick<DagRow, 'id' | 'next_run_at' | 'deleted_at'>[];
  jobs: JobRow[];
  tasks: TaskRow[];
  attempts: AttemptRow[];
  events: EventRow[];
  entries: EntryRow[];
  workers: WorkerRow[];
}

/** What both databases need for the same commands; times are those of the database in question. */
export interface Installation {
  database: SqlDatabase;
  verbs: EngineVerbs;
  queue: RecordingQueue;
  bus: RecordingBus;
  nowMs(): number;
  /** Makes everything that is stored older. */
  age(ms: number): Promise<void>;
  createDag(tasks: TaskSpec[], nextRunAt: Date): Promise<number>;
  deleteDag(id: number): Promise<void>;
  written(): Promise<Written>;
  /** Removes all of it. */
  clear(): Promise<void>;
}

/** Long enough for two of the hours in which the commands count, and not for three. */
const LEASE_SECONDS = 2.25 * 3_600;

/** One of the two installations that are driven alike, with the things that commands refer to by their place. */
export class Side {
  readonly dags: number[] = [];
  readonly workers: string[] = [];
  /** All there have been. */
  readonly claims: Claim[] = [];
  /** Those that nobody has reported the end of. */
  live: Claim[] = [];
  /** Attempt ids of the messages so far, whether or not somebody has claimed them. */
  readonly seen: string[] = [];
  readonly ticks: TickStore;
  readonly inputs: AttemptInputStore;
  readonly dispatches: DispatchStore;
  /** What ids stand for, in words that are the same on both sides. */
  private readonly names = new Map<string, string>();
  private readonly jobs: string[] = [];

  constructor(readonly installation: Installation) {
    this.ticks = new TickStore(installation.database);
    this.inputs = new AttemptInputStore(installation.database);
    this.dispatches = new DispatchStore(installation.database);
  }

  get verbs(): EngineVerbs {
    return this.installation.verbs;
  }

  /** Begins with these DAGs and one worker, and nothing else. */
  async begin(dags: readonly TaskSpec[][], nextRunAt: Date): Promise<void> {
    await this.installation.clear();
    this.installation.queue.take();
    this.installation.bus.nudges = [];
    for (const tasks of dags) this.dags.push(await this.installation.createDag(tasks, nextRunAt));
    await this.addWorker();
  }

  async addWorker(): Promise<void> {
    const id = randomUUID();
    this.names.set(id, `worker ${this.workers.length}`);
    this.workers.push(id);
    const identity = { id, hostname: 'here', pid: this.workers.length, slots: 10, version: '0' };
    await this.verbs.leases.register(identity, LEASE_SECONDS);
  }

  async renew(worker: string): Promise<boolean> {
    return await this.verbs.leases.renew(worker, LEASE_SECONDS);
  }

  addClaims(claims: readonly (Claim | null)[]): void {
    const fresh = claims.filter((claim) => claim !== null);
    this.claims.push(...fresh);
    this.live.push(...fresh);
  }

  endClaim(ended: Claim): void {
    this.live = this.live.filter((claim) => claim !== ended);
  }

  /** Run ids by the order in which the jobs came. */
  runIds(): readonly string[] {
    return this.jobs;
  }

  nameOf(id: string): string {
    return this.names.get(id) ?? id;
  }

  /** An attempt id with the name of its job. */
  nameOfAttempt(attemptId: string): string {
    const { runId, idx, attempt } = parseAttemptId(attemptId)!;
    return `${this.nameOf(runId)}.${idx}.${attempt}`;
  }

  /** Gives the jobs names that have none; of several that came at once, by what tells them apart. */
  nameJobs(jobs: readonly JobRow[]): void {
    const fresh = jobs.filter((job) => !this.names.has(job.run_id));
    for (const { run_id } of fresh.sort((one, other) => (one.run_id < other.run_id ? -1 : 1))) {
      this.names.set(run_id, `job ${this.jobs.length}`);
      this.jobs.push(run_id);
    }
  }

  /** Messages sent since the last time, in an order that is the same on both sides. */
  takeMessages(): string[] {
    const sent = this.installation.queue
      .take()
      .sort((one, other) => (this.nameOfAttempt(one) < this.nameOfAttempt(other) ? -1 : 1));
    this.seen.push(...sent);
    return sent.map((attemptId) => this.nameOfAttempt(attemptId));
  }
}
