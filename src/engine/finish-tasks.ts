import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { formatAttemptId } from '../domain/attempt-id.js';
import { descendantsOf } from '../domain/graph.js';
import { type Outcome, type TaskError, acceptOutput, cleanError } from '../domain/outcome.js';
import { afterFailure } from '../domain/retry.js';
import { isDatabaseAway } from '../persistence/database-faults.js';
import { SqlDatabase } from '../persistence/sql-database.js';
import { type BuryInput, buryTasks } from '../persistence/transitions/bury.js';
import type { Effect } from '../persistence/transitions/fragments.js';
import { type RetryInput, retryTasks } from '../persistence/transitions/retry.js';
import { type SucceedInput, succeedTasks } from '../persistence/transitions/succeed.js';
import { Batcher } from './batcher.js';
import type { Claim } from './claim-tasks.js';
import { DagVersions } from './dag-versions.js';
import { Dispatcher } from './dispatcher.js';

/** `stale`: the lease was not ours any more; nothing was changed. */
export type FinishAnswer = 'accepted' | 'stale';

type Fenced<Input> = Input & { attempt: number };

const MAX_BATCH = 250;

/** The verb `finish`: succeed, fail → retry, fail → bury; each fenced by the lease and batched on its own. */
@Injectable()
export class FinishTasks {
  private readonly succeeding: Batcher<Fenced<SucceedInput>, FinishAnswer>;
  private readonly retrying: Batcher<Fenced<RetryInput>, FinishAnswer>;
  private readonly burying: Batcher<Fenced<BuryInput>, FinishAnswer>;

  constructor(
    private readonly database: SqlDatabase,
    private readonly dispatcher: Dispatcher,
    private readonly versions: DagVersions,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.succeeding = this.batcher(async (inputs) => await succeedTasks(this.database, inputs));
    this.retrying = this.batcher(async (inputs) => await retryTasks(this.database, inputs));
    this.burying = this.batcher(async (inputs) => await buryTasks(this.database, this.config.dlq.enabled, inputs));
  }

  /** Says how a claimed attempt ended. Safe to repeat: a second time is stale. */
  async finish(claim: Claim, outcome: Outcome): Promise<FinishAnswer> {
    const accepted = outcome.kind === 'succeeded' ? acceptOutput(outcome.output) : outcome;
    if (accepted.kind === 'failed') return await this.fail(claim, accepted.error, accepted.retryAfterMs);
    const { graph } = await this.versions.get(claim.dagVersionId);
    return await this.succeeding.add({
      ...fence(claim),
      output: JSON.stringify(accepted.output),
      children: graph.children[claim.idx],
    });
  }

  /** Ends a task for good, whatever retries it has left. */
  async bury(
    claim: Pick<Claim, 'runId' | 'idx' | 'attempt' | 'lease' | 'dagVersionId'>,
    error: TaskError,
    outcome: BuryInput['outcome'],
  ): Promise<FinishAnswer> {
    const { graph } = await this.versions.get(claim.dagVersionId);
    return await this.burying.add({
      ...fence(claim),
      error: JSON.stringify(cleanError(error)),
      outcome,
      descendants: descendantsOf(graph, [claim.idx]),
    });
  }

  private async fail(claim: Claim, error: TaskError, retryAfterMs?: number): Promise<FinishAnswer> {
    const next = afterFailure({
      charged: claim.charged + 1,
      maxRetries: claim.maxRetries,
      retryable: error.retryable,
      baseSeconds: claim.retryBaseSeconds,
      maxSeconds: claim.retryMaxSeconds,
      random: Math.random,
      retryAfterMs,
    });
    if (next.kind === 'bury') return await this.bury(claim, error, 'failed');
    return await this.retrying.add({
      ...fence(claim),
      error: JSON.stringify(cleanError(error)),
      delayMs: next.delayMs,
    });
  }

  private batcher<Input extends { runId: string; idx: number; lease: string }>(
    write: (inputs: readonly Fenced<Input>[]) => Promise<Effect[]>,
  ): Batcher<Fenced<Input>, FinishAnswer> {
    return new Batcher({
      run: async (inputs) => {
        // One row, one input: the second report under the same lease is stale by definition.
        const first = new Map(inputs.map((input) => [input.lease, input] as const).reverse());
        const effects = await write([...first.values()]);
        this.dispatcher.dispatch(effects);
        const done = new Set(effects.filter((effect) => effect.what === 'done').map(attemptIdOf));
        return inputs.map((input) => (first.get(input.lease) === input && done.has(attemptIdOf(input)) ? 'accepted' : 'stale'));
      },
      maxSize: MAX_BATCH,
      isShared: isDatabaseAway,
    });
  }
}

function fence(claim: Pick<Claim, 'runId' | 'idx' | 'attempt' | 'lease'>): {
  runId: string;
  idx: number;
  attempt: number;
  lease: string;
} {
  return { runId: claim.runId, idx: claim.idx, attempt: claim.attempt, lease: claim.lease };
}

function attemptIdOf(row: { runId: string; idx: number; attempt: number } | Effect): string {
  if ('what' in row) return formatAttemptId({ runId: row.run_id, idx: row.idx!, attempt: row.attempt! });
  return formatAttemptId(row);
}
