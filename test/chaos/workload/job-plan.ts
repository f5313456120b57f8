import { PRIORITIES, type Priority } from '../../../src/domain/priority.js';
import type { Random } from '../random.js';

/** What is to become of one job; all of it follows from the seed and the job's number. */
export interface JobPlan {
  /** Place in the list of DAGs. */
  dag: number;
  /** null: the DAG's own. */
  priority: Priority | null;
  /** Starts so much later; null: at once. */
  runInMs: number | null;
  /** Cancelled so long after it was accepted; null: left alone. */
  cancelAfterMs: number | null;
  /** Run again when it has ended; null: not. */
  rerunFrom: 'failed' | 'start' | null;
  /** Sent to two addresses at the same moment. */
  isDoubled: boolean;
  /** Until the next job is started. */
  gapMs: number;
}

/** @param jobsPerSecond on average; the gaps are those of a Poisson process */
export function planJob(random: Random, dags: number, jobsPerSecond: number): JobPlan {
  return {
    dag: random.integer(0, dags - 1),
    priority: random.chance(0.5) ? random.pick(PRIORITIES) : null,
    runInMs: random.chance(0.05) ? random.integer(200, 3_000) : null,
    cancelAfterMs: random.chance(0.1) ? random.integer(0, 1_500) : null,
    rerunFrom: random.chance(0.1) ? random.pick(['failed', 'start', 'start'] as const) : null,
    isDoubled: random.chance(0.1),
    gapMs: (-Math.log(1 - random.next()) * 1_000) / jobsPerSecond,
  };
}
