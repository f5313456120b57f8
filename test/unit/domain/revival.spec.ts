import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CompiledGraph, compileGraph, descendantsOf } from '../../../src/domain/graph.js';
import { reviveBelow } from '../../../src/domain/revival.js';
import type { TaskStatus } from '../../../src/domain/task-state.js';
import { tasksOf } from './a-task.js';

function revive(
  graph: { [name: string]: string[] },
  statuses: { [name: string]: TaskStatus },
  task: string,
  as: 'queued' | 'succeeded',
): { [name: string]: number } {
  const compiled = compileGraph(tasksOf(graph));
  const revived = reviveBelow(
    compiled,
    compiled.names.map((name) => statuses[name]),
    compiled.indexByName.get(task)!,
    as,
  );
  return Object.fromEntries(revived.map(({ idx, openUpstreams }) => [compiled.names[idx], openUpstreams]));
}

describe('What waits again when a failed task is brought back', () => {
  const chain = { a: [], b: ['a'], c: ['b'] };
  const failed = { a: 'failed', b: 'upstream_failed', c: 'upstream_failed' } as const;

  it('is all that is below it when it runs again, each with its open upstreams', () => {
    expect(revive(chain, failed, 'a', 'queued')).toEqual({ b: 1, c: 1 });
  });

  it('has nothing open above it right below a task that counts as succeeded', () => {
    expect(revive(chain, failed, 'a', 'succeeded')).toEqual({ b: 0, c: 1 });
  });

  it('is nothing below another failed task', () => {
    const graph = { a: [], x: [], b: ['a', 'x'], c: ['b'] };
    expect(revive(graph, { ...failed, x: 'failed' }, 'a', 'queued')).toEqual({});
    expect(revive(graph, { ...failed, x: 'running' }, 'a', 'queued')).toEqual({ b: 2, c: 1 });
    expect(revive(graph, { ...failed, x: 'succeeded' }, 'a', 'queued')).toEqual({ b: 1, c: 1 });
  });

  it('is nothing that has not been doomed', () => {
    expect(
      revive({ a: [], b: [], c: ['b'] }, { a: 'failed', b: 'running', c: 'blocked' }, 'a', 'queued'),
    ).toEqual({});
  });

  /** Fails some tasks of a random graph and dooms what is below them; the rest has succeeded. */
  function disaster(graph: CompiledGraph, failing: ReadonlySet<number>): TaskStatus[] {
    const statuses: TaskStatus[] = [];
    for (const task of graph.order) {
      const isDoomed = graph.parents[task].some((parent) => statuses[parent] !== 'succeeded');
      statuses[task] = isDoomed ? 'upstream_failed' : failing.has(task) ? 'failed' : 'succeeded';
    }
    return statuses;
  }

  const graphs = fc
    .integer({ min: 1, max: 25 })
    .chain((size) =>
      fc.tuple(
        fc.tuple(
          ...Array.from({ length: size }, (_, index) =>
            fc.subarray(Array.from({ length: index }, (_unused, at) => at)),
          ),
        ),
        fc.array(fc.integer({ min: 0, max: size - 1 }), { minLength: 1 }),
      ),
    );

  it('is everything once every failed task is back, with exact counts, whatever the graph and the order', () => {
    fc.assert(
      fc.property(graphs, ([parents, failing]) => {
        const graph = compileGraph(
          tasksOf(
            Object.fromEntries(
              parents.map((above, index) => [`t${index}`, above.map((parent) => `t${parent}`)]),
            ),
          ),
        );
        const statuses = disaster(graph, new Set(failing));
        const roots = statuses.flatMap((status, index) => (status === 'failed' ? [index] : []));
        for (const root of roots) {
          const revived = reviveBelow(graph, statuses, root, 'queued');
          const below = new Set(descendantsOf(graph, [root]));
          statuses[root] = 'queued';
          for (const { idx, openUpstreams } of revived) {
            expect(below.has(idx)).toBe(true);
            expect(statuses[idx]).toBe('upstream_failed');
            statuses[idx] = 'blocked';
            expect(openUpstreams).toBe(
              graph.parents[idx].filter((parent) => statuses[parent] !== 'succeeded').length,
            );
            expect(openUpstreams).toBeGreaterThan(0);
          }
        }
        expect(statuses.filter((status) => status === 'failed' || status === 'upstream_failed')).toEqual([]);
      }),
    );
  });
});
