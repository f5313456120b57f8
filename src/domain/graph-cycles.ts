/**
 * Cycles of a graph that may have some.
 *
 * Every cycle lies inside one strongly connected component, so there is at least one to show for each component of
 * two or more tasks; showing all of them could take exponentially many. Tarjan's algorithm (SIAM J. Comput. 1972)
 * with a stack of its own instead of recursion, then a breadth-first search inside each component for a short cycle.
 */

/**
 * One shortest cycle through the lowest task of each strongly connected component, in the direction of running: each
 * task is a parent of the next, the last of the first. Self-loops are not looked for.
 */
export function findCycles(parents: readonly (readonly number[])[]): number[][] {
  return knotsOf(parents)
    .map((knot) => shortestCycle(parents, knot))
    .sort((left, right) => left[0] - right[0]);
}

/** Strongly connected components of two or more tasks. */
function knotsOf(parents: readonly (readonly number[])[]): number[][] {
  const size = parents.length;
  const found = new Int32Array(size); // when a task was found, from 1; 0: not yet
  const low = new Int32Array(size); // the earliest-found task of the stack that it reaches
  const isOnStack = new Uint8Array(size);
  const nextEdge = new Int32Array(size);
  const stack: number[] = [];
  const knots: number[][] = [];
  let clock = 0;

  for (let start = 0; start < size; start += 1) {
    if (found[start] !== 0) continue;
    const path = [start];
    for (let index = path.at(-1); index !== undefined; index = path.at(-1)) {
      if (found[index] === 0) enter(index);
      const parent = parents[index][nextEdge[index]];
      if (parent === undefined) {
        path.pop();
        leave(index, path.at(-1));
        continue;
      }
      nextEdge[index] += 1;
      if (found[parent] === 0) path.push(parent);
      else if (isOnStack[parent] === 1) low[index] = Math.min(low[index], found[parent]);
    }
  }
  return knots;

  function enter(index: number): void {
    clock += 1;
    found[index] = low[index] = clock;
    isOnStack[index] = 1;
    stack.push(index);
  }

  function leave(index: number, caller: number | undefined): void {
    if (caller !== undefined) low[caller] = Math.min(low[caller], low[index]);
    if (low[index] !== found[index]) return;
    const knot = stack.splice(stack.lastIndexOf(index));
    for (const member of knot) isOnStack[member] = 0;
    if (knot.length > 1) knots.push(knot);
  }
}

/** A shortest cycle through the knot's lowest task. Going from a task to its parents is going against the running. */
function shortestCycle(parents: readonly (readonly number[])[], knot: readonly number[]): number[] {
  const start = knot.reduce((lowest, index) => Math.min(lowest, index));
  const members = new Set(knot);
  const cameFrom = new Map<number, number>();
  const open = [start];
  for (let place = 0; place < open.length; place += 1) {
    const index = open[place];
    for (const parent of parents[index]) {
      if (parent === start) return spell(start, index, cameFrom);
      if (!members.has(parent) || cameFrom.has(parent)) continue;
      cameFrom.set(parent, index);
      open.push(parent);
    }
  }
  throw new Error('A strongly connected component of two tasks has a cycle');
}

/** `start` runs before `first`, which runs before the task it was reached from, and so on back to `start`. */
function spell(start: number, first: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const cycle = [start];
  for (let index = first; index !== start; index = cameFrom.get(index)!) cycle.push(index);
  return cycle;
}
