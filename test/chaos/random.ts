/**
 * Chance from one printed seed, so that a run can be had again.
 *
 * Mulberry32 (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c): 32 bits of state, a full period,
 * and the same numbers on every machine.
 */
export class Random {
  private state: number;

  constructor(private readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 (included) to 1 (excluded). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** One of the items, which must not be none. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('There is nothing to pick from.');
    return items[Math.floor(this.next() * items.length)];
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /**
   * An independent stream: the same seed and label give the same numbers, however many were drawn here before. So one
   * part of a plan may change without changing the others.
   */
  fork(label: string): Random {
    // FNV-1a over the label, from the seed.
    let hash = (0x811c9dc5 ^ this.seed) >>> 0;
    for (const byte of Buffer.from(label)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    return new Random(hash);
  }
}
