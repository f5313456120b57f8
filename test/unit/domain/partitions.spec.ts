import { describe, expect, it } from '@jest/globals';
import { firstUuidOf, timeOfUuid, uuidv7 } from '../../../src/domain/ids.js';
import { DAY_MS, dayOf, spanBehind, spanDays, spansAhead } from '../../../src/domain/partitions.js';

const at = (text: string): number => Date.parse(`${text}Z`);
/** Random bits of the smallest id of a millisecond, and of the largest. */
const [LEAST, MOST] = ['00000000-0000-4000-8000-000000000000', 'ffffffff-ffff-4fff-bfff-ffffffffffff'];
const bound = (text: string): string => firstUuidOf(at(`${text}T00:00`));

describe('A partition', () => {
  it.each([
    [0, 7],
    [1, 1],
    [7, 1],
    [15, 1],
    [16, 2],
    [30, 3],
    [56, 7],
    [3_650, 7],
  ])('is an eighth of a retention of %d days, which is %d, and never more than a week', (retention, days) => {
    expect(spanDays(retention)).toBe(days);
  });

  it('holds what was made on its days and nothing else', () => {
    const [{ from, to }] = spansAhead(null, at('2026-05-04T12:00'), 1);
    expect(from).toBe(bound('2026-05-05'));
    expect(to).toBe(bound('2026-05-06'));
    expect(uuidv7(at('2026-05-05T00:00'), LEAST) >= from).toBe(true);
    expect(uuidv7(at('2026-05-04T23:59:59.999'), MOST) < from).toBe(true);
    expect(uuidv7(at('2026-05-05T23:59:59.999'), MOST) < to).toBe(true);
    expect(uuidv7(at('2026-05-06T00:00'), LEAST) >= to).toBe(true);
  });

  it('carries the day it begins with in its name', () => {
    expect(dayOf(bound('2026-05-05'))).toBe('20260505');
    expect(timeOfUuid(bound('2026-05-05'))).toBe(at('2026-05-05T00:00'));
  });
});

describe('What is made ahead', () => {
  const now = at('2026-05-04T12:00');

  it('begins where the newest ends and reaches a week ahead', () => {
    const spans = spansAhead(bound('2026-05-06'), now, 3);
    expect(spans.map(({ from, to }) => [dayOf(from), dayOf(to)])).toEqual([
      ['20260506', '20260509'],
      ['20260509', '20260512'],
    ]);
  });

  it('is nothing while the newest reaches further', () => {
    expect(spansAhead(firstUuidOf(now + 7 * DAY_MS), now, 1)).toEqual([]);
    expect(spansAhead(bound('2036-01-01'), now, 1)).toEqual([]);
  });

  it('never begins before the next midnight that is an hour away, whoever was away how long', () => {
    expect(spansAhead(bound('2026-01-01'), now, 7)[0].from).toBe(bound('2026-05-05'));
    expect(spansAhead(null, at('2026-05-04T22:59:59'), 7)[0].from).toBe(bound('2026-05-05'));
    expect(spansAhead(null, at('2026-05-04T23:00'), 7)[0].from).toBe(bound('2026-05-06'));
  });
});

describe('A span of which something is elsewhere', () => {
  const span = { from: bound('2026-05-05'), to: bound('2026-05-08') };

  it('is what lies behind the next midnight', () => {
    const runId = uuidv7(at('2026-05-06T18:00'), LEAST);
    expect(spanBehind(runId, span)).toEqual({ from: bound('2026-05-07'), to: span.to });
  });

  it('is nothing when that is on its last day', () => {
    expect(spanBehind(uuidv7(at('2026-05-07T00:00'), LEAST), span)).toBeNull();
  });
});
