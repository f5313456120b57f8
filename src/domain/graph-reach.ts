/**
 * Which tasks are upstream of which, asked for many pairs at once.
 *
 * A search per question would be quadratic in the size of a DAG whose tasks all refer to far ancestors. Instead every
 * asked-for ancestor gets one bit, and one pass in topological order gives each task the bits of its parents: a
 * block of BLOCK_BITS ancestors costs edges · BLOCK_BITS / 32 word operations.
 */
import type { CompiledGraph } from './graph.js';

/** Is `ancestor` upstream of `task` (through one edge or more)? Both are indexes. */
interface UpstreamQuestion {
  ancestor: number;
  task: number;
}

const BLOCK_BITS = 1_024;

/** The questions that are to be answered with no. */
export function findNotUpstream<Q extends UpstreamQuestion>(
  graph: CompiledGraph,
  questions: readonly Q[],
): Q[] {
  // The usual case, a reference to a direct dependency, needs no search.
  const parentsOf = new Map<number, ReadonlySet<number>>();
  const open = questions.filter(({ ancestor, task }) => {
    const parents = parentsOf.get(task) ?? new Set(graph.parents[task]);
    parentsOf.set(task, parents);
    return !parents.has(ancestor);
  });
  const ancestors = [...new Set(open.map((question) => question.ancestor))];
  const no: Q[] = [];
  for (let start = 0; start < ancestors.length; start += BLOCK_BITS) {
    const bits = new Map(ancestors.slice(start, start + BLOCK_BITS).map((ancestor, bit) => [ancestor, bit]));
    const words = Math.ceil(bits.size / 32);
    const reached = spread(graph, bits, words);
    for (const question of open) {
      const bit = bits.get(question.ancestor);
      if (bit === undefined) continue;
      const word = reached[question.task * words + (bit >>> 5)];
      if ((word & (1 << (bit & 31))) === 0) no.push(question);
    }
  }
  return no;
}

/** For each task the set of marked tasks upstream of it, `words` words each. */
function spread(graph: CompiledGraph, bits: ReadonlyMap<number, number>, words: number): Uint32Array {
  const reached = new Uint32Array(graph.size * words);
  for (const index of graph.order) {
    const own = index * words;
    for (const parent of graph.parents[index]) {
      const theirs = parent * words;
      for (let word = 0; word < words; word += 1) reached[own + word] |= reached[theirs + word];
      const bit = bits.get(parent);
      if (bit !== undefined) reached[own + (bit >>> 5)] |= 1 << (bit & 31);
    }
  }
  return reached;
}
