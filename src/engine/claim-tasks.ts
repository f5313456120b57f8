import { Injectable } from '@nestjs/common';
import { type AttemptRef, formatAttemptId } from '../domain/attempt-id.js';
import type { Priority } from '../domain/priority.js';
import { isDatabaseAway } from '../persistence/database-faults.js';
import { SqlDatabase } from '../persistence/sql-database.js';
import { type ClaimedTask, claimTasks } from '../persistence/transitions/claim.js';
import { Batcher } from './batcher.js';
import { Dispatcher } from './dispatcher.js';

/** The right to run one attempt and to say how it ended. */
export interface Claim extends AttemptRef {
  attemptId: string;
  lease: string;
  /** The worker whose lease stands for this one. */
  workerId: string;
  dagVersionId: number;
  /** The class of its job. */
  priority: Priority;
  /** Failures charged to the task before this attempt. */
  charged: number;
  /** Workers lost in a row by the task. */
  lostWorkers: number;
  maxRetries: number;
  retryBaseSeconds: number;
  retryMaxSeconds: number;
}

interface ClaimRequest extends AttemptRef {
  workerId: string;
}

const MAX_BATCH = 250;

/** The verb `claim`: queued → running under a fresh lease, or no. */
@Injectable()
export class ClaimTasks {
  private readonly batcher: Batcher<ClaimRequest, Claim | null>;

  constructor(
    private readonly database: SqlDatabase,
    private readonly dispatcher: Dispatcher,
  ) {
    this.batcher = new Batcher({
      run: async (requests) => await this.run(requests),
      maxSize: MAX_BATCH,
      isShared: isDatabaseAway,
    });
  }

  /** @returns null when there is nothing to run: done, cancelled, taken by somebody else, or never there */
  async claim(attempt: AttemptRef, workerId: string): Promise<Claim | null> {
    const { runId, idx, attempt: number } = attempt;
    return await this.batcher.add({ runId, idx, attempt: number, workerId });
  }

  private async run(requests: readonly ClaimRequest[]): Promise<(Claim | null)[]> {
    const claims = new Map<string, Claim>();
    for (const workerId of new Set(requests.map((request) => request.workerId))) {
      const own = requests.filter((request) => request.workerId === workerId);
      const { claimed, effects } = await claimTasks(this.database, workerId, own);
      this.dispatcher.dispatch(effects);
      for (const claim of claimed.map((row) => toClaim(row, workerId))) claims.set(claim.attemptId, claim);
    }
    // Each claim is given out once: a doubled message in one batch gets no.
    return requests.map((request) => {
      const id = formatAttemptId(request);
      const claim = claims.get(id) ?? null;
      claims.delete(id);
      return claim;
    });
  }
}

/** A row that a claim, or a success that kept its child, gave back. */
export function toClaim(row: ClaimedTask, workerId: string): Claim {
  const { run_id: runId, idx, attempt } = row;
  return {
    runId,
    idx,
    attempt,
    attemptId: formatAttemptId({ runId, idx, attempt }),
    lease: row.lease,
    workerId,
    dagVersionId: row.dag_version_id,
    priority: row.priority,
    charged: row.charged,
    lostWorkers: row.lost_workers,
    maxRetries: row.max_retries,
    retryBaseSeconds: row.retry_base_seconds,
    retryMaxSeconds: row.retry_max_seconds,
  };
}
