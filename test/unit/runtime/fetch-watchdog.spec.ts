import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { loadConfig } from '../../../src/config/load-config.js';
import { GivingUp } from '../../../src/engine/giving-up.js';
import type { DispatchStore } from '../../../src/persistence/dispatch.store.js';
import type { TaskConsumer } from '../../../src/queue/task-consumer.js';
import type { TaskQueue } from '../../../src/queue/task-queue.js';
import { FetchWatchdog } from '../../../src/runtime/fetch-watchdog.js';

/** Of PROGRESS_SECONDS. */
const MS = 30_000;

/** What the worker, the database and the queue say; a worker that should get something and does not. */
const world = { idleSince: 0 as number | null, waited: true, waits: true, isAway: false };
const said: string[] = [];
let watchdog: FetchWatchdog;

beforeEach(() => {
  Logger.overrideLogger(false);
  jest.useFakeTimers();
  Object.assign(world, { idleSince: performance.now(), waited: true, waits: true, isAway: false });
  said.length = 0;
  const answer = async (value: boolean): Promise<boolean> => {
    if (world.isAway) throw new Error('away');
    return value;
  };
  const consumer: Partial<TaskConsumer> = {
    get idleSince() {
      return world.idleSince;
    },
    renew: () => void said.push('renewed'),
  };
  const store: Partial<DispatchStore> = { hasWaitedFor: async () => await answer(world.waited) };
  const queue: Partial<TaskQueue> = { hasWaiting: async () => await answer(world.waits) };
  const givingUp = new GivingUp();
  givingUp.onGivenUp(() => said.push('gave up'));
  watchdog = new FetchWatchdog(
    consumer as TaskConsumer,
    queue as TaskQueue,
    store as DispatchStore,
    givingUp,
    loadConfig({ PROGRESS_SECONDS: String(MS / 1_000) }),
  );
  watchdog.onApplicationBootstrap();
});
afterEach(() => {
  watchdog.beforeApplicationShutdown();
  jest.useRealTimers();
});

const pass = async (ms: number): Promise<void> => await jest.advanceTimersByTimeAsync(ms);

describe('A worker that gets nothing although messages wait', () => {
  it('renews its connection after the time and a second look, and gives up after as long again', async () => {
    await pass(MS);
    expect(said).toEqual([]);
    await pass(MS / 3);
    expect(said).toEqual(['renewed']);
    await pass(MS);
    expect(said).toEqual(['renewed']);
    await pass(MS / 3);
    expect(said).toEqual(['renewed', 'gave up']);
  });

  it('may be stuck again later when renewing has helped', async () => {
    for (const round of [1, 2, 3]) {
      await pass(2 * MS);
      expect(said).toEqual(Array.from({ length: round }, () => 'renewed'));
      world.idleSince = performance.now();
    }
  });

  it('says nothing any more once it is leaving', async () => {
    watchdog.beforeApplicationShutdown();
    await pass(10 * MS);
    expect(said).toEqual([]);
  });
});

describe('Nothing is wrong with a worker', () => {
  it.each<[string, Partial<typeof world>]>([
    ['whose slots are all used, however deep the backlog', { idleSince: null }],
    ['for which nothing waits for long, as others are quicker', { waited: false }],
    ['whose messages were lost, or belong to a queue that was paused', { waits: false }],
    ['whose queue or database is away', { isAway: true }],
  ])('%s', async (_what, state) => {
    Object.assign(world, state);
    await pass(10 * MS);
    expect(said).toEqual([]);
  });

  it('that gets something now and then', async () => {
    for (let minute = 0; minute < 20; minute += 1) {
      await pass(MS - 1);
      world.idleSince = performance.now();
    }
    expect(said).toEqual([]);
  });

  it('when it looked wrong once', async () => {
    for (let look = 0; look < 30; look += 1) {
      world.waits = look % 2 === 0;
      await pass(MS / 3);
    }
    expect(said).toEqual([]);
  });
});
