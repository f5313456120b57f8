import { Random } from '../../chaos/random.js';

const drawn = (random: Random, count = 20) => Array.from({ length: count }, () => random.next());

describe('the chance of a chaos run', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    expect(drawn(new Random(7))).toEqual(drawn(new Random(7)));
    expect(drawn(new Random(7))).not.toEqual(drawn(new Random(8)));
  });

  it('forks streams that do not depend on what was drawn before, and differ by label and seed', () => {
    const used = new Random(7);
    drawn(used);
    expect(drawn(used.fork('faults'))).toEqual(drawn(new Random(7).fork('faults')));
    expect(drawn(used.fork('faults'))).not.toEqual(drawn(used.fork('workload')));
    expect(drawn(used.fork('faults'))).not.toEqual(drawn(new Random(8).fork('faults')));
    expect(drawn(used.fork('a').fork('b'))).not.toEqual(drawn(used.fork('b')));
  });

  it('spreads evenly, and reaches both ends of a range', () => {
    const random = new Random(1);
    const counts = new Map<number, number>();
    for (let n = 0; n < 6_000; n++) {
      const number = random.integer(-1, 4);
      counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([-1, 0, 1, 2, 3, 4]);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200);
  });

  it('says yes as often as it is asked to', () => {
    const random = new Random(2);
    const yes = Array.from({ length: 5_000 }, () => random.chance(0.2)).filter(Boolean).length;
    expect(Math.abs(yes - 1_000)).toBeLessThan(150);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
  });

  it('picks every item, and refuses to pick from none', () => {
    const random = new Random(3);
    const picked = new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c'])));
    expect([...picked].sort()).toEqual(['a', 'b', 'c']);
    expect(() => random.pick([])).toThrow('nothing to pick from');
  });
});
