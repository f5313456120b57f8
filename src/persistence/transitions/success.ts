import type { ClaimedTask } from './claim.js';
import type { Effect } from './fragments.js';

export interface SucceedInput {
  runId: string;
  idx: number;
  lease: string;
  /** JSON text. */
  output: string;
  /** Indexes of the tasks that depend on this one. */
  children: readonly number[];
  /** The worker that would run the task's only child at once, should it become ready by this; null: none. */
  keeper: string | null;
}

/** What a success set free, for the caller that asked to keep it: the child's claim, and whose child it is. */
export interface KeptTask extends ClaimedTask {
  /** `idx` of the finished task whose slot it keeps. */
  parent: number;
  /** The worker it is claimed for. */
  keeper: string;
}

/** What successes changed, as `succeed` and `succeed-one` both tell it. */
export interface Successes {
  effects: Effect[];
  kept: KeptTask[];
}
