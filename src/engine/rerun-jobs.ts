import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { uuidv7 } from '../domain/ids.js';
import { OPEN_JOB_STATUSES } from '../domain/job-state.js';
import { isIdle, planRerun, type RerunFrom } from '../domain/rerun.js';
import type { TaskStatus } from '../domain/task-state.js';
import type { IdempotencyKey, KeyVerdict } from '../persistence/idempotency-key.store.js';
import { SqlDatabase } from '../persistence/sql-database.js';
import { findJobVersion, type LockedOriginal, rerunJob } from '../persistence/transitions/rerun.js';
import { DagVersions } from './dag-versions.js';
import { Dispatcher } from './dispatcher.js';

export type RerunAnswer =
  | { kind: 'started'; runId: string }
  /** Places in the list that was asked for. */
  | { kind: 'no_such_tasks'; places: number[] }
  | { kind: 'no_such_job' | 'not_ended' | 'dag_deleted' | 'nothing_to_run' }
  | KeyVerdict;

const OPEN: readonly string[] = OPEN_JOB_STATUSES;

/** The verb `rerun`: a new job that runs again what is asked for and reuses the outputs of the rest. */
@Injectable()
export class RerunJobs {
  constructor(
    private readonly database: SqlDatabase,
    private readonly dispatcher: Dispatcher,
    private readonly versions: DagVersions,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param key another rerun with it makes no second job */
  async rerun(
    originalRunId: string,
    from: 'start' | 'failed' | readonly string[],
    key?: IdempotencyKey,
  ): Promise<RerunAnswer> {
    const versionId = await findJobVersion(this.database, originalRunId);
    if (versionId === null) return { kind: 'no_such_job' };
    // Before the transaction, which must not wait for a second connection.
    const { graph } = await this.versions.get(versionId);
    const places = typeof from === 'string' ? [] : placesWithout(from, graph.indexByName);
    if (places.length > 0) return { kind: 'no_such_tasks', places };
    const wanted: RerunFrom =
      typeof from === 'string' ? from : from.map((name) => graph.indexByName.get(name)!);

    const runId = uuidv7(Date.now(), randomUUID());
    let answer: RerunAnswer = { kind: 'no_such_job' };
    const decide = (original: LockedOriginal, states: readonly { status: string }[]) => {
      const plan = planRerun(
        graph,
        states.map((state) => state.status as TaskStatus),
        wanted,
      );
      answer = judge(original, isIdle(plan)) ?? { kind: 'started', runId };
      return answer.kind === 'started' ? plan : null;
    };
    const done = await rerunJob(this.database, this.config.retries, originalRunId, runId, decide, key);
    if (done === null) return answer;
    if (!Array.isArray(done)) return done;
    this.dispatcher.dispatch(done);
    return answer;
  }
}

/** Why there is no rerun; null when there is one. */
function judge(original: LockedOriginal, nothingToRun: boolean): RerunAnswer | null {
  if (OPEN.includes(original.status)) return { kind: 'not_ended' };
  if (original.is_dag_deleted) return { kind: 'dag_deleted' };
  return nothingToRun ? { kind: 'nothing_to_run' } : null;
}

function placesWithout(names: readonly string[], known: ReadonlyMap<string, number>): number[] {
  return names.flatMap((name, place) => (known.has(name) ? [] : [place]));
}
