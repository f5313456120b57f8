import fc from 'fast-check';
import type { Nudge } from '../../../src/bus/bus.js';
import { NudgeBatch } from '../../../src/bus/nudge-batch.js';

const events = (runId: string, from: number, to: number): Nudge => ({
  kind: 'events',
  runId,
  dagId: 1,
  from,
  to,
});

const batched = (nudges: readonly Nudge[]): Nudge[] => {
  const batch = new NudgeBatch();
  for (const nudge of nudges) batch.add(nudge);
  expect(batch.size).toBe(batch.nudges().length);
  return batch.nudges();
};

/** Every event a list of nudges speaks of. */
const covered = (nudges: readonly Nudge[]): Set<string> =>
  new Set(
    nudges.flatMap((nudge) =>
      nudge.kind === 'events'
        ? Array.from({ length: nudge.to - nudge.from + 1 }, (_, i) => `${nudge.runId}/${nudge.from + i}`)
        : [],
    ),
  );

describe('A batch of nudges', () => {
  it('unites priorities and attempts', () => {
    expect(
      batched([
        { kind: 'ready', priorities: ['low'] },
        { kind: 'stop', attemptIds: ['a'] },
        { kind: 'ready', priorities: ['high', 'low'] },
        { kind: 'stop', attemptIds: ['b', 'a'] },
      ]),
    ).toEqual([
      { kind: 'ready', priorities: ['low', 'high'] },
      { kind: 'stop', attemptIds: ['a', 'b'] },
    ]);
  });

  it('unites the classes that hold bundles apart from those that hold messages', () => {
    expect(
      batched([
        { kind: 'ready', priorities: ['low'] },
        { kind: 'ready', priorities: ['high'], bundles: ['high'] },
        { kind: 'ready', priorities: ['high', 'low'], bundles: ['high'] },
      ]),
    ).toEqual([{ kind: 'ready', priorities: ['low', 'high'], bundles: ['high'] }]);
  });

  it('joins ranges of events of one job that touch or overlap', () => {
    expect(batched([events('a', 1, 3), events('b', 4, 4), events('a', 4, 6), events('a', 5, 9)])).toEqual([
      events('a', 1, 9),
      events('b', 4, 4),
    ]);
  });

  it('joins ranges that come in the wrong order', () => {
    expect(batched([events('a', 5, 6), events('a', 3, 4)])).toEqual([events('a', 3, 6)]);
  });

  it('leaves a gap a gap', () => {
    expect(batched([events('a', 1, 2), events('a', 4, 5)])).toEqual([events('a', 1, 2), events('a', 4, 5)]);
  });

  it('leaves what it was given as it was', () => {
    const first = events('a', 1, 1);
    batched([first, events('a', 2, 2)]);
    expect(first).toEqual(events('a', 1, 1));
  });

  it('speaks of exactly the events it was given', () => {
    const range = fc
      .tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 6 }))
      .map(([runId, from, more]) => events(runId, from, from + more));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), (nudges) => {
        expect(covered(batched(nudges))).toEqual(covered(nudges));
      }),
    );
  });
});
