import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { HistoryPartitions } from './history-partitions.js';
import { queryRows } from './rows.js';

/** Any number works as long as every process uses the same one. */
const PARTITION_LOCK = 726_354_002;

/** The way to the partitions of the history. */
@Injectable()
export class HistoryPartitionsStore {
  constructor(private readonly source: DataSource) {}

  /**
   * Lets one process at a time change partitions: a session advisory lock, which a connection that breaks lets go of.
   * What was half done then is finished, or done again, by whoever comes next.
   *
   * @returns false when another one is at it
   */
  async alone(work: (partitions: HistoryPartitions) => Promise<void>): Promise<boolean> {
    const runner = this.source.createQueryRunner();
    try {
      const [{ is_ours: isOurs }] = await queryRows<{ is_ours: boolean }>(
        runner.manager,
        'SELECT pg_try_advisory_lock($1) AS is_ours',
        [PARTITION_LOCK],
      );
      if (!isOurs) return false;
      try {
        await work(new HistoryPartitions(runner));
      } finally {
        await runner.query('SELECT pg_advisory_unlock($1)', [PARTITION_LOCK]).catch(() => undefined);
      }
      return true;
    } finally {
      await runner.release();
    }
  }
}
