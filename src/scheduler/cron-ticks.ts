import { Injectable, Logger } from '@nestjs/common';
import { type Cron, nextTick, parseCron } from '../domain/schedule.js';
import { StartJobs } from '../engine/start-jobs.js';
import { type DueDag, TickStore } from '../persistence/tick.store.js';

const PAGE = 200;
/** A tick less late than this was not missed: a scheduler that was busy, or just restarted, still gives it its job. */
const ON_TIME_MS = 10_000;

/**
 * Due ticks → jobs.
 *
 * First the jobs, then the cursor: a crash in between makes the next round start the same ticks again, which the unique
 * key (DAG, tick) turns into nothing. Several schedulers at once do the same to each other. Each tick that is late by
 * less than `ON_TIME_MS` gets its job, oldest first. Of those that were missed (nobody was there) the latest gets one
 * when no later tick does, and the others are passed over.
 */
@Injectable()
export class CronTicks {
  private readonly logger = new Logger('Cron');

  constructor(
    private readonly store: TickStore,
    private readonly startJobs: StartJobs,
  ) {}

  /** @returns how many jobs were started */
  async fire(): Promise<number> {
    const due = await this.store.findDue(PAGE);
    const started = await Promise.all(due.map(async (dag) => await this.fireDag(dag)));
    return started.reduce((sum, count) => sum + count, 0);
  }

  /** One DAG's trouble must not keep the others from firing. */
  private async fireDag(dag: DueDag): Promise<number> {
    let started = 0;
    try {
      const parsed = parseCron(dag.cronExpression);
      if (!parsed.ok) throw new Error(parsed.message);
      const ticks = ticksToFire(parsed.cron, dag);
      for (const tick of ticks) {
        const answer = await this.startJobs.start({ dagId: dag.id, trigger: 'cron', tickAt: tick });
        // Deleted meanwhile, or in the middle of a change: the next round sees which.
        if (answer.kind === 'no_such_dag') return started;
        if (answer.kind === 'started') started += 1;
      }
      await this.store.advance(dag.id, dag.nextRunAt, nextTick(parsed.cron, dag.timezone, ticks.at(-1)!));
    } catch (error) {
      this.logger.error(
        `DAG ${dag.id} could not fire: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    return started;
  }
}

/** Oldest first: the due ticks that are on time, which are few, or else the last that was missed. */
function ticksToFire(cron: Cron, dag: DueDag): Date[] {
  const { timezone, nextRunAt, now } = dag;
  const onTimeAfter = new Date(now.getTime() - ON_TIME_MS);
  const ticks: Date[] = [];
  let tick = nextRunAt > onTimeAfter ? nextRunAt : nextTick(cron, timezone, onTimeAfter);
  for (; tick !== null && tick <= now; tick = nextTick(cron, timezone, tick)) ticks.push(tick);
  return ticks.length > 0 ? ticks : [latestTick(cron, dag)];
}

/** The last tick that is due. By halving, since a DAG may have missed millions of them. */
function latestTick(cron: Cron, { timezone, nextRunAt, now }: DueDag): Date {
  let latest = nextRunAt;
  // No tick lies behind `end`, up to now; ticks are on whole seconds.
  for (let end = now.getTime(); end - latest.getTime() >= 1_000;) {
    const middle = Math.floor((latest.getTime() + end) / 2);
    const tick = nextTick(cron, timezone, new Date(middle));
    if (tick !== null && tick <= now) latest = tick;
    else end = middle;
  }
  return latest;
}
