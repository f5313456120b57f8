import { jest } from '@jest/globals';
import type { Nudge } from '../../../src/bus/bus.js';
import { WireBus } from '../../../src/bus/wire-bus.js';
import { decode } from '../../../src/bus/wire-format.js';

/** A bus whose wire is a list. */
class ListBus extends WireBus {
  readonly wire: { atMs: number; nudges: Nudge[] }[] = [];

  protected override async send(payloads: readonly string[]): Promise<void> {
    for (const payload of payloads) this.wire.push({ atMs: Date.now(), nudges: decode(payload).nudges });
  }

  protected override async disconnect(): Promise<void> {}
}

const event = (seq: number): Nudge => ({ kind: 'events', runId: 'x', dagId: 1, from: seq, to: seq });
const ready: Nudge = { kind: 'ready', priorities: ['low'] };

let bus: ListBus;
beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
  bus = new ListBus({ log: () => undefined, warn: () => undefined }, 100_000);
});
afterEach(async () => {
  jest.useRealTimers();
  await bus.close();
});

const after = async (ms: number) => await jest.advanceTimersByTimeAsync(ms);
const sentAfter = () => bus.wire.map(({ atMs, nudges }) => [atMs - 1_000_000, nudges]);

describe('A bus that has just spoken', () => {
  beforeEach(async () => {
    bus.publish([event(1)]);
    await after(0);
  });

  it('says a stream of events every 20 ms', async () => {
    for (let seq = 2; seq <= 40; seq += 1) {
      bus.publish([event(seq)]);
      await after(1);
    }
    await after(20);
    expect(sentAfter()).toEqual([
      [0, [event(1)]],
      [20, [{ ...event(2), to: 21 }]],
      [40, [{ ...event(22), to: 40 }]],
    ]);
  });

  it('says within 2 ms what work waits for, and the events before it', async () => {
    await after(5);
    bus.publish([event(2)]);
    await after(1);
    bus.publish([ready]);
    await after(2);
    expect(sentAfter()).toEqual([
      [0, [event(1)]],
      [6, [ready, event(2)]],
    ]);
  });

  it('goes on when the clock is set back by an hour', async () => {
    jest.setSystemTime(1_000_000 - 3_600_000);
    bus.publish([event(2)]);
    await after(600);
    expect(bus.wire).toHaveLength(2);
  });
});
