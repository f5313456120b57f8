import type { TaskSpec } from '../../../src/domain/task-spec.js';

/** A valid noop task; name what the test is about. */
export function aTask(parts: Partial<TaskSpec> = {}): TaskSpec {
  return {
    name: 'a',
    task_type: 'noop',
    config: {},
    dependencies: [],
    max_retries: null,
    retry_base_delay: null,
    retry_max_delay: null,
    timeout_seconds: null,
    ...parts,
  };
}

/** Tasks from name → dependencies, in that order. */
export function tasksOf(graph: { [name: string]: string[] }): TaskSpec[] {
  return Object.entries(graph).map(([name, dependencies]) => aTask({ name, dependencies }));
}

/** `count` tasks with `edges` edges spread evenly: each task depends on those just before it. */
export function denseTasks(count: number, edges: number): TaskSpec[] {
  let used = 0;
  return Array.from({ length: count }, (_, index) => {
    const width = Math.min(index, Math.ceil((edges * (index + 1)) / count) - used);
    used += width;
    return aTask({
      name: `t${index}`,
      dependencies: Array.from({ length: width }, (_unused, back) => `t${index - 1 - back}`),
    });
  });
}
