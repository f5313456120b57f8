/** Shapes of random DAGs: which tasks wait for which. */
import type { Random } from '../random.js';

/** By task, the tasks above it; every one of them comes earlier in the list. */
export type Shape = readonly (readonly number[])[];

const SHAPES = { chain, fanOut, fanIn, diamonds, layers };

/** A shape of 1 to `maxTasks` tasks; small ones are more frequent, as they are in life. */
export function randomShape(random: Random, maxTasks = 40): Shape {
  const size = random.chance(0.1) ? random.integer(1, maxTasks) : random.integer(1, Math.min(9, maxTasks));
  return SHAPES[random.pick(Object.keys(SHAPES) as (keyof typeof SHAPES)[])](size, random);
}

function chain(size: number): Shape {
  return Array.from({ length: size }, (_, task) => (task === 0 ? [] : [task - 1]));
}

/** One root, everything else below it. */
function fanOut(size: number): Shape {
  return Array.from({ length: size }, (_, task) => (task === 0 ? [] : [0]));
}

/** Everything but the last is a root; the last waits for all of them. */
function fanIn(size: number): Shape {
  return Array.from({ length: size }, (_, task) =>
    task === size - 1 ? Array.from({ length: task }, (_, parent) => parent) : [],
  );
}

/** One root, so many below it that most of them travel in bundles, and one below all of those. */
export function wideShape(): Shape {
  const children = Array.from({ length: 100 }, (_, child) => child + 1);
  return [[], ...children.map(() => [0]), children];
}

/** One after the other: a task that opens, two that may run at once, and one that closes, which opens the next. */
function diamonds(size: number): Shape {
  return Array.from({ length: size }, (_, task) => {
    if (task === 0) return [];
    const opener = Math.floor((task - 1) / 3) * 3;
    return task % 3 === 0 ? [task - 2, task - 1] : [opener];
  });
}

/** Layers of random width, each task below up to three of the layer before. */
function layers(size: number, random: Random): Shape {
  const shape: number[][] = [];
  let above: number[] = [];
  while (shape.length < size) {
    const width = Math.min(random.integer(1, 6), size - shape.length);
    const layer = Array.from({ length: width }, (_, place) => shape.length + place);
    for (const _task of layer)
      shape.push(
        above.length === 0
          ? []
          : distinct(Array.from({ length: random.integer(1, 3) }, () => random.pick(above))),
      );
    above = layer;
  }
  return shape;
}

function distinct(numbers: number[]): number[] {
  return [...new Set(numbers)].sort((one, other) => one - other);
}
