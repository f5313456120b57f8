/**
 * Generators that cost little for each value: 20,000 requests are made of some millions. Texts and JSON of all kinds come
 * from fast-check, which is better at them; some hundred of each are made once and then drawn from.
 */
import fc from 'fast-check';

/** Of each kind. */
const SAMPLES = 100;

/** A stream of numbers that a seed determines (mulberry32). */
export class Random {
  constructor(private state: number) {}

  /** From 0 to below 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both of which may come. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.int(0, values.length - 1)];
  }
}

export class Generator<Value> {
  constructor(readonly make: (random: Random) => Value) {}

  map<Other>(change: (value: Value) => Other): Generator<Other> {
    return new Generator((random) => change(this.make(random)));
  }
}

export interface Weighted<Value> {
  weight: number;
  of: Generator<Value>;
}

export function constant<Value>(value: Value): Generator<Value> {
  return new Generator(() => value);
}

export function constantFrom<Value>(...values: Value[]): Generator<Value> {
  return new Generator((random) => random.pick(values));
}

/** One of them, all as likely as each other. */
export function oneOf<Value>(...choices: Generator<Value>[]): Generator<Value> {
  return new Generator((random) => random.pick(choices).make(random));
}

/** One of them, as likely as its weight says. */
export function weighted<Value>(...choices: Weighted<Value>[]): Generator<Value> {
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  return new Generator((random) => {
    let at = random.next() * total;
    const chosen = choices.find(({ weight }) => (at -= weight) < 0) ?? choices[0];
    return chosen.of.make(random);
  });
}

export function integer(min: number, max: number): Generator<number> {
  return new Generator((random) => random.int(min, max));
}

/** A number to choose with. */
export const nat = integer(0, 1_000_000);

export const boolean = constantFrom(true, false);

/** Null in one of five. */
export function option<Value>(of: Generator<Value>): Generator<Value | null> {
  return new Generator((random) => (random.int(0, 4) === 0 ? null : of.make(random)));
}

export function tuple<Values extends unknown[]>(
  ...parts: { [At in keyof Values]: Generator<Values[At]> }
): Generator<Values> {
  return new Generator((random) => parts.map((part) => part.make(random)) as Values);
}

export function array<Value>(of: Generator<Value>, minLength: number, maxLength: number): Generator<Value[]> {
  return new Generator((random) =>
    Array.from({ length: random.int(minLength, maxLength) }, () => of.make(random)),
  );
}

/** Fewer than asked for when the same comes twice. */
export function uniqueArray<Value>(
  of: Generator<Value>,
  minLength: number,
  maxLength: number,
  identity: (value: Value) => unknown = (value) => value,
): Generator<Value[]> {
  return array(of, minLength, maxLength).map((values) => [
    ...new Map(values.map((value) => [identity(value), value])).values(),
  ]);
}

/** An object with all fields, or with the required ones and some of the others. */
export function record<Fields extends Record<string, unknown>>(
  fields: { [Key in keyof Fields]: Generator<Fields[Key]> },
  required: readonly string[] = Object.keys(fields),
): Generator<Fields> {
  const entries = Object.entries(fields as Record<string, Generator<unknown>>).map(
    ([key, of]) => [key, of, required.includes(key)] as const,
  );
  return new Generator((random) => {
    const made: [string, unknown][] = [];
    for (const [key, of, isRequired] of entries)
      if (isRequired || random.int(0, 1) === 0) made.push([key, of.make(random)]);
    return Object.fromEntries(made) as Fields;
  });
}

export function dictionary<Value>(
  key: Generator<string>,
  value: Generator<Value>,
  maxKeys: number,
): Generator<Record<string, Value>> {
  return array(tuple(key, value), 0, maxKeys).map((entries) => Object.fromEntries(entries));
}

/** Made when it is first drawn from: schemas hold each other, and most of what they hold is never asked for. */
export function lazy<Value>(build: () => Generator<Value>): Generator<Value> {
  let built: Generator<Value> | undefined;
  return new Generator((random) => (built ??= build()).make(random));
}

/** Values that fast-check thinks of. */
export function sampled<Value>(build: () => fc.Arbitrary<Value>): Generator<Value> {
  let values: Value[] | undefined;
  return new Generator((random) => {
    values ??= fc.sample(build(), { seed: random.int(0, 2 ** 31), numRuns: SAMPLES });
    return random.pick(values);
  });
}
