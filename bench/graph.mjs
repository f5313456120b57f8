/*
 * Validation and compilation of the largest DAG allowed: 10,000 tasks, 50,000 dependencies. First call and median of 20.
 *
 *   npm run build && node bench/graph.mjs
 */
import { compileGraph, validateGraph } from '../dist/domain/graph.js';
import { spread, table } from './measure.mjs';

const tasks = Array.from({ length: 10_000 }, (_, i) => ({
  name: `t${i}`,
  dependencies: Array.from({ length: Math.min(i, 5) }, (_, k) => `t${i - 1 - k}`),
}));

function once() {
  const start = performance.now();
  const faults = validateGraph(tasks);
  const graph = compileGraph(tasks);
  const ms = performance.now() - start;
  if (faults.length > 0 || graph.levels.length !== tasks.length)
    throw new Error('not the graph that was meant');
  return ms;
}

const first = once();
const later = Array.from({ length: 20 }, once);
console.log(table(['first call ms', 'later calls ms'], [[first.toFixed(0), spread(later)]]));
