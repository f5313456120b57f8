/**
 * The graph of a DAG's tasks.
 *
 * Validation returns every fault; compilation turns names into indexes once, so that the engine never looks up a
 * name again. An edge goes from a dependency (parent) to the task that waits for it (child). Everything here is
 * linear in tasks + edges and iterative: a chain of as many tasks as a DAG may have is legal.
 */
import { pointerTo, quoted } from './faults.js';
import type { Fault } from './faults.js';
import { findCycles } from './graph-cycles.js';
import { isTaskName } from './task-spec.js';

/** Most tasks of one DAG, where the installation does not say otherwise. */
export const MAX_TASKS = 10_000;
/** Most dependencies of one DAG, over all its tasks, where the installation does not say otherwise. */
export const MAX_EDGES = 50_000;
/** More tasks than these no installation may allow: all of a job's are written, cancelled or doomed by one statement. */
export const MOST_TASKS = 100_000;

/** How large one DAG may be. */
export interface DagLimits {
  maxTasks: number;
  /** Dependencies over all tasks. */
  maxEdges: number;
}

const DEFAULT_LIMITS: DagLimits = { maxTasks: MAX_TASKS, maxEdges: MAX_EDGES };

/** What the graph needs to know of a task. */
export interface GraphTask {
  name: string;
  dependencies: readonly string[];
}

/** A valid graph by index into the DAG's tasks. Immutable: it is cached and shared by every job of a DAG version. */
export interface CompiledGraph {
  size: number;
  names: readonly string[];
  indexByName: ReadonlyMap<string, number>;
  parents: readonly (readonly number[])[];
  children: readonly (readonly number[])[];
  /** Tasks without parents, in index order. */
  roots: readonly number[];
  /** Tasks without children, in index order. */
  leaves: readonly number[];
  /** `levels[n]`: the tasks whose longest path from a root has n edges. */
  levels: readonly (readonly number[])[];
  /** A topological order: the levels one after the other. */
  order: readonly number[];
  /** `rank[index]` is the place of a task in `order`. */
  rank: readonly number[];
}

/**
 * All faults of a graph: no tasks, too many tasks or edges, malformed and duplicate names, unknown, self and
 * duplicate dependencies, cycles (spelt `a -> b -> c -> a` in the order of running, one for each knot of tasks).
 */
export function validateGraph(tasks: readonly GraphTask[], limits: DagLimits = DEFAULT_LIMITS): Fault[] {
  const sizeFaults = validateSize(tasks, limits);
  // Nothing more is looked at: the answer to a body of a million tasks must not hold a million faults.
  if (sizeFaults.length > 0) return sizeFaults;

  const faults: Fault[] = [];
  const indexByName = indexNames(tasks, faults);
  const parents = tasks.map((task, index) => linkParents(task, index, indexByName, faults));
  for (const cycle of findCycles(parents)) faults.push(cycleFault(tasks, cycle));
  return faults;
}

/**
 * Compiles a graph.
 * Precondition: validateGraph finds no fault.
 * @throws Error when it has a cycle or an unknown dependency all the same.
 */
export function compileGraph(tasks: readonly GraphTask[]): CompiledGraph {
  const names = tasks.map((task) => task.name);
  const indexByName = new Map(names.map((name, index) => [name, index]));
  const parents = tasks.map((task) => task.dependencies.map((name) => knownIndex(indexByName, name)));
  const children = invert(parents);
  const levels = levelsOf(parents, children);
  const order = levels.flat();
  if (order.length !== tasks.length) throw new Error('A graph with a cycle cannot be compiled');
  const rank = new Array<number>(order.length);
  order.forEach((index, place) => (rank[index] = place));
  return {
    size: tasks.length,
    names,
    indexByName,
    parents,
    children,
    roots: indexesOfEmpty(parents),
    leaves: indexesOfEmpty(children),
    levels,
    order,
    rank,
  };
}

/** Children, their children and so on of the given tasks, each once, in topological order. */
export function descendantsOf(graph: CompiledGraph, from: readonly number[]): number[] {
  const seen = new Set<number>();
  const open = [...from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    for (const child of graph.children[index]) {
      if (seen.has(child)) continue;
      seen.add(child);
      open.push(child);
    }
  }
  return [...seen].sort((left, right) => graph.rank[left] - graph.rank[right]);
}

/** A longest path by number of tasks, from a root to a leaf; of several the one with the lowest indexes at its forks. */
export function criticalPath(graph: CompiledGraph): number[] {
  // tail[i]: how many tasks the longest path from i on has. Children come later in the order: walk it backwards.
  const tail = new Array<number>(graph.size).fill(1);
  for (let place = graph.order.length - 1; place >= 0; place -= 1) {
    const index = graph.order[place];
    for (const child of graph.children[index]) tail[index] = Math.max(tail[index], tail[child] + 1);
  }
  const path: number[] = [];
  for (let choices = graph.roots; choices.length > 0; choices = graph.children[path.at(-1)!]!) {
    // Lists of children and roots go by index, so the first of several equals is the lowest.
    path.push(choices.reduce((best, index) => (tail[index] > tail[best] ? index : best)));
  }
  return path;
}

function validateSize(tasks: readonly GraphTask[], { maxTasks, maxEdges }: DagLimits): Fault[] {
  if (tasks.length === 0) return [{ pointer: '/tasks', message: 'A DAG needs at least one task.' }];
  const faults: Fault[] = [];
  if (tasks.length > maxTasks) faults.push(tooManyTasks(tasks.length, maxTasks));
  let edges = 0;
  for (const task of tasks) edges += task.dependencies.length;
  if (edges > maxEdges) {
    faults.push({
      pointer: '/tasks',
      message: `${edges} dependencies in all; a DAG may have at most ${maxEdges}.`,
    });
  }
  return faults;
}

export function tooManyTasks(count: number, maxTasks: number): Fault {
  return { pointer: '/tasks', message: `${count} tasks; a DAG may have at most ${maxTasks}.` };
}

/** Name → index of the first task with that name. */
function indexNames(tasks: readonly GraphTask[], faults: Fault[]): Map<string, number> {
  const indexByName = new Map<string, number>();
  tasks.forEach(({ name }, index) => {
    const pointer = pointerTo('/tasks', index, 'name');
    if (!isTaskName(name)) {
      const message = `${quoted(name)} is not a task name: 1 to 100 letters, digits, "_" or "-", not beginning with "-".`;
      faults.push({ pointer, message });
    }
    const first = indexByName.get(name);
    if (first === undefined) indexByName.set(name, index);
    else faults.push({ pointer, message: `The name ${quoted(name)} is already taken by task ${first}.` });
  });
  return indexByName;
}

/** Indexes of a task's sound dependencies; the others become faults. */
function linkParents(
  task: GraphTask,
  index: number,
  indexByName: ReadonlyMap<string, number>,
  faults: Fault[],
): number[] {
  const parents: number[] = [];
  const seen = new Set<string>();
  task.dependencies.forEach((name, place) => {
    const parent = indexByName.get(name);
    const fault = dependencyFault(task, name, seen.has(name), parent);
    seen.add(name);
    if (fault !== null)
      faults.push({ pointer: pointerTo('/tasks', index, 'dependencies', place), message: fault });
    else parents.push(parent!);
  });
  return parents;
}

function dependencyFault(
  task: GraphTask,
  name: string,
  isRepeated: boolean,
  parent: number | undefined,
): string | null {
  if (isRepeated) return `The dependency ${quoted(name)} is named twice.`;
  if (name === task.name) return `The task ${quoted(name)} depends on itself.`;
  if (parent === undefined) return `There is no task ${quoted(name)}.`;
  return null;
}

/** Most names that a message spells; a longer cycle is cut in its middle. */
const MAX_SPELT = 100;

function cycleFault(tasks: readonly GraphTask[], cycle: readonly number[]): Fault {
  const names = [...cycle, cycle[0]].map((index) => tasks[index].name);
  if (names.length > MAX_SPELT) {
    const cut = names.length - MAX_SPELT;
    names.splice(MAX_SPELT - 2, cut, `… (${cut} more)`);
  }
  // The pointer names the edge that closes the cycle: the first task's dependency on the last.
  const first = tasks[cycle[0]];
  const place = first.dependencies.indexOf(tasks[cycle.at(-1)!].name);
  return {
    pointer: pointerTo('/tasks', cycle[0], 'dependencies', place),
    message: `The tasks wait for each other in a cycle: ${names.join(' -> ')}`,
  };
}

function knownIndex(indexByName: ReadonlyMap<string, number>, name: string): number {
  const index = indexByName.get(name);
  if (index === undefined)
    throw new Error(`A graph with the unknown dependency ${quoted(name)} cannot be compiled`);
  return index;
}

function invert(parents: readonly (readonly number[])[]): number[][] {
  const children = parents.map((): number[] => []);
  parents.forEach((of, child) => {
    for (const parent of of) children[parent].push(child);
  });
  return children;
}

/** Kahn's algorithm, level by level. Tasks on a cycle, and what is behind them, appear in no level. */
function levelsOf(
  parents: readonly (readonly number[])[],
  children: readonly (readonly number[])[],
): number[][] {
  const open = parents.map((of) => of.length);
  const levels: number[][] = [];
  for (let level = indexesOfEmpty(parents); level.length > 0;) {
    levels.push(level);
    const next: number[] = [];
    for (const index of level) {
      for (const child of children[index]) if ((open[child] -= 1) === 0) next.push(child);
    }
    level = next;
  }
  return levels;
}

function indexesOfEmpty(lists: readonly (readonly number[])[]): number[] {
  const indexes: number[] = [];
  lists.forEach((list, index) => {
    if (list.length === 0) indexes.push(index);
  });
  return indexes;
}
