import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { uuidv7 } from '../domain/ids.js';
import type { JobTrigger } from '../domain/job-state.js';
import type { Json } from '../domain/json.js';
import { cleanJson } from '../domain/outcome.js';
import type { Priority } from '../domain/priority.js';
import { isDatabaseAway } from '../persistence/database-faults.js';
import type { IdempotencyKey, KeyVerdict } from '../persistence/idempotency-key.store.js';
import { SqlDatabase } from '../persistence/sql-database.js';
import { type StartInput, type StartedJob, startJobs } from '../persistence/transitions/start.js';
import { startAllJobs } from '../persistence/transitions/start-all.js';
import { Batcher } from './batcher.js';
import { Dispatcher } from './dispatcher.js';

export interface StartRequest {
  dagId: number;
  trigger: JobTrigger;
  /** The DAG's own when missing. */
  priority?: Priority;
  params?: Json;
  /** In the future: the job waits until then. */
  runAt?: Date;
  /** The tick this job stands for; each tick of a DAG gets one job. */
  tickAt?: Date;
  /** Another start with this key makes no second job. */
  key?: IdempotencyKey;
}

export type StartAnswer =
  | { kind: 'started'; runId: string; job: StartedJob }
  | { kind: 'no_such_dag' }
  | { kind: 'tick_taken' }
  | KeyVerdict;

/** Jobs that are to start together, or not at all. */
export interface StartAllRequest {
  /** In the order of the answer, which is that of their run_ids as well. */
  jobs: readonly Omit<StartRequest, 'key' | 'tickAt'>[];
  /** Another batch with this key makes nothing new. */
  key?: IdempotencyKey;
}

export type StartAllAnswer =
  | { kind: 'started'; jobs: StartedJob[] }
  /** Places in the list of jobs. */
  | { kind: 'no_such_dags'; places: number[] }
  | { kind: 'too_many_tasks'; tasks: number; limit: number }
  /** What a key has made: see `runIdsOf`. */
  | KeyVerdict;

/** Most jobs inserted by one statement. */
const MAX_BATCH = 100;
/**
 * Tasks at which a statement is closed, and the most of those that start together: it must end well within its timeout,
 * and so must all that wait for it.
 */
const MAX_BATCH_TASKS = 20_000;
/** What a job of a DAG that this process has not started yet is taken to have. */
const UNKNOWN_SIZE = 2_000;
/** DAGs whose size is remembered. */
const MAX_SIZES = 10_000;
/** A DAG that changes while we wait for its lock is not seen; that often in a row means that it is not there. */
const TRIES = 3;

/** The verb `start`: an accepted job is in the database, with all its tasks, before the answer. */
@Injectable()
export class StartJobs {
  private readonly batcher: Batcher<StartInput, StartAnswer>;
  /** A batch by itself, as it starts whole; one after the other, so that they leave connections to others. */
  private readonly wholes: Batcher<WholeInput, StartAllAnswer>;
  /** Tasks by DAG, as of its last start here; the next version may have more or fewer. */
  private readonly sizes = new Map<number, number>();

  constructor(
    private readonly database: SqlDatabase,
    private readonly dispatcher: Dispatcher,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.batcher = new Batcher({
      run: async (inputs) => await this.run(inputs),
      maxSize: MAX_BATCH,
      weight: { of: ({ dagId }) => this.sizes.get(dagId) ?? UNKNOWN_SIZE, max: MAX_BATCH_TASKS },
      isShared: isDatabaseAway,
    });
    this.wholes = new Batcher({
      run: async ([whole]) => [await this.runWhole(whole)],
      maxSize: 1,
      isShared: isDatabaseAway,
    });
  }

  async start(request: StartRequest): Promise<StartAnswer> {
    return await this.batcher.add(toInput(request, newRunId(), request.key));
  }

  /** As `start`, all of them with one statement or none. */
  async startAll({ jobs, key }: StartAllRequest): Promise<StartAllAnswer> {
    // In their order, so that what is asked for first is first everywhere.
    const runIds = jobs.map(newRunId).sort();
    const inputs = jobs.map((request, place) => toInput(request, runIds[place]));
    return await this.wholes.add({ inputs, key: key ?? null });
  }

  private async run(inputs: readonly StartInput[]): Promise<StartAnswer[]> {
    const answers = new Map<string, StartAnswer>();
    let open = inputs;
    for (let tries = 0; tries < TRIES && open.length > 0; tries += 1) {
      const { effects, jobs, verdicts, dagIds } = await startJobs(this.database, this.config.retries, open);
      this.dispatcher.dispatch(effects);
      for (const job of jobs) {
        answers.set(job.run_id, { kind: 'started', runId: job.run_id, job });
        this.remember(job);
      }
      for (const [runId, verdict] of verdicts) answers.set(runId, verdict);
      for (const { runId, dagId } of open) {
        if (!answers.has(runId) && dagIds.has(dagId)) answers.set(runId, { kind: 'tick_taken' });
      }
      open = open.filter((input) => !answers.has(input.runId));
    }
    return inputs.map((input) => answers.get(input.runId) ?? { kind: 'no_such_dag' });
  }

  private async runWhole({ inputs, key }: WholeInput): Promise<StartAllAnswer> {
    let places: number[] = [];
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { retries } = this.config;
      const started = await startAllJobs(this.database, retries, inputs, MAX_BATCH_TASKS, key);
      this.dispatcher.dispatch(started.effects);
      if (started.verdict !== null) return started.verdict;
      if (started.jobs.length > 0) return { kind: 'started', jobs: started.jobs.sort(byRunId) };
      places = inputs.flatMap(({ dagId }, place) => (started.dagIds.has(dagId) ? [] : [place]));
      if (places.length === 0)
        return { kind: 'too_many_tasks', tasks: started.tasks, limit: MAX_BATCH_TASKS };
    }
    return { kind: 'no_such_dags', places };
  }

  private remember({ dag_id: dagId, size }: StartedJob): void {
    if (this.sizes.size >= MAX_SIZES) this.sizes.clear();
    this.sizes.set(dagId, size);
  }
}

interface WholeInput {
  inputs: readonly StartInput[];
  key: IdempotencyKey | null;
}

function newRunId(): string {
  return uuidv7(Date.now(), randomUUID());
}

function toInput(request: StartRequest, runId: string, key?: IdempotencyKey): StartInput {
  return {
    runId,
    dagId: request.dagId,
    trigger: request.trigger,
    priority: request.priority ?? null,
    params: JSON.stringify(cleanJson(request.params ?? {})),
    scheduledFor: request.runAt ?? request.tickAt ?? null,
    tickAt: request.tickAt ?? null,
    key: key ?? null,
  };
}

function byRunId(one: StartedJob, other: StartedJob): number {
  return one.run_id < other.run_id ? -1 : 1;
}
