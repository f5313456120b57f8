import fc from 'fast-check';
import type { Nudge } from '../../../src/bus/bus.js';
import { decode, encode } from '../../../src/bus/wire-format.js';
import { PRIORITIES } from '../../../src/domain/priority.js';

const nudge: fc.Arbitrary<Nudge> = fc.oneof(
  fc.record({
    kind: fc.constant('ready' as const),
    priorities: fc.subarray([...PRIORITIES], { minLength: 1 }),
  }),
  fc.record({
    kind: fc.constant('events' as const),
    runId: fc.uuid(),
    dagId: fc.nat(),
    from: fc.nat(),
    to: fc.nat(),
  }),
  fc.record({
    kind: fc.constant('stop' as const),
    attemptIds: fc.array(fc.string({ unit: 'grapheme', maxLength: 5 }), { minLength: 1, maxLength: 250 }),
  }),
);

const stopped = (nudges: readonly Nudge[]) =>
  nudges.flatMap((one) => (one.kind === 'stop' ? one.attemptIds : []));
const others = (nudges: readonly Nudge[]) => nudges.filter(({ kind }) => kind !== 'stop');

describe('The wire format of the bus', () => {
  it('brings everything over, in payloads that are small enough', () => {
    fc.assert(
      fc.property(fc.array(nudge, { maxLength: 60 }), fc.boolean(), (nudges, missed) => {
        const { payloads, oversized } = encode({ origin: 'me', nudges, missed }, 4_000);
        expect(oversized).toEqual([]);
        for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(4_000);
        const messages = payloads.map(decode);
        const arrived = messages.flatMap((message) => message.nudges);
        expect(stopped(arrived)).toEqual(stopped(nudges));
        expect(others(arrived)).toEqual(others(nudges));
        expect(messages.every((message) => message.origin === 'me' && message.missed === missed)).toBe(true);
        if (missed) expect(payloads.length).toBeGreaterThan(0);
      }),
    );
  });

  it('says nothing when there is nothing to say', () => {
    expect(encode({ origin: 'me', nudges: [], missed: false }, 4_000).payloads).toEqual([]);
  });

  it('says that something was missed even when there is nothing else to say', () => {
    const { payloads } = encode({ origin: 'me', nudges: [], missed: true }, 4_000);
    expect(payloads.map(decode)).toEqual([{ origin: 'me', nudges: [], missed: true }]);
  });

  it('sets aside what fits into no payload and sends the rest', () => {
    const large: Nudge = { kind: 'stop', attemptIds: ['x'.repeat(5_000)] };
    const small: Nudge = { kind: 'ready', priorities: ['low'] };
    const { payloads, oversized } = encode({ origin: 'me', nudges: [large, small], missed: false }, 4_000);
    expect(oversized).toEqual([large]);
    expect(payloads.map(decode).flatMap((message) => message.nudges)).toEqual([small]);
  });

  it.each(['', 'hello', '{}', '[]', 'null', '{"o":1,"n":[]}', '{"o":"a"}'])('refuses %j', (payload) => {
    expect(() => decode(payload)).toThrow();
  });

  it('leaves out nudges it does not know or cannot read', () => {
    const payload = JSON.stringify({
      o: 'peer',
      n: [
        { kind: 'of a later version' },
        { kind: 'ready', priorities: ['urgent'] },
        { kind: 'ready', priorities: ['low'], bundles: 'all' },
        { kind: 'events', runId: 'a', dagId: 1, from: '1', to: 2 },
        { kind: 'stop', attemptIds: [1] },
        { kind: 'worker', event: null },
        null,
        { kind: 'ready', priorities: ['low'] },
        { kind: 'ready', priorities: ['low'], bundles: ['low'] },
      ],
    });
    expect(decode(payload).nudges).toEqual([
      { kind: 'ready', priorities: ['low'] },
      { kind: 'ready', priorities: ['low'], bundles: ['low'] },
    ]);
  });
});
