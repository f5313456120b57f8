import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import * as ws from 'ws';
import type { EventEnvelope } from '../../../src/domain/events.js';
import { inChunks, Parcel } from '../../../src/events/parcel.js';

const event = (seq: number, filler = ''): EventEnvelope => ({
  seq,
  type: 'task.queued',
  run_id: 'run',
  dag_id: 1,
  task: 'a',
  attempt: 1,
  at: '2026-01-31T12:00:00.000Z',
  data: { filler },
});

/** What a WebSocket client makes of bytes from a server. */
async function received(bytes: Buffer, count: number): Promise<unknown[]> {
  const { Receiver } = ws as unknown as { Receiver: new (options: object) => NodeJS.WritableStream };
  const receiver = new Receiver({ isServer: false, maxPayload: 0 });
  const messages: unknown[] = [];
  const done = new Promise<void>((resolve) =>
    receiver.on('message', (data: Buffer) => {
      messages.push(JSON.parse(data.toString()));
      if (messages.length === count) resolve();
    }),
  );
  new PassThrough().end(bytes).pipe(receiver);
  await done;
  return messages;
}

describe('a parcel', () => {
  test('is one WebSocket message per event, of any length a frame can have', async () => {
    const events = [0, 10, 125, 126, 65_500, 65_600, 200_000].map((length, index) =>
      event(index + 1, 'ä'.repeat(length)),
    );
    const texts = events.map((one) => Buffer.byteLength(JSON.stringify(one)));
    expect(Math.max(...texts)).toBeGreaterThan(65_536);
    expect(await received(Parcel.ofJob(events).webSocketFrames, events.length)).toEqual(events);
  });

  test('is one server-sent event per event, each with where to resume', () => {
    const events = [event(1, 'line\nbreak'), event(2)];
    expect(Parcel.ofJob(events).serverSent.toString()).toBe(
      `id: 1\ndata: ${JSON.stringify(events[0])}\n\nid: 2\ndata: ${JSON.stringify(events[1])}\n\n`,
    );
  });

  test('gives all readers the same bytes', () => {
    const parcel = Parcel.ofJob([event(1)]);
    expect(parcel.webSocketFrames).toBe(parcel.webSocketFrames);
    expect(parcel.serverSent).toBe(parcel.serverSent);
    expect(parcel.without(() => false)).toBe(parcel);
  });

  test('leaves out what a reader has, with its id', () => {
    const rest = new Parcel([event(1), event(2), event(3)], ['a', 'b', 'c']).without(({ seq }) => seq === 2);
    expect(rest.messages.map(({ seq }) => seq)).toEqual([1, 3]);
    expect(rest.serverSent.toString()).toMatch(/^id: a\n[^]*id: c\n/);
    expect(rest.serverSent.toString()).not.toContain('id: b');
  });
});

describe('chunks', () => {
  test('keep everything in order, small ones together and large ones alone', () => {
    const small = Array.from({ length: 100 }, (_, index) => event(index + 1));
    expect(inChunks(small)).toEqual([small]);
    expect(inChunks([])).toEqual([]);
    const large = [1, 2, 3].map((seq) => event(seq, 'x'.repeat(200_000)));
    expect(inChunks(large)).toEqual(large.map((one) => [one]));
  });
});
