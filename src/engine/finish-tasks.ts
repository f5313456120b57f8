import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { formatAttemptId } from '../domain/attempt-id.js';
import { descendantsOf } from '../domain/graph.js';
import type { Json } from '../domain/json.js';
import { type Outcome, type TaskError, acceptOutput, cleanError } from '../domain/outcome.js';
import { afterFailure } from '../domain/retry.js';
import { isDatabaseAway } from '../persistence/database-faults.js';
import { SqlDatabase } from '../persistence/sql-database.js';
import { type BuryInput, buryTasks } from '../persistence/transitions/bury.js';
import type { Effect } from '../persistence/transitions/fragments.js';
import { type RetryInput, retryTasks } from '../persistence/transitions/retry.js';
import { succeedTasks } from '../persistence/transitions/succeed.js';
import type { KeptTask, SucceedInput } from '../persistence/transitions/success.js';
import { Batcher } from './batcher.js';
import { type Claim, toClaim } from './claim-tasks.js';
import { DagVersions } from './dag-versions.js';
import { Dispatcher } from './dispatcher.js';
import { EndedTally } from './ended-tally.js';

/** `stale`: the lease was not ours any more; nothing was changed. */
export type FinishAnswer = 'accepted' | 'stale';

/** The answer to a finisher that keeps its slot, with what it runs next. */
export interface KeepAnswer {
  answer: FinishAnswer;
  next: Claim | null;
}

/** The only child of a task: one that waits for nothing else, one that has other parents as well, or none. */
export type Successor = 'own' | 'shared' | 'none';

type Fenced<Input> = Input & { attempt: number };

const MAX_BATCH = 250;
/** Of outputs: a statement must end well within its timeout even where every task returns the largest output. */
const MAX_BATCH_CHARACTERS = 8 * 1_048_576;
/**
 * What one task below a finished one costs a statement, in characters of output: about 100,000 of them close a batch. Many
 * that fail above the same thousands would otherwise carry them hundreds of times.
 */
const CHARACTERS_PER_TASK_BELOW = 80;

/** The verb `finish`: succeed, fail → retry, fail → bury; each fenced by the lease and batched on its own. */
@Injectable()
export class FinishTasks {
  private readonly succeeding: Batcher<Fenced<SucceedInput>, KeepAnswer>;
  private readonly retrying: Batcher<Fenced<RetryInput>, FinishAnswer>;
  private readonly burying: Batcher<Fenced<BuryInput>, FinishAnswer>;

  constructor(
    private readonly database: SqlDatabase,
    private readonly dispatcher: Dispatcher,
    private readonly versions: DagVersions,
    private readonly tally: EndedTally,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.succeeding = batcher(
      async (inputs) => await this.succeedBatch(inputs),
      (input) => input.output.length + input.children.length * CHARACTERS_PER_TASK_BELOW,
    );
    this.retrying = this.plainBatcher(async (inputs) => await retryTasks(this.database, inputs));
    this.burying = this.plainBatcher(
      async (inputs) => await buryTasks(this.database, this.config.dlq.enabled, inputs),
      (input) => input.descendants.length * CHARACTERS_PER_TASK_BELOW,
    );
  }

  /** Says how a claimed attempt ended. Safe to repeat: a second time is stale. */
  async finish(claim: Claim, outcome: Outcome): Promise<FinishAnswer> {
    return (await this.finishAndKeep(claim, outcome, null)).answer;
  }

  /** What a success would bring its slot; see `Successor`. */
  async successorOf(claim: Claim): Promise<Successor> {
    const { graph } = await this.versions.get(claim.dagVersionId);
    const children = graph.children[claim.idx];
    if (children.length !== 1) return 'none';
    return graph.parents[children[0]].length === 1 ? 'own' : 'shared';
  }

  /**
   * As `finish`; and when the task's only child becomes ready by it, the child is claimed for `keeper` in the same
   * transaction, so that the slot goes on without a way through the queue.
   *
   * @param keeper the worker that runs the child at once; null: the child is queued like any other
   */
  async finishAndKeep(claim: Claim, outcome: Outcome, keeper: string | null): Promise<KeepAnswer> {
    const accepted = outcome.kind === 'succeeded' ? acceptOutput(outcome.output) : outcome;
    const kept =
      accepted.kind === 'succeeded'
        ? await this.succeed(claim, accepted.output, keeper)
        : { answer: await this.fail(claim, accepted.error, accepted.retryAfterMs), next: null };
    if (kept.answer === 'accepted') this.tally.count(accepted.kind);
    return kept;
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

  private async succeed(claim: Claim, output: Json, keeper: string | null): Promise<KeepAnswer> {
    const { graph } = await this.versions.get(claim.dagVersionId);
    return await this.succeeding.add({
      runId: claim.runId,
      idx: claim.idx,
      attempt: claim.attempt,
      lease: claim.lease,
      output: JSON.stringify(output),
      children: graph.children[claim.idx],
      keeper,
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

  private async succeedBatch(inputs: readonly Fenced<SucceedInput>[]): Promise<KeepAnswer[]> {
    let kept: KeptTask[] = [];
    const answers = await this.answer(inputs, async (first) => {
      const written = await succeedTasks(this.database, first);
      kept = written.kept;
      return written.effects;
    });
    const next = new Map(kept.map((task) => [`${task.run_id}.${task.parent}`, toClaim(task, task.keeper)]));
    return inputs.map((input, index) => {
      const answer = answers[index];
      return {
        answer,
        next: answer === 'accepted' ? (next.get(`${input.runId}.${input.idx}`) ?? null) : null,
      };
    });
  }

  private plainBatcher<Input extends { runId: string; idx: number; lease: string }>(
    write: (inputs: readonly Fenced<Input>[]) => Promise<Effect[]>,
    characters?: (input: Fenced<Input>) => number,
  ): Batcher<Fenced<Input>, FinishAnswer> {
    return batcher(async (inputs) => await this.answer(inputs, write), characters);
  }

  /** Writes a batch, acts on what it changed, and tells each input whether it was the one that did it. */
  private async answer<Input extends { runId: string; idx: number; lease: string }>(
    inputs: readonly Fenced<Input>[],
    write: (first: readonly Fenced<Input>[]) => Promise<Effect[]>,
  ): Promise<FinishAnswer[]> {
    // One row, one input: the second report under the same lease is stale by definition.
    const first = new Map(inputs.map((input) => [input.lease, input] as const).reverse());
    const effects = await write([...first.values()]);
    this.dispatcher.dispatch(effects);
    const done = new Set(effects.filter((effect) => effect.what === 'done').map(attemptIdOf));
    return inputs.map((input) =>
      first.get(input.lease) === input && done.has(attemptIdOf(input)) ? 'accepted' : 'stale',
    );
  }
}

function batcher<Input, Answer>(
  run: (inputs: readonly Input[]) => Promise<Answer[]>,
  characters: (input: Input) => number = () => 0,
): Batcher<Input, Answer> {
  const weight = { of: characters, max: MAX_BATCH_CHARACTERS };
  return new Batcher({ run, maxSize: MAX_BATCH, weight, isShared: isDatabaseAway });
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
