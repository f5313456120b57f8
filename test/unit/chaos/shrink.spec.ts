import { shrink } from '../../chaos/shrink.js';

const numbers = Array.from({ length: 40 }, (_, index) => index);

/** Fails when all of `needed` are there; counts how often it was asked. */
function failsWith(...needed: number[]) {
  const asked: number[][] = [];
  const fails = (candidate: readonly number[]) => {
    asked.push([...candidate]);
    return Promise.resolve(needed.every((one) => candidate.includes(one)));
  };
  return { asked, fails };
}

describe('shrinking a list that fails', () => {
  it.each([
    ['one item', [23]],
    ['two items far apart', [3, 37]],
    ['three items', [0, 19, 20]],
  ])('finds the %s that it takes', async (_, needed) => {
    const { fails } = failsWith(...needed);
    expect(await shrink(numbers, fails, 1_000)).toEqual(needed);
  });

  it('keeps the order of what is left', async () => {
    const { fails } = failsWith(31, 8);
    expect(await shrink(numbers, fails, 1_000)).toEqual([8, 31]);
  });

  it('asks no more often than it may, and gives back a list that was seen to fail', async () => {
    const { asked, fails } = failsWith(3, 37);
    const smallest = await shrink(numbers, fails, 9);
    expect(asked).toHaveLength(9);
    expect(smallest.length).toBeLessThan(numbers.length);
    expect(asked).toContainEqual([...smallest]);
    expect(await fails(smallest)).toBe(true);
  });

  it('gives back everything when nothing can be left out', async () => {
    const { fails } = failsWith(...numbers.slice(0, 5));
    expect(await shrink(numbers.slice(0, 5), fails, 1_000)).toEqual(numbers.slice(0, 5));
  });
});
