/**
 * Everything that can be wrong with the tasks of a DAG, found in one go: graph, configs, numbers, templates.
 *
 * Linear in the size of the DAG, up to the bit sets of graph-reach.ts.
 */
import { pointerTo } from './faults.js';
import type { Fault } from './faults.js';
import { findNotUpstream } from './graph-reach.js';
import { compileGraph, type DagLimits, validateGraph } from './graph.js';
import { jsonFaults } from './json-faults.js';
import type { JsonObject } from './json.js';
import { validateTaskConfig, validateTaskPolicy } from './task-config.js';
import type { TaskSpec } from './task-spec.js';
import { referencedTasks, templatedConfig, templateFaults } from './template.js';

/**
 * All faults of a DAG's tasks, pointers beginning with `/tasks`.
 *
 * @param limits other than the usual ones
 */
export function validateTasks(tasks: readonly TaskSpec[], limits?: DagLimits): Fault[] {
  const graphFaults = validateGraph(tasks, limits);
  const sizeIsRefused = graphFaults.some((fault) => fault.pointer === '/tasks');
  if (sizeIsRefused) return graphFaults;

  const faults = [...graphFaults];
  const unstorable = tasks.map((task, index) =>
    jsonFaults(task.config, pointerTo('/tasks', index, 'config')),
  );
  // A config that cannot be stored may be nested without bound: nothing else looks into it.
  const templated = tasks.map((task, index) =>
    unstorable[index].length > 0 ? {} : templatedConfig(task.task_type, task.config),
  );
  const upstream = upstreamNames(tasks, templated, graphFaults.length === 0);
  tasks.forEach((task, index) => {
    const pointer = pointerTo('/tasks', index);
    faults.push(...validateTaskPolicy(task, pointer), ...unstorable[index]);
    if (unstorable[index].length > 0) return;
    faults.push(...validateTaskConfig(task, pointer));
    faults.push(...templateFaults(templated[index], upstream[index], pointerTo(pointer, 'config')));
  });
  return faults;
}

/**
 * For each task the names that its templates refer to and may. In a graph with faults "upstream" has no
 * meaning yet, so any other task of the DAG will do there.
 */
function upstreamNames(
  tasks: readonly TaskSpec[],
  templated: readonly JsonObject[],
  isGraphSound: boolean,
): ReadonlySet<string>[] {
  const indexByName = new Map(tasks.map((task, index) => [task.name, index]));
  const allowed = tasks.map(() => new Set<string>());
  const questions: { ancestor: number; task: number; name: string }[] = [];
  tasks.forEach((task, index) => {
    for (const name of referencedTasks(templated[index])) {
      const ancestor = indexByName.get(name);
      if (ancestor === undefined || ancestor === index) continue;
      allowed[index].add(name);
      questions.push({ ancestor, task: index, name });
    }
  });
  if (isGraphSound && questions.length > 0) {
    for (const { task, name } of findNotUpstream(compileGraph(tasks), questions)) allowed[task].delete(name);
  }
  return allowed;
}
