import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { validateTasks } from '../../../src/domain/dag-faults.js';
import { findNotUpstream } from '../../../src/domain/graph-reach.js';
import { compileGraph, descendantsOf, MAX_EDGES, MAX_TASKS } from '../../../src/domain/graph.js';
import type { JsonObject } from '../../../src/domain/json.js';
import { aTask, denseTasks, tasksOf } from './a-task.js';
import { cpuMsOf } from './cost.js';

describe('validateTasks', () => {
  it('finds nothing wrong with the example of the contract', () => {
    const tasks = [
      aTask({
        name: 'extract',
        task_type: 'http',
        config: { url: 'http://127.0.0.1:9000/data' },
        max_retries: 5,
        retry_base_delay: 2,
        retry_max_delay: 30,
        timeout_seconds: 20,
      }),
      aTask({
        name: 'transform',
        task_type: 'python',
        config: { code: "def run(ctx):\n    return len(ctx['inputs']['extract']['body'])" },
        dependencies: ['extract'],
      }),
      aTask({
        name: 'load',
        task_type: 'shell',
        config: { command: 'echo loaded $ROWS', env: { ROWS: '{{ tasks.transform.output }}' } },
        dependencies: ['transform'],
      }),
    ];
    expect(validateTasks(tasks)).toEqual([]);
  });

  it('returns the faults of graph, numbers, configs and templates together', () => {
    const faults = validateTasks([
      aTask({ name: 'a', dependencies: ['b'], task_type: 'shell', max_retries: -1 }),
      aTask({
        name: 'b',
        dependencies: ['a'],
        task_type: 'http',
        config: { url: 'x', body: '{{ tasks.ghost.output }}' },
      }),
      aTask({ name: 'c', config: { deep: '\0' } }),
    ]);
    expect(faults.map((fault) => fault.pointer)).toEqual([
      '/tasks/0/dependencies/0',
      '/tasks/0/max_retries',
      '/tasks/0/config',
      '/tasks/1/config/url',
      '/tasks/1/config/body',
      '/tasks/2/config/deep',
    ]);
  });

  it('takes templates that refer to any task upstream, and refuses siblings, descendants and the task itself', () => {
    const shell = (names: string[]): { task_type: 'shell'; config: JsonObject } => ({
      task_type: 'shell',
      config: {
        command: 'x',
        env: Object.fromEntries(names.map((name) => [name, `{{ tasks.${name}.output }}`])),
      },
    });
    const all = ['a', 'b', 'c', 'd', 'e'];
    const tasks = tasksOf({ a: [], b: ['a'], c: ['b'], d: ['b'], e: ['c'] }).map((task) => ({
      ...task,
      ...shell(all),
    }));
    const allowed = tasks.map((task, index) => {
      const refused = validateTasks(tasks).map((fault) => fault.pointer);
      return all.filter((name) => !refused.includes(`/tasks/${index}/config/env/${name}`)).join('');
    });
    expect(allowed).toEqual(['', 'a', 'ab', 'ab', 'abc']);
  });

  it('refuses a task that refers to itself, in a graph with a cycle too', () => {
    const config = { deep: '{{ tasks.a.output }} {{ tasks.b.output }}' };
    const [cycle, unknownKey, itself, ...more] = validateTasks([
      aTask({ name: 'a', dependencies: ['b'], config }),
      aTask({ name: 'b', dependencies: ['a'] }),
    ]);
    expect(cycle.message).toContain('a -> b -> a');
    expect(unknownKey.message).toContain('Unknown key');
    expect(itself.message).toContain('refers to "a", which is not upstream');
    expect(more).toEqual([]);
  });

  it('looks no further into a DAG that is too large', () => {
    const tasks = Array.from({ length: MAX_TASKS + 1 }, (_, index) => aTask({ name: `bad name ${index}` }));
    expect(validateTasks(tasks)).toHaveLength(1);
  });

  it('refuses a config that nests without end instead of falling over it', () => {
    const config = JSON.parse(`{"body":${'['.repeat(50_000)}${']'.repeat(50_000)}}`) as JsonObject;
    expect(validateTasks([aTask({ task_type: 'http', config })])).toEqual([
      { pointer: '/tasks/0/config', message: 'Nested deeper than 200 levels.' },
    ]);
  });

  it('costs less than 200 ms at 10,000 tasks and 50,000 edges, compilation included', () => {
    const tasks = denseTasks(MAX_TASKS, MAX_EDGES);
    expect(
      cpuMsOf(200, () => expect([validateTasks(tasks), compileGraph(tasks).size]).toEqual([[], MAX_TASKS])),
    ).toBeLessThan(200);
  });

  it('does not become quadratic when every task refers to a far ancestor of its own', () => {
    const tasks = denseTasks(MAX_TASKS, MAX_EDGES);
    tasks.forEach((task, index) => {
      task.task_type = 'python';
      task.config = { code: 'x', args: index < 20 ? [] : [`{{ tasks.t${Math.floor(index / 2)}.output }}`] };
    });
    expect(cpuMsOf(1_000, () => expect(validateTasks(tasks)).toEqual([]))).toBeLessThan(1_000);
  });
});

describe('findNotUpstream', () => {
  it('agrees with a search from each ancestor, over more than one block of them', () => {
    const edges = fc.array(fc.tuple(fc.nat(1_299), fc.nat(1_299)), { minLength: 1_000, maxLength: 3_000 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const tasks = Array.from({ length: 1_300 }, (_, index) => ({
          name: `t${index}`,
          dependencies: [] as string[],
        }));
        for (const [one, other] of pairs) {
          if (one < other) tasks[other].dependencies.push(`t${one}`);
        }
        const graph = compileGraph(tasks);
        const questions = tasks.map((_, ancestor) => ({
          ancestor,
          task: (ancestor * 7 + 400) % tasks.length,
        }));
        const expected = questions.filter(
          ({ ancestor, task }) => !descendantsOf(graph, [ancestor]).includes(task),
        );
        const found = findNotUpstream(graph, questions);
        expect(new Set(found)).toEqual(new Set(expected));
        expect(found).toHaveLength(expected.length);
      }),
      { numRuns: 10 },
    );
  });
});
