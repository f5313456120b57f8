import { Injectable, Logger } from '@nestjs/common';
import { type Cron, nextTick, parseCron } from '../domain/schedule.js';
import { StartJobs } from '../engine/start-jobs.js';
import { type DueDag, TickStore } from '../persistence/tick.store.js';

const PAGE = 200;

/**
 * Due ticks → jobs.
 *
 * First the job, then the cursor: a crash in between makes the next round start the same tick again, which the unique
 * key (DAG, tick) turns into nothing. Several schedulers at once do the same to each other. When more than one tick is
 * due (nobody was there), the latest gets a job and the earlier ones are passed over.
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
    const fired = await Promise.all(due.map(async (dag) => await this.fireDag(dag)));
    return fired.filter(Boolean).length;
  }

  /** One DAG's trouble must not keep the others from firing. */
  private async fireDag(dag: DueDag): Promise<boolean> {
    try {
      const parsed = parseCron(dag.cronExpression);
      if (!parsed.ok) throw new Error(parsed.message);
      const tick = latestTick(parsed.cron, dag);
      const answer = await this.startJobs.start({ dagId: dag.id, trigger: 'cron', tickAt: tick });
      // Deleted meanwhile, or in the middle of a change: the next round sees which.
      if (answer.kind === 'no_such_dag') return false;
      await this.store.advance(dag.id, dag.nextRunAt, nextTick(parsed.cron, dag.timezone, tick));
      return answer.kind === 'started';
    } catch (error) {
      this.logger.error(
        `DAG ${dag.id} could not fire: ${error instanceof Error ? error.message : String(error)}`,
      );
      return false;
    }
  }
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
