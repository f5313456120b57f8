import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Dispatcher } from '../../../src/engine/dispatcher.js';
import type { Effect } from '../../../src/persistence/transitions/fragments.js';
import { BUNDLE_SIZE } from '../../../src/queue/bundles.js';
import type { Message } from '../../../src/queue/task-queue.js';
import { BusyConsumer, RecordingBus, RecordingQueue } from '../../support/engine.js';

/** Single messages of a period, in which a backlog grows. */
const LOOSE = 32;
const PERIOD_MS = 100;
const RUN_ID = '00000000-0000-7000-8000-000000000001';

/** Has free slots for so many messages. */
class RoomyConsumer extends BusyConsumer {
  constructor(private room: number) {
    super();
  }

  override takeAtOnce(): boolean {
    return this.room-- > 0;
  }
}

let queue: RecordingQueue;
let bus: RecordingBus;
let dispatcher: Dispatcher;
let made: number;

beforeEach(() => {
  jest.useFakeTimers();
  queue = new RecordingQueue();
  bus = new RecordingBus();
  dispatcher = new Dispatcher(queue, bus, new BusyConsumer());
  made = 0;
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** So many attempts become ready by one transition. @returns how many of them went singly, and how many in bundles */
async function ready(count: number): Promise<{ singly: number; inBundles: number }> {
  const first = made;
  made += count;
  const effects = Array.from(
    { length: count },
    (_, index) =>
      ({ what: 'ready', run_id: RUN_ID, idx: first + index, attempt: 1, priority: 'normal' }) as Effect,
  );
  const [messages, bundled] = [queue.messages.length, queue.inBundles.size];
  dispatcher.dispatch(effects);
  await dispatcher.settle();
  const inBundles = queue.inBundles.size - bundled;
  return { singly: queue.messages.length - messages - inBundles, inBundles };
}

describe('What becomes ready and finds no free slot', () => {
  it('goes one by one as far as a few messages go, and the rest in bundles', async () => {
    expect(await ready(BUNDLE_SIZE)).toEqual({ singly: BUNDLE_SIZE, inBundles: 0 });
    expect(await ready(LOOSE)).toEqual({ singly: LOOSE - BUNDLE_SIZE, inBundles: BUNDLE_SIZE });
    expect(await ready(20)).toEqual({ singly: 0, inBundles: 20 });
    expect(queue.messages.map(({ attemptId }) => attemptId)).toEqual(
      Array.from({ length: made }, (_, idx) => `${RUN_ID}.${idx}.1`),
    );
  });

  it('has as many single messages again when the period is over, and not a moment before', async () => {
    jest.advanceTimersByTime(1_000);
    expect(await ready(100)).toEqual({ singly: LOOSE, inBundles: 100 - LOOSE });
    jest.advanceTimersByTime(PERIOD_MS - 1);
    expect(await ready(100)).toEqual({ singly: 0, inBundles: 100 });
    jest.advanceTimersByTime(1);
    expect(await ready(20)).toEqual({ singly: 20, inBundles: 0 });
    // The period began with what came first in it, and does not begin anew with what follows.
    jest.advanceTimersByTime(PERIOD_MS / 2);
    expect(await ready(20)).toEqual({ singly: LOOSE - 20, inBundles: 20 - (LOOSE - 20) });
    jest.advanceTimersByTime(PERIOD_MS / 2);
    expect(await ready(20)).toEqual({ singly: 20, inBundles: 0 });
  });

  it('goes one by one whenever it is less than a bundle, which takes nothing from the others', async () => {
    for (let times = 0; times < 20; times += 1)
      expect(await ready(BUNDLE_SIZE - 1)).toEqual({ singly: BUNDLE_SIZE - 1, inBundles: 0 });
    expect(await ready(100)).toEqual({ singly: LOOSE, inBundles: 100 - LOOSE });
    expect(await ready(BUNDLE_SIZE - 1)).toEqual({ singly: BUNDLE_SIZE - 1, inBundles: 0 });
  });

  it('is counted without what a free slot takes at once', async () => {
    dispatcher = new Dispatcher(queue, bus, new RoomyConsumer(10));
    expect(await ready(10 + LOOSE + 1)).toEqual({ singly: LOOSE, inBundles: 1 });
  });

  it('wakes workers for what they can fetch: for bundles only where some were sent', async () => {
    await ready(LOOSE);
    expect(bus.nudges.splice(0)).toEqual([{ kind: 'ready', priorities: ['normal'] }]);
    await ready(20);
    expect(bus.nudges).toEqual([{ kind: 'ready', priorities: ['normal'], bundles: ['normal'] }]);
  });
});

describe('A queue that is away', () => {
  it('is told of once, and once that it is back, whichever way messages go', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const told = jest.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
    await ready(LOOSE);
    queue.isAway = true;
    for (let times = 0; times < 3; times += 1) await ready(20);
    await dispatcher.send([] satisfies Message[]);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(told).not.toHaveBeenCalled();
    queue.isAway = false;
    await ready(20);
    await ready(20);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(told).toHaveBeenCalledTimes(1);
  });
});
