import { nextTick, parseCron } from '../domain/schedule.js';
import type { DagDefinition } from '../persistence/dag.store.js';

type Schedule = Pick<DagDefinition, 'cron_expression' | 'timezone'>;

/** The first tick after `now`; null without a cron expression. */
export function nextRunAt(schedule: Schedule, now: Date): Date | null {
  return nextRuns(schedule, now, 1)[0] ?? null;
}

/** The next ticks after `now`, up to `count`. */
export function nextRuns(
  { cron_expression: expression, timezone }: Schedule,
  now: Date,
  count: number,
): Date[] {
  const parsed = expression === null ? null : parseCron(expression);
  const runs: Date[] = [];
  if (parsed === null || !parsed.ok) return runs;
  for (let after = now; runs.length < count;) {
    const tick = nextTick(parsed.cron, timezone, after);
    if (tick === null) break;
    runs.push(tick);
    after = tick;
  }
  return runs;
}
