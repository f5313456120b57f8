import { type Cron, nextTick, parseCron } from '../../../src/domain/schedule.js';
import { type Rule, groupBy } from './case-file.js';
import type { DagRow, Finding, JobRow } from './history.js';

/** A tick less late than this is never passed over (see scheduler/cron-ticks.ts). */
const ON_TIME_US = 10_000_000;

/** What became of the ticks of one DAG between the first and the last that have a job. */
export interface Ticks {
  fired: number;
  /** Late by more than `ON_TIME_US`, as nobody was there, and followed by a later one. */
  passedOver: number[];
  /** Not fired, though somebody was there in time. */
  missing: number[];
  /** With more than one job. */
  doubled: number[];
}

/** I4: one job for each tick, and none left out that a scheduler was there for. */
export const oneJobPerTick: Rule = (history) => {
  const jobs = cronJobs(history.jobs);
  return history.dags.flatMap((dag): Finding[] => {
    const ticks = ticksOf(dag, jobs.get(dag.id) ?? []);
    const told = (what: string, list: readonly number[]): Finding[] =>
      list.map((tick) => ({
        invariant: 'I4',
        runId: null,
        what: `DAG ${dag.id}: the tick ${iso(tick)} ${what}`,
      }));
    return [...told('has no job', ticks.missing), ...told('has several jobs', ticks.doubled)];
  });
};

export function cronJobs(jobs: readonly JobRow[]): Map<number, JobRow[]> {
  return groupBy(
    jobs.filter((job) => job.trigger === 'cron' && job.tickAt !== null),
    (job) => job.dagId,
  );
}

export function ticksOf(dag: DagRow, jobs: readonly JobRow[]): Ticks {
  const ticks: Ticks = { fired: 0, passedOver: [], missing: [], doubled: [] };
  const parsed = dag.cronExpression === null ? null : parseCron(dag.cronExpression);
  if (parsed === null || !parsed.ok || jobs.length === 0) return ticks;
  const byTick = groupBy(jobs, (job) => job.tickAt!);
  const fired = [...byTick.keys()].sort((one, other) => one - other);
  ticks.fired = fired.length;
  ticks.doubled = fired.filter((tick) => byTick.get(tick)!.length > 1);
  for (let place = 1; place < fired.length; place += 1) {
    // A round gives jobs to the oldest first: who fired a later one would have fired this one, were it not too late.
    const later = Math.min(...fired.slice(place).map((tick) => byTick.get(tick)![0].createdAt));
    for (const tick of ticksBetween(parsed.cron, dag.timezone, fired[place - 1], fired[place]))
      (tick > later - ON_TIME_US ? ticks.missing : ticks.passedOver).push(tick);
  }
  return ticks;
}

function ticksBetween(cron: Cron, timezone: string, from: number, to: number): number[] {
  const ticks: number[] = [];
  for (let tick = nextTick(cron, timezone, new Date(from / 1_000)); ; tick = nextTick(cron, timezone, tick)) {
    if (tick === null || tick.getTime() * 1_000 >= to) return ticks;
    ticks.push(tick.getTime() * 1_000);
  }
}

function iso(microseconds: number): string {
  return new Date(microseconds / 1_000).toISOString();
}
