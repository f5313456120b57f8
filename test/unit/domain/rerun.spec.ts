import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileGraph, descendantsOf } from '../../../src/domain/graph.js';
import { isIdle, planRerun } from '../../../src/domain/rerun.js';
import { TASK_STATUSES, type TaskStatus } from '../../../src/domain/task-state.js';
import { tasksOf } from './a-task.js';

function plan(
  graph: { [name: string]: string[] },
  statuses: { [name: string]: TaskStatus },
  from: 'start' | 'failed' | string[],
): { [name: string]: number } {
  const compiled = compileGraph(tasksOf(graph));
  const places = typeof from === 'string' ? from : from.map((name) => compiled.indexByName.get(name)!);
  const open = planRerun(
    compiled,
    compiled.names.map((name) => statuses[name]),
    places,
  );
  return Object.fromEntries(
    open.flatMap((count, idx) => (count === null ? [] : [[compiled.names[idx], count]])),
  );
}

describe('What runs again when a job is rerun', () => {
  const chain = { a: [], b: ['a'], c: ['b'] };
  const failed = { a: 'succeeded', b: 'failed', c: 'upstream_failed' } as const;
  const fine = { a: 'succeeded', b: 'succeeded', c: 'succeeded' } as const;

  it('is everything from the start, each with all its upstreams', () => {
    expect(plan(chain, failed, 'start')).toEqual({ a: 0, b: 1, c: 1 });
  });

  it('is what did not succeed; a task whose upstreams are all reused is ready', () => {
    expect(plan(chain, failed, 'failed')).toEqual({ b: 0, c: 1 });
    expect(plan(chain, fine, 'failed')).toEqual({});
  });

  it('is what is named and what is below it', () => {
    expect(plan(chain, fine, ['b'])).toEqual({ b: 0, c: 1 });
    expect(plan(chain, fine, ['c', 'b', 'c'])).toEqual({ b: 0, c: 1 });
    expect(plan(chain, fine, ['a'])).toEqual({ a: 0, b: 1, c: 1 });
  });

  it('is what did not succeed besides, above, below or apart from what is named', () => {
    expect(plan(chain, failed, ['c'])).toEqual({ b: 0, c: 1 });
    expect(plan({ a: [], b: [] }, { a: 'succeeded', b: 'failed' }, ['a'])).toEqual({ a: 0, b: 0 });
  });

  it('counts only the upstreams that run again', () => {
    const graph = { a: [], b: [], both: ['a', 'b'] };
    expect(plan(graph, { a: 'succeeded', b: 'failed', both: 'upstream_failed' }, 'failed')).toEqual({
      b: 0,
      both: 1,
    });
  });

  const cases = fc.integer({ min: 1, max: 25 }).chain((size) =>
    fc.record({
      parents: fc.tuple(
        ...Array.from({ length: size }, (_, index) =>
          fc.subarray(Array.from({ length: index }, (_unused, at) => at)),
        ),
      ),
      statuses: fc.array(
        fc.constantFrom(...TASK_STATUSES, ...Array.from({ length: 12 }, () => 'succeeded' as const)),
        {
          minLength: size,
          maxLength: size,
        },
      ),
      from: fc.oneof(
        fc.constantFrom('start' as const, 'failed' as const),
        fc.subarray(
          Array.from({ length: size }, (_, index) => index),
          { minLength: 1 },
        ),
      ),
    }),
  );

  it('is, whatever the graph, the seeds and what is below them, with exact counts; only outputs are reused', () => {
    fc.assert(
      fc.property(cases, ({ parents, statuses, from }) => {
        const graph = compileGraph(
          tasksOf(
            Object.fromEntries(parents.map((above, index) => [`t${index}`, above.map((one) => `t${one}`)])),
          ),
        );
        const all = statuses.map((_status, idx) => idx);
        const seeds =
          from === 'start'
            ? all
            : all.filter((idx) => statuses[idx] !== 'succeeded' || (from !== 'failed' && from.includes(idx)));
        const expected = new Set([...seeds, ...descendantsOf(graph, seeds)]);
        const open = planRerun(graph, statuses, from);
        expect(open.flatMap((count, idx) => (count === null ? [] : [idx]))).toEqual(
          all.filter((idx) => expected.has(idx)),
        );
        for (const idx of all) {
          const count = open[idx];
          if (count === null) expect(statuses[idx]).toBe('succeeded');
          else expect(count).toBe(graph.parents[idx].filter((parent) => expected.has(parent)).length);
        }
        // Somebody can begin: what runs again is never a knot that waits for itself.
        expect(isIdle(open)).toBe(!open.includes(0));
      }),
    );
  });
});
