import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { type Action, ACTIONS, type Choices, type Need } from './actions.js';
import { pictureOf } from './picture.js';
import type { Side } from './side.js';

/** The same installation twice: its database in memory, and PostgreSQL. */
export interface Pair {
  memory: Side;
  postgres: Side;
}

/** What there is to act upon. */
export type Stock = Record<Need, boolean>;

export const EMPTY: Readonly<Stock> = {
  job: false,
  message: false,
  queued: false,
  claim: false,
  entry: false,
};

/** One action on both sides, which must answer alike and look alike afterwards. */
class Command implements fc.AsyncCommand<Stock, Pair> {
  constructor(
    private readonly name: string,
    private readonly choices: Choices,
  ) {}

  check(stock: Readonly<Stock>): boolean {
    const { needs } = ACTIONS[this.name];
    return needs === undefined || stock[needs];
  }

  async run(stock: Stock, { memory, postgres }: Pair): Promise<void> {
    const { act } = ACTIONS[this.name];
    const expected = await answerOf(act, memory, this.choices);
    expectSame(await answerOf(act, postgres, this.choices), expected);
    await expectAlike({ memory, postgres });
    const { tasks, entries } = await memory.installation.written();
    stock.job = memory.runIds().length > 0;
    stock.message = memory.seen.length > 0;
    stock.queued = tasks.some((task) => task.status === 'queued');
    stock.claim = memory.claims.length > 0;
    stock.entry = entries.length > 0;
  }

  toString(): string {
    return `${this.name} (${this.choices.join(', ')})`;
  }
}

async function answerOf(act: Action, side: Side, choices: Choices): Promise<unknown> {
  try {
    const answer = await act(side, choices);
    await side.verbs.dispatcher.settle();
    return answer;
  } catch (error) {
    // What PostgreSQL refuses, the memory must refuse for the same reason; all else is a fault of the test.
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === null) throw error;
    return { refused: code };
  }
}

export async function expectAlike({ memory, postgres }: Pair): Promise<void> {
  const expected = await pictureOf(memory);
  expectSame(await pictureOf(postgres), expected);
}

/** As `toEqual`, which takes longer than everything else here where there is much to compare. */
function expectSame(received: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(received, expected)) expect(received).toEqual(expected);
}

export function commands(maxCommands: number): fc.Arbitrary<Iterable<fc.AsyncCommand<Stock, Pair>>> {
  const one = fc.oneof(
    ...Object.entries(ACTIONS).map(([name, { weight }]) => ({
      weight,
      arbitrary: fc
        .array(fc.nat(99), { minLength: 4, maxLength: 4 })
        .map((choices) => new Command(name, choices)),
    })),
  );
  return fc.commands([one], { maxCommands, size: 'max' });
}
