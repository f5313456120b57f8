import { describe, expect, test } from '@jest/globals';
import { MovingPosition, parsePosition } from '../../../src/events/position.js';

const run = (index: number): string => `01890000-0000-7000-8000-${String(index).padStart(12, '0')}`;

describe('a position in the stream of all jobs', () => {
  test('is read as it was written', () => {
    const moving = new MovingPosition({ momentMs: 1_700_000_000_123, seqs: new Map() });
    moving.moveTo(run(1), 7);
    moving.moveTo(run(2), 2_147_483_647);
    moving.moveTo(run(1), 8);
    expect(parsePosition(String(moving))).toEqual({
      momentMs: 1_700_000_000_123,
      seqs: new Map([
        [run(2), 2_147_483_647],
        [run(1), 8],
      ]),
    });
  });

  test('goes on from one that was read', () => {
    const first = new MovingPosition({ momentMs: 5, seqs: new Map([[run(1), 3]]) });
    const second = new MovingPosition(parsePosition(String(first))!);
    second.pass(6);
    second.moveTo(run(2), 1);
    expect(parsePosition(String(second))).toEqual({
      momentMs: 6,
      seqs: new Map([
        [run(1), 3],
        [run(2), 1],
      ]),
    });
  });

  test('holds the jobs that moved last, and fits into a header', () => {
    const moving = new MovingPosition({ momentMs: Date.now(), seqs: new Map() });
    for (let index = 0; index < 100; index += 1) moving.moveTo(run(index), 2_000_000_000);
    moving.moveTo(run(95), 2_000_000_001);
    const text = String(moving);
    expect(text.length).toBeLessThan(500);
    expect([...parsePosition(text)!.seqs.keys()]).toEqual([92, 93, 94, 96, 97, 98, 99, 95].map(run));
  });

  test.each([
    '',
    '7 ',
    'x y',
    '-1',
    '5.',
    `5.${run(1)}~1`,
    '5.0189~1',
    `${'9'.repeat(10)}`,
    'é',
    '5~1',
    'NaN!',
  ])('is not %j', (text) => {
    expect(parsePosition(text)).toBeNull();
  });
});
