import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { firstUuidOf } from '../domain/ids.js';
import { DAY_MS, dayOf, spanBehind, spanDays, spansAhead } from '../domain/partitions.js';
import { Upkeep } from '../engine/upkeep.js';
import {
  HISTORY_TABLES,
  type HistoryPartitions,
  type HistoryTable,
} from '../persistence/history-partitions.js';
import { HistoryPartitionsStore } from '../persistence/history-partitions.store.js';

/** Of one table in one round. */
const MAX_SHED = 10;
/** Between the last job that might be retired and the next look at the first: what stays is looked at each time. */
const REST_MS = 60_000;

/**
 * The length of history: partitions for what is to come, and the end of what is older than the retention.
 *
 * Jobs are retired row by row; what they leave in the tables that only grow goes by the partition, once that is past the
 * retention and no job of it is to be retired any more. What a lock keeps from being done is left to the next round, as is
 * what a crash cuts off.
 */
@Injectable()
export class History {
  private readonly logger = new Logger('History');
  private readonly days: number;
  private restUntil = 0;

  constructor(
    private readonly store: HistoryPartitionsStore,
    private readonly upkeep: Upkeep,
    @Inject(CONFIG) { retention }: Config,
  ) {
    this.days = retention.days;
  }

  /** @returns how many jobs were deleted */
  async retire(alive: () => void): Promise<number> {
    if (this.days === 0 || performance.now() < this.restUntil) return 0;
    const { retired, isAll } = await this.upkeep.retire(this.days, alive);
    if (isAll) this.restUntil = performance.now() + REST_MS;
    return retired;
  }

  /** @returns false when another scheduler is at it */
  async partition(alive: () => void): Promise<boolean> {
    return await this.store.alone(async (partitions) => {
      const nowMs = await partitions.nowMs();
      for (const table of HISTORY_TABLES) {
        await this.make(partitions, table, nowMs, alive);
        await summariseRested(partitions, table, nowMs, alive);
        if (this.days > 0) await this.shed(partitions, table, nowMs, alive);
        if (this.days > 0) await partitions.clearDefault(table, this.days);
        alive();
      }
    });
  }

  /**
   * What is to be there ahead. Of a span of which the default partition has rows, only what lies behind those is made: so
   * a clock that is far ahead keeps no partition from being made, and rows need not be moved.
   */
  private async make(
    partitions: HistoryPartitions,
    table: HistoryTable,
    nowMs: number,
    alive: () => void,
  ): Promise<void> {
    const newestEnd = (await partitions.list(table)).at(-1)?.to ?? null;
    for (const span of spansAhead(newestEnd, nowMs, spanDays(this.days))) {
      const newest = await partitions.newestInDefault(table, span);
      const free = newest === null ? span : spanBehind(newest, span);
      if (free === null) continue;
      if (!(await partitions.make(table, free))) return;
      this.logger.log(`${table} has a partition from ${dayOf(free.from)} to before ${dayOf(free.to)}.`);
      alive();
    }
  }

  /** What is past the retention, each with what was left of those before it. */
  private async shed(
    partitions: HistoryPartitions,
    table: HistoryTable,
    nowMs: number,
    alive: () => void,
  ): Promise<void> {
    const end = firstUuidOf(nowMs - this.days * DAY_MS);
    const tried = new Set<string>();
    while (tried.size < MAX_SHED) {
      const all = await partitions.list(table);
      const place = all.findIndex(({ name, to, isRest }) => to <= end && !isRest && !tried.has(name));
      if (place === -1) return;
      const partition = all[place];
      tried.add(partition.name);
      const before = all[place - 1];
      const isBehindRest = before?.isRest && before.to === partition.from;
      let shedding = await partitions.shed(
        table,
        isBehindRest ? [before, partition] : [partition],
        this.days,
      );
      if (shedding === 'needed' && isBehindRest)
        shedding = await partitions.shed(table, [partition], this.days);
      if (shedding === 'locked') return;
      if (shedding === 'shed') this.logger.log(`${partition.name} is past the retention and gone.`);
      alive();
    }
  }
}

/** Of what no run_id reaches any more. */
async function summariseRested(
  partitions: HistoryPartitions,
  table: HistoryTable,
  nowMs: number,
  alive: () => void,
): Promise<void> {
  const today = firstUuidOf(nowMs);
  const rested = (await partitions.list(table)).filter(({ to }) => to <= today);
  for (const partition of rested) {
    await partitions.summarise(partition);
    alive();
  }
}
