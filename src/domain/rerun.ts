/**
 * What of an ended job runs again when it is rerun, and what is reused.
 *
 * One rule makes every plan whole: only what succeeded has an output that can be reused, and only while nothing above
 * it runs again. So what did not succeed runs again whatever was asked for, and so does everything downstream of what
 * runs again; the new job never holds a task that neither runs nor has an output.
 */
import type { CompiledGraph } from './graph.js';
import type { TaskStatus } from './task-state.js';

/** Everything, what did not succeed, or these tasks (by index) besides. */
export type RerunFrom = 'start' | 'failed' | readonly number[];

/** By index: how many upstreams of the task run again before it, or null where its output is reused. */
export type RerunPlan = readonly (number | null)[];

/** @param statuses by index, of the job that has ended */
export function planRerun(graph: CompiledGraph, statuses: readonly TaskStatus[], from: RerunFrom): RerunPlan {
  const asked = new Set(typeof from === 'string' ? [] : from);
  const plan = new Array<number | null>(graph.size).fill(null);
  // Topological order: it is decided for a task's parents before the task is looked at.
  for (const task of graph.order) {
    const open = graph.parents[task].filter((parent) => plan[parent] !== null).length;
    const isReused = from !== 'start' && open === 0 && statuses[task] === 'succeeded' && !asked.has(task);
    if (!isReused) plan[task] = open;
  }
  return plan;
}

/** Whether nothing is left to run. */
export function isIdle(plan: RerunPlan): boolean {
  return plan.every((open) => open === null);
}
