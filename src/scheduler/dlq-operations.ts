import { Injectable, Logger } from '@nestjs/common';
import type { ErrorCode } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import { type CloseAnswer, ReplayTasks } from '../engine/replay-tasks.js';
import { isDatabaseAway } from '../persistence/database-faults.js';
import { closerOf, type DlqBatch, DlqBatchStore } from '../persistence/dlq-batch.store.js';

/** Entries of one batch that are worked on at once; each takes a connection for a moment. */
const AT_ONCE = 4;
/** No further batch begins in a round after this; the next round goes on. */
const ROUND_MS = 1_000;

/** Why an entry was left alone, in the words a single replay or resolve of it would be refused with. */
const CODES: Record<Exclude<CloseAnswer, 'done'>, ErrorCode> = {
  no_such_entry: 'dlq_entry_not_found',
  not_pending: 'dlq_entry_not_pending',
  job_cancelled: 'job_already_ended',
  dag_deleted: 'dag_deleted',
};

/**
 * Bulk operations on the DLQ, worked off in paced batches; the pace and the progress are kept in the operation's row.
 *
 * Each entry goes through the engine's own verb, which acts on it once whoever else tries. A crash in the middle of a
 * batch makes the next holder of it go through all of it again: what was closed is found closed, by this operation, and
 * counted as done.
 */
@Injectable()
export class DlqOperations {
  private readonly logger = new Logger('DlqOperations');

  constructor(
    private readonly store: DlqBatchStore,
    private readonly replayTasks: ReplayTasks,
  ) {}

  /** Works off what is due. @returns how many entries were in hand */
  async work(): Promise<number> {
    const endAt = performance.now() + ROUND_MS;
    let entries = 0;
    do {
      const batch = await this.store.claim();
      if (batch === null) return entries;
      await this.store.record(batch, await this.closeAll(batch));
      entries += batch.entryIds.length;
    } while (performance.now() < endAt);
    return entries;
  }

  private async closeAll(batch: DlqBatch): Promise<(ErrorCode | null)[]> {
    const codes: (ErrorCode | null)[] = batch.entryIds.map(() => null);
    if (!batch.isWanted) return codes;
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < batch.entryIds.length) {
        const place = next;
        next += 1;
        codes[place] = await this.close(batch, batch.entryIds[place]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    return codes;
  }

  /** @throws when the database is away: the batch is taken up again when it is back */
  private async close(batch: DlqBatch, entryId: number): Promise<ErrorCode | null> {
    try {
      const answer = await this.act(batch, entryId);
      return answer === 'done' ? null : CODES[answer];
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error(`Entry ${entryId} could not be closed by ${closerOf(batch.operationId)}: ${reason}`);
      return 'internal';
    }
  }

  private async act(batch: DlqBatch, entryId: number): Promise<CloseAnswer> {
    const by = closerOf(batch.operationId);
    if (batch.kind === 'replay') return await this.replayTasks.replay(entryId, by);
    const output = batch.output === null ? undefined : (JSON.parse(batch.output) as Json);
    return await this.replayTasks.resolve(entryId, by, batch.note, output);
  }
}
