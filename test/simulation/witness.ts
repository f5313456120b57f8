import { parseAttemptId } from '../../src/domain/attempt-id.js';
import type { Outcome } from '../../src/domain/outcome.js';
import type { Claim } from '../../src/engine/claim-tasks.js';
import type { FinishAnswer } from '../../src/engine/finish-tasks.js';
import type { StartAnswer } from '../../src/engine/start-jobs.js';
import type { Tables } from './tables.js';

/** Something happened that must never happen. */
export class Violation extends Error {}

/** What happened outside of the database: who ran what, and what people were told. */
export class Witness {
  /** Attempts that were begun, by id; each once. */
  readonly begun = new Map<string, Claim>();
  /** Results that were accepted, by attempt id. */
  readonly accepted = new Map<string, { claim: Claim; outcome: Outcome }>();
  /** Results that came too late. */
  stale = 0;
  /** Jobs people were told have started. */
  readonly promised = new Set<string>();
  /** By idempotency key, the jobs people were told of. */
  readonly byKey = new Map<number, Set<string>>();
  /** Where the cursor of a DAG's ticks was moved to. */
  readonly cursors: { dagId: number; to: number }[] = [];
  /** Attempts that were put into the queue before it was committed that they are ready. */
  readonly early: string[] = [];

  executed(claim: Claim, { tasks, versions }: Tables): void {
    if (this.begun.has(claim.attemptId)) throw new Violation(`${claim.attemptId} is begun a second time`);
    this.begun.set(claim.attemptId, claim);
    const spec = versions.get(claim.dagVersionId)!.tasks;
    for (const parent of spec[claim.idx].dependencies) {
      const idx = spec.findIndex((task) => task.name === parent);
      const { status } = tasks.get(claim.runId, idx)!;
      if (status !== 'succeeded')
        throw new Violation(`${claim.attemptId} is begun while its parent ${idx} is ${status}`);
    }
  }

  /** A process puts these into the queue: what it has not heard to be committed may never be. */
  enqueued(attemptIds: readonly string[], { tasks }: Tables): void {
    for (const attemptId of attemptIds) {
      const { runId, idx, attempt } = parseAttemptId(attemptId)!;
      if ((tasks.get(runId, idx)?.attempt ?? 0) < attempt) this.early.push(attemptId);
    }
  }

  reported(claim: Claim, outcome: Outcome, answer: FinishAnswer): void {
    if (answer === 'stale') {
      this.stale += 1;
      return;
    }
    if (this.accepted.has(claim.attemptId))
      throw new Violation(`A second result of ${claim.attemptId} is accepted`);
    this.accepted.set(claim.attemptId, { claim, outcome });
  }

  answered(answer: StartAnswer, key: number | null): void {
    const runId =
      answer.kind === 'started' ? answer.runId : answer.kind === 'replayed' ? answer.resource : null;
    if (runId === null) return;
    this.promised.add(runId);
    if (key !== null) this.byKey.set(key, (this.byKey.get(key) ?? new Set()).add(runId));
  }
}
