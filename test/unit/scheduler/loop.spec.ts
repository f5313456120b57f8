import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Logger } from '@nestjs/common';
import { GivingUp } from '../../../src/engine/giving-up.js';
import { Progress } from '../../../src/engine/progress.js';
import { Loop } from '../../../src/scheduler/loop.js';

const MAX_MS = 60_000;

let said: string[];
let progress: Progress;
let timers: NodeJS.Timeout[];

beforeEach(() => {
  jest.useFakeTimers();
  said = [];
  timers = [];
  progress = new Progress();
});
afterEach(() => {
  for (const timer of timers) clearInterval(timer);
  jest.useRealTimers();
});

function turn(round: (alive: () => void) => Promise<unknown>): Loop {
  const note = (message: string) => void said.push(message);
  const logger: Partial<Logger> = { log: note, warn: note, error: note };
  const givingUp = new GivingUp();
  givingUp.onGivenUp((reason) => said.push(`gave up: ${reason}`));
  const surroundings = { logger: logger as Logger, progress, givingUp, maxSilenceMs: MAX_MS };
  const loop = new Loop({ name: 'test', everyMs: 1_000, round }, surroundings);
  progress.watch('test', MAX_MS + 2_000);
  timers.push(setInterval(() => loop.begin(), loop.everyMs));
  return loop;
}

const pass = async (ms: number): Promise<void> => await jest.advanceTimersByTimeAsync(ms);
const never = async (): Promise<void> => await new Promise(() => undefined);

describe('A loop of the scheduler', () => {
  it('runs one round at a time, each within a turn of the last', async () => {
    let underWay = 0;
    let rounds = 0;
    turn(async () => {
      expect((underWay += 1)).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      underWay -= 1;
      rounds += 1;
    });
    await pass(10_600);
    expect(rounds).toBe(5);
  });

  it('says once that it fails, and once that it works again', async () => {
    let fails = true;
    turn(async () => {
      if (fails) throw new Error('the database is away');
    });
    await pass(5_000);
    fails = false;
    await pass(5_000);
    expect(said).toEqual(['The loop "test" fails: the database is away', 'The loop "test" works again.']);
  });

  it('begins anew when a round has hung, and is live all the while', async () => {
    let rounds = 0;
    turn(async () => await ((rounds += 1) === 1 ? never() : Promise.resolve()));
    await pass(MAX_MS + 1_000);
    expect(rounds).toBe(1);
    expect(progress.stuck()).toEqual([]);
    await pass(10_000);
    expect(rounds).toBeGreaterThan(5);
    expect(said).toEqual([
      'A round of the loop "test" has hung for 60 s: it is abandoned, and the loop begins anew.',
    ]);
    expect(progress.stuck()).toEqual([]);
  });

  it('gives up when the next round hangs as well, but not for two that are far apart', async () => {
    let rounds = 0;
    turn(async () => await ([1, 4, 9, 10].includes((rounds += 1)) ? never() : Promise.resolve()));
    await pass(3 * MAX_MS);
    expect(said.filter((line) => line.startsWith('gave up'))).toEqual([]);
    await pass(3 * MAX_MS);
    expect(said.filter((line) => line.startsWith('gave up'))).toEqual([
      'gave up: the loop "test" has hung for 60 s twice in a row',
    ]);
    expect(rounds).toBe(10);
  });

  it('takes a long round that shows signs of life for what it is', async () => {
    turn(async (alive) => {
      for (let step = 0; step < 10; step += 1) {
        await new Promise((resolve) => setTimeout(resolve, MAX_MS - 1_000));
        alive();
      }
    });
    await pass(10 * MAX_MS);
    expect(said).toEqual([]);
    expect(progress.stuck()).toEqual([]);
  });

  it('stops an abandoned round at its next step, and takes no word from it', async () => {
    const steps: string[] = [];
    let rounds = 0;
    turn(async (alive) => {
      rounds += 1;
      const name = `round ${rounds}`;
      if (rounds > 1) return await pauseFor(1e9);
      await pauseFor(MAX_MS + 5_000);
      steps.push(`${name} came back`);
      alive();
      steps.push(`${name} went on`);
    });
    await pass(MAX_MS + 30_000);
    expect(steps).toEqual(['round 1 came back']);
    expect(said).toHaveLength(1);
    // The second one is still under way: its end was not taken from the first.
    expect(rounds).toBe(2);
  });
});

async function pauseFor(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
