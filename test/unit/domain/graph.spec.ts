import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  compileGraph,
  criticalPath,
  descendantsOf,
  MAX_EDGES,
  MAX_TASKS,
  validateGraph,
} from '../../../src/domain/graph.js';
import type { CompiledGraph, GraphTask } from '../../../src/domain/graph.js';
import { denseTasks, tasksOf } from './a-task.js';
import { cpuMsOf } from './cost.js';

describe('validateGraph', () => {
  it('finds nothing wrong with a diamond', () => {
    expect(validateGraph(tasksOf({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'] }))).toEqual([]);
  });

  it('refuses a DAG without tasks', () => {
    expect(validateGraph([])).toEqual([{ pointer: '/tasks', message: 'A DAG needs at least one task.' }]);
  });

  it('refuses one task more than the limit and one edge more than the limit, and takes the limits themselves', () => {
    expect(validateGraph(denseTasks(MAX_TASKS, MAX_EDGES))).toEqual([]);
    const tooMany = [...denseTasks(MAX_TASKS, MAX_EDGES), { name: 'last', dependencies: ['t0'] }];
    expect(validateGraph(tooMany).map((fault) => fault.message)).toEqual([
      '10001 tasks; a DAG may have at most 10000.',
      '50001 dependencies in all; a DAG may have at most 50000.',
    ]);
  });

  it('takes the limits that it is given for the usual ones', () => {
    const tasks = denseTasks(MAX_TASKS + 1, MAX_EDGES + 1);
    expect(validateGraph(tasks, { maxTasks: MAX_TASKS + 1, maxEdges: MAX_EDGES + 1 })).toEqual([]);
    expect(validateGraph(tasks, { maxTasks: 3, maxEdges: 2 }).map((fault) => fault.message)).toEqual([
      '10001 tasks; a DAG may have at most 3.',
      '50001 dependencies in all; a DAG may have at most 2.',
    ]);
  });

  it('returns every fault at once, each with a pointer to its place', () => {
    const faults = validateGraph([
      { name: 'a', dependencies: ['a', 'ghost', 'b', 'b'] },
      { name: 'b', dependencies: [] },
      { name: 'b', dependencies: [] },
      { name: 'not a name', dependencies: ['ghost', 'ghost'] },
    ]);
    expect(faults).toEqual([
      { pointer: '/tasks/2/name', message: 'The name "b" is already taken by task 1.' },
      { pointer: '/tasks/3/name', message: expect.stringContaining('"not a name" is not a task name') },
      { pointer: '/tasks/0/dependencies/0', message: 'The task "a" depends on itself.' },
      { pointer: '/tasks/0/dependencies/1', message: 'There is no task "ghost".' },
      { pointer: '/tasks/0/dependencies/3', message: 'The dependency "b" is named twice.' },
      { pointer: '/tasks/3/dependencies/0', message: 'There is no task "ghost".' },
      { pointer: '/tasks/3/dependencies/1', message: 'The dependency "ghost" is named twice.' },
    ]);
  });

  it.each(['', ' ', '-a', 'a b', 'a.b', 'a/b', 'ä', 'a\n', '__proto__', 'x'.repeat(101), '{{a}}'])(
    'refuses the name %j',
    (name) => {
      expect(validateGraph([{ name, dependencies: [] }])).toHaveLength(1);
    },
  );

  it.each(['a', 'A-1', '1st', '_x', 'constructor', 'x'.repeat(100)])('takes the name %j', (name) => {
    expect(validateGraph([{ name, dependencies: [] }])).toEqual([]);
  });

  it('spells a cycle in the order of running, from its first task back to it', () => {
    expect(validateGraph(tasksOf({ root: [], a: ['root', 'c'], b: ['a'], c: ['b'], after: ['c'] }))).toEqual([
      {
        pointer: '/tasks/1/dependencies/1',
        message: 'The tasks wait for each other in a cycle: a -> b -> c -> a',
      },
    ]);
  });

  it('shows one cycle for each knot of tasks', () => {
    const faults = validateGraph(
      tasksOf({ a: ['b'], b: ['a'], c: ['b'], d: ['f', 'c'], e: ['d'], f: ['e'] }),
    );
    expect(faults.map((fault) => fault.message.split(': ')[1])).toEqual(['a -> b -> a', 'd -> e -> f -> d']);
  });

  it('cuts the middle out of a very long cycle', () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) => ({
      name: `t${index}`,
      dependencies: [`t${(index + 9_999) % 10_000}`],
    }));
    const [fault, ...others] = validateGraph(tasks);
    expect(others).toEqual([]);
    expect(fault.message).toMatch(/: t0 -> t1 -> .* -> t97 -> … \(9901 more\) -> t9999 -> t0$/);
  });

  it('keeps its answer short when names are huge', () => {
    const [fault] = validateGraph([{ name: 'x'.repeat(1_000_000), dependencies: [] }]);
    expect(fault.message.length).toBeLessThan(300);
  });

  it('finds a fault exactly when there is a cycle, and then spells a real one', () => {
    fc.assert(
      fc.property(anyGraph, (tasks) => {
        const faults = validateGraph(tasks);
        expect(faults.length > 0).toBe(hasCycleByRemoval(tasks));
        for (const { message, pointer } of faults) {
          const names = message.split(': ')[1].split(' -> ');
          expect(names[0]).toBe(names.at(-1));
          names.slice(1).forEach((name, place) => {
            expect(tasks.find((task) => task.name === name)?.dependencies).toContain(names[place]);
          });
          const [, , task, , dependency] = pointer.split('/');
          expect(tasks[Number(task)].name).toBe(names[0]);
          expect(tasks[Number(task)].dependencies[Number(dependency)]).toBe(names.at(-2));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('compileGraph', () => {
  it('turns names into indexes', () => {
    const graph = compileGraph(tasksOf({ d: ['b', 'c'], b: ['a'], c: ['a'], a: [], alone: [] }));
    expect(graph).toMatchObject({
      size: 5,
      names: ['d', 'b', 'c', 'a', 'alone'],
      parents: [[1, 2], [3], [3], [], []],
      children: [[], [0], [0], [1, 2], []],
      roots: [3, 4],
      leaves: [0, 4],
      levels: [[3, 4], [1, 2], [0]],
      order: [3, 4, 1, 2, 0],
      rank: [4, 2, 3, 0, 1],
    });
    expect(graph.indexByName.get('a')).toBe(3);
  });

  it('does not compile what has a cycle or an unknown dependency', () => {
    expect(() => compileGraph(tasksOf({ a: ['b'], b: ['a'] }))).toThrow('cycle');
    expect(() => compileGraph(tasksOf({ a: ['ghost'] }))).toThrow('ghost');
  });

  it('puts every parent before its children and on a lower level, and every task into one level', () => {
    fc.assert(
      fc.property(acyclicGraph, (tasks) => {
        const graph = compileGraph(tasks);
        expect([...graph.order].sort((a, b) => a - b)).toEqual(tasks.map((_, index) => index));
        const levelOf = levelsByRecursion(graph);
        expect(graph.levels.flat()).toEqual(graph.order);
        graph.levels.forEach((level, number) =>
          level.forEach((index) => expect(levelOf(index)).toBe(number)),
        );
        graph.parents.forEach((parents, child) =>
          parents.forEach((parent) => {
            expect(graph.rank[parent]).toBeLessThan(graph.rank[child]);
            expect(graph.children[parent]).toContain(child);
          }),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('descendantsOf', () => {
  it('gives each task below once, in topological order, without the start', () => {
    const graph = compileGraph(tasksOf({ d: ['b', 'c'], b: ['a'], c: ['a'], a: [], alone: [] }));
    expect(descendantsOf(graph, [3])).toEqual([1, 2, 0]);
    expect(descendantsOf(graph, [3, 1])).toEqual([1, 2, 0]);
    expect(descendantsOf(graph, [0, 4])).toEqual([]);
    expect(descendantsOf(graph, [])).toEqual([]);
  });

  it('agrees with a search from every task', () => {
    fc.assert(
      fc.property(acyclicGraph, fc.nat(), (tasks, seed) => {
        const graph = compileGraph(tasks);
        const from = [seed % graph.size];
        const below = descendantsOf(graph, from);
        const expected = graph.names
          .map((_, index) => index)
          .filter((index) => isAbove(graph, from[0], index));
        expect([...below].sort((a, b) => a - b)).toEqual(expected);
        expect(below.map((index) => graph.rank[index])).toEqual(
          below.map((index) => graph.rank[index]).sort((a, b) => a - b),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('criticalPath', () => {
  it('is a longest path from a root to a leaf', () => {
    const graph = compileGraph(tasksOf({ z: [], a: [], b: ['a'], c: ['b'], d: ['a', 'c', 'z'] }));
    expect(criticalPath(graph).map((index) => graph.names[index])).toEqual(['a', 'b', 'c', 'd']);
  });

  it('takes the lowest index of several equals', () => {
    expect(criticalPath(compileGraph(tasksOf({ d: ['b', 'c'], c: ['a'], b: ['a'], a: [], z: [] })))).toEqual([
      3, 1, 0,
    ]);
  });

  it('has one task on each level and follows edges', () => {
    fc.assert(
      fc.property(acyclicGraph, (tasks) => {
        const graph = compileGraph(tasks);
        const path = criticalPath(graph);
        expect(path).toHaveLength(graph.levels.length);
        path.slice(1).forEach((index, place) => expect(graph.parents[index]).toContain(path[place]));
      }),
    );
  });
});

describe('the size of a graph', () => {
  it('is no danger to the stack: a chain of 10,000 tasks is walked in every way', () => {
    const tasks = denseTasks(MAX_TASKS, MAX_TASKS);
    const chain = Array.from({ length: MAX_TASKS }, (_, index) => ({
      name: `t${index}`,
      dependencies: index === MAX_TASKS - 1 ? [] : [`t${index + 1}`],
    }));
    expect(validateGraph(tasks)).toEqual([]);
    expect(validateGraph(chain)).toEqual([]);
    const graph = compileGraph(chain);
    expect(graph.levels).toHaveLength(MAX_TASKS);
    expect(criticalPath(graph)).toHaveLength(MAX_TASKS);
    expect(descendantsOf(graph, graph.roots)).toHaveLength(MAX_TASKS - 1);
  });

  it('costs less than 200 ms to validate and compile at 10,000 tasks and 50,000 edges', () => {
    const tasks = denseTasks(MAX_TASKS, MAX_EDGES);
    const milliseconds = cpuMsOf(200, () => {
      expect(validateGraph(tasks)).toEqual([]);
      expect(compileGraph(tasks).size).toBe(MAX_TASKS);
    });
    expect(milliseconds).toBeLessThan(200);
  });

  it('costs as little when all of it is one knot of cycles', () => {
    const tasks = denseTasks(MAX_TASKS, MAX_EDGES - 1);
    tasks[0].dependencies.push(`t${MAX_TASKS - 1}`);
    expect(cpuMsOf(200, () => expect(validateGraph(tasks)).toHaveLength(1))).toBeLessThan(200);
  });
});

const size = fc.integer({ min: 1, max: 12 });

/** Any edges but self-loops and doubles. */
const anyGraph = size.chain((count) =>
  fc
    .uniqueArray(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: count * 2, selector: String })
    .map((edges) =>
      graphOf(
        count,
        edges.filter(([parent, child]) => parent !== child),
      ),
    ),
);

/** Edges go up in a random order of the tasks, so the index order is not topological. */
const acyclicGraph = size.chain((count) =>
  fc
    .tuple(
      fc.uniqueArray(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), {
        maxLength: count * 3,
        selector: String,
      }),
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, index) => index),
        { minLength: count },
      ),
    )
    .map(([edges, place]) =>
      graphOf(
        count,
        edges.filter(([parent, child]) => place[parent] < place[child]),
      ),
    ),
);

function graphOf(count: number, edges: [number, number][]): GraphTask[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `t${index}`,
    dependencies: edges.filter(([, child]) => child === index).map(([parent]) => `t${parent}`),
  }));
}

/** Another way to know: tasks without open dependencies are removed until none are left or none can be. */
function hasCycleByRemoval(tasks: readonly GraphTask[]): boolean {
  let left = [...tasks];
  for (;;) {
    const names = new Set(left.map((task) => task.name));
    const next = left.filter((task) => task.dependencies.some((name) => names.has(name)));
    if (next.length === left.length) return left.length > 0;
    left = next;
  }
}

function levelsByRecursion(graph: CompiledGraph): (index: number) => number {
  return function levelOf(index: number): number {
    return graph.parents[index].reduce((level, parent) => Math.max(level, levelOf(parent) + 1), 0);
  };
}

function isAbove(graph: CompiledGraph, ancestor: number, index: number): boolean {
  return graph.parents[index].some((parent) => parent === ancestor || isAbove(graph, ancestor, parent));
}
