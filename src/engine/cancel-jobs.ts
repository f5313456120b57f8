import { Injectable } from '@nestjs/common';
import { DispatchStore } from '../persistence/dispatch.store.js';
import { SqlDatabase } from '../persistence/sql-database.js';
import { cancelJobs } from '../persistence/transitions/cancel.js';
import { Dispatcher } from './dispatcher.js';

export type CancelAnswer = 'cancelled' | 'already_cancelled' | 'already_ended' | 'no_such_job';

const PAGE = 100;

/** The verb `cancel`: everything open in a job ends at once; workers are told to stop what runs. */
@Injectable()
export class CancelJobs {
  constructor(
    private readonly database: SqlDatabase,
    private readonly dispatcher: Dispatcher,
    private readonly store: DispatchStore,
  ) {}

  async cancel(runId: string): Promise<CancelAnswer> {
    const { effects, before } = await cancelJobs(this.database, [runId]);
    this.dispatcher.dispatch(effects);
    switch (before.get(runId.toLowerCase())) {
      case undefined:
        return 'no_such_job';
      case 'cancelled':
        return 'already_cancelled';
      case 'succeeded':
      case 'failed':
        return 'already_ended';
      default:
        return 'cancelled';
    }
  }

  /**
   * Cancels every open job of a DAG, page by page, each looked at once: what cannot be cancelled must not be found again and
   * again. The DAG is deleted by now, so none is added meanwhile. @returns how many
   */
  async cancelOfDag(dagId: number): Promise<number> {
    let cancelled = 0;
    for (let after: string | null = null; ;) {
      const runIds = await this.store.findOpenJobsOfDag(dagId, after, PAGE);
      const last = runIds.at(-1);
      if (last === undefined) return cancelled;
      const { effects } = await cancelJobs(this.database, runIds);
      this.dispatcher.dispatch(effects);
      cancelled += runIds.length;
      after = last;
    }
  }
}
