import type { CompiledGraph } from './graph.js';
import type { TaskStatus } from './task-state.js';

/** A task that waits again, with the number of its upstreams that have not succeeded. */
export interface RevivedTask {
  idx: number;
  openUpstreams: number;
}

/**
 * Which `upstream_failed` tasks wait again when the failed task `idx` is brought back, in topological order.
 *
 * A task is revived when none of its parents is failed or upstream_failed any more; one that is also below another
 * failed task stays as it is until that one is brought back too.
 *
 * @param statuses by index, as they are before
 * @param as what the task becomes: `queued` (it runs again) or `succeeded` (resolved with an output)
 */
export function reviveBelow(
  graph: CompiledGraph,
  statuses: readonly TaskStatus[],
  idx: number,
  as: 'queued' | 'succeeded',
): RevivedTask[] {
  const now = [...statuses];
  now[idx] = as;
  const revived: RevivedTask[] = [];
  // Topological order: a task's parents have their new status before it is looked at.
  for (const task of graph.order.slice(graph.rank[idx] + 1)) {
    if (now[task] !== 'upstream_failed') continue;
    const parents = graph.parents[task].map((parent) => now[parent]);
    if (parents.some((status) => status === 'failed' || status === 'upstream_failed')) continue;
    const openUpstreams = parents.filter((status) => status !== 'succeeded').length;
    now[task] = openUpstreams === 0 ? 'queued' : 'blocked';
    revived.push({ idx: task, openUpstreams });
  }
  return revived;
}
