import { describe, expect, it } from '@jest/globals';
import { Batcher } from '../../../src/engine/batcher.js';

class Shared extends Error {}

/** A batcher whose batches end when the test says so. */
function stage(maxSize = 100): {
  batcher: Batcher<number, string>;
  batches: { items: readonly number[]; succeed: () => void; fail: (error: Error) => void }[];
  mostAtOnce: () => number;
} {
  const batches: { items: readonly number[]; succeed: () => void; fail: (error: Error) => void }[] = [];
  let running = 0;
  let most = 0;
  const batcher = new Batcher<number, string>({
    run: async (items) => {
      running += 1;
      most = Math.max(most, running);
      try {
        return await new Promise<string[]>((resolve, reject) => {
          batches.push({ items, succeed: () => resolve(items.map((item) => `done ${item}`)), fail: reject });
        });
      } finally {
        running -= 1;
      }
    },
    maxSize,
    isShared: (error) => error instanceof Shared,
  });
  return { batcher, batches, mostAtOnce: () => most };
}

/** A batcher whose `run` fails for batches with a bad item, and what it was asked to run. */
function picky(isBad: (item: number) => boolean): { batcher: Batcher<number, number>; runs: number[][] } {
  const runs: number[][] = [];
  const batcher = new Batcher<number, number>({
    run: async (items) => {
      runs.push([...items]);
      const bad = items.find(isBad);
      if (bad !== undefined) throw new Error(`${bad} is bad`);
      return items.map((item) => item * 10);
    },
    maxSize: 100,
    isShared: (error) => error instanceof Shared,
  });
  return { batcher, runs };
}

/** Everything that is due in this turn of the event loop, and what follows from it, has happened. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

describe('A batcher', () => {
  it('puts what arrives in one turn of the event loop into one batch', async () => {
    const { batcher, batches } = stage();
    const answers = [1, 2, 3].map(async (item) => await batcher.add(item));
    await turn();
    expect(batches.map((batch) => batch.items)).toEqual([[1, 2, 3]]);
    batches[0].succeed();
    expect(await Promise.all(answers)).toEqual(['done 1', 'done 2', 'done 3']);
  });

  it('begins within the same turn when it is idle: it waits for no timer', async () => {
    const { batcher, batches } = stage();
    const answer = batcher.add(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(batches).toHaveLength(1);
    batches[0].succeed();
    await answer;
    const second = batcher.add(2);
    await turn();
    expect(batches).toHaveLength(2);
    batches[1].succeed();
    expect(await second).toBe('done 2');
  });

  it('runs one batch at a time, and makes what arrives meanwhile the next', async () => {
    const { batcher, batches, mostAtOnce } = stage();
    const answers = [batcher.add(1)];
    await turn();
    answers.push(batcher.add(2));
    await turn();
    answers.push(batcher.add(3));
    await turn();
    expect(batches).toHaveLength(1);
    batches[0].succeed();
    await turn();
    expect(batches.map((batch) => batch.items)).toEqual([[1], [2, 3]]);
    batches[1].succeed();
    expect(await Promise.all(answers)).toEqual(['done 1', 'done 2', 'done 3']);
    expect(mostAtOnce()).toBe(1);
  });

  it('makes no batch larger than it may', async () => {
    const { batcher, batches } = stage(2);
    const answers = [1, 2, 3, 4, 5].map(async (item) => await batcher.add(item));
    for (let index = 0; index < 3; index += 1) {
      await turn();
      batches[index].succeed();
    }
    expect(await Promise.all(answers)).toEqual(['done 1', 'done 2', 'done 3', 'done 4', 'done 5']);
    expect(batches.map((batch) => batch.items)).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('gives each item its own answer, in the order of the items', async () => {
    const batcher = new Batcher<number, number>({
      run: async (items) => items.map((item) => item * 10),
      maxSize: 7,
      isShared: () => false,
    });
    const items = Array.from({ length: 50 }, (_, index) => index);
    expect(await Promise.all(items.map(async (item) => await batcher.add(item)))).toEqual(
      items.map((item) => item * 10),
    );
  });

  it('isolates a bad item by halving, so that its neighbours succeed', async () => {
    const { batcher, runs } = picky((item) => item === 5);
    const items = [0, 1, 2, 3, 4, 5, 6, 7];
    const answers = await Promise.allSettled(items.map(async (item) => await batcher.add(item)));
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 'bad'))).toEqual([
      0,
      10,
      20,
      30,
      40,
      'bad',
      60,
      70,
    ]);
    expect(runs).toEqual([items, [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [6, 7]]);
  });

  it('isolates several bad items in one batch', async () => {
    const { batcher } = picky((item) => item % 3 === 0);
    const items = Array.from({ length: 20 }, (_, index) => index);
    const answers = await Promise.allSettled(items.map(async (item) => await batcher.add(item)));
    answers.forEach((answer, index) =>
      expect(answer.status).toBe(index % 3 === 0 ? 'rejected' : 'fulfilled'),
    );
  });

  it('gives a fault that is not the items’ own to all of them at once, and goes on', async () => {
    const { batcher, batches } = stage();
    const answers = Promise.allSettled([1, 2, 3].map(async (item) => await batcher.add(item)));
    await turn();
    batches[0].fail(new Shared('the database is away'));
    expect((await answers).map((answer) => answer.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(batches).toHaveLength(1);
    const next = batcher.add(4);
    await turn();
    expect(batches[1].items).toEqual([4]);
    batches[1].succeed();
    expect(await next).toBe('done 4');
  });

  it('settles when nothing is waiting or running', async () => {
    const { batcher, batches } = stage(1);
    await batcher.settle();
    let settled = false;
    const answers = [batcher.add(1), batcher.add(2)];
    const settling = batcher.settle().then(() => {
      settled = true;
    });
    await turn();
    batches[0].succeed();
    await turn();
    expect(settled).toBe(false);
    batches[1].succeed();
    await settling;
    await Promise.all(answers);
  });

  it('closes a batch at a weight, and still runs an item that is heavier alone', async () => {
    const runs: number[][] = [];
    const batcher = new Batcher<number, number>({
      run: async (items) => {
        runs.push([...items]);
        return items;
      },
      maxSize: 4,
      weight: { of: (item) => item, max: 10 },
      isShared: () => false,
    });
    await Promise.all([6, 4, 50, 3, 3, 3, 0, 1].map(async (item) => await batcher.add(item)));
    expect(runs).toEqual([[6, 4], [50], [3, 3, 3, 0], [1]]);
  });
});
