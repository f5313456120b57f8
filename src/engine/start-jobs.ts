import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { UUID_RANDOM_BYTES, uuidv7 } from '../domain/ids.js';
import type { JobTrigger } from '../domain/job-state.js';
import type { Json } from '../domain/json.js';
import { cleanJson } from '../domain/outcome.js';
import type { Priority } from '../domain/priority.js';
import { isDatabaseAway } from '../persistence/database-faults.js';
import type { IdempotencyKey, KeyVerdict } from '../persistence/idempotency-key.store.js';
import { SqlDatabase } from '../persistence/sql-database.js';
import { type StartInput, type StartedJob, startJobs } from '../persistence/transitions/start.js';
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

/** Most jobs inserted by one statement. */
const MAX_BATCH = 100;
/** Tasks at which a statement is closed: it must end well within its timeout, and so must all that wait for it. */
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
  }

  async start(request: StartRequest): Promise<StartAnswer> {
    return await this.batcher.add({
      runId: uuidv7(Date.now(), randomBytes(UUID_RANDOM_BYTES)),
      dagId: request.dagId,
      trigger: request.trigger,
      priority: request.priority ?? null,
      params: JSON.stringify(cleanJson(request.params ?? {})),
      scheduledFor: request.runAt ?? request.tickAt ?? null,
      tickAt: request.tickAt ?? null,
      key: request.key ?? null,
    });
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

  private remember({ dag_id: dagId, size }: StartedJob): void {
    if (this.sizes.size >= MAX_SIZES) this.sizes.clear();
    this.sizes.set(dagId, size);
  }
}
