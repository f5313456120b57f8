import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { firstUuidOf, isUuid, uuidv7 } from '../../../src/domain/ids.js';

const randomUuid = fc.uuid({ version: 4 });
const ZERO = '00000000-0000-4000-8000-000000000000';
const timestamp = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe('uuidv7', () => {
  it('makes the example of RFC 9562, appendix A.6', () => {
    expect(uuidv7(0x017f22e279b0, '919108f7-52d1-4cc3-98c4-dc0c0c07398f')).toBe(
      '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
    );
  });

  it('always carries its version, its variant and its time', () => {
    fc.assert(
      fc.property(timestamp, randomUuid, (nowMs, random) => {
        const id = uuidv7(nowMs, random);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
      }),
    );
  });

  it('sorts by time', () => {
    fc.assert(
      fc.property(timestamp, timestamp, randomUuid, randomUuid, (one, other, random, otherRandom) => {
        if (one < other) expect(uuidv7(one, random) < uuidv7(other, otherRandom)).toBe(true);
      }),
    );
  });

  it('differs when any of its 74 random bits does', () => {
    const ids = new Set([uuidv7(1, ZERO)]);
    const lastHalf = 0x8000_0000_0000_0000n;
    for (let bit = 0n; bit < 62n; bit += 1n) {
      const half = (lastHalf | (1n << bit)).toString(16);
      ids.add(uuidv7(1, `00000000-0000-4000-${half.slice(0, 4)}-${half.slice(4)}`));
    }
    for (let bit = 0; bit < 12; bit += 1) {
      const third = (1 << bit).toString(16).padStart(3, '0');
      ids.add(uuidv7(1, `00000000-0000-4${third}-8000-000000000000`));
    }
    expect(ids.size).toBe(1 + 74);
  });

  it.each([-1, 0.5, NaN, 2 ** 48])('refuses the time %p', (nowMs) => {
    expect(() => uuidv7(nowMs, ZERO)).toThrow(RangeError);
  });

  it.each(['', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', ZERO.slice(1), `${ZERO}0`])(
    'refuses %j for random bits',
    (random) => {
      expect(() => uuidv7(1, random)).toThrow(RangeError);
    },
  );
});

describe('firstUuidOf', () => {
  it('lies between all ids of the milliseconds before and all of this one and later', () => {
    const times = fc.integer({ min: 0, max: 2 ** 48 - 2 });
    fc.assert(
      fc.property(times, randomUuid, (ms, random) => {
        const id = uuidv7(ms, random);
        expect(firstUuidOf(ms) <= id).toBe(true);
        expect(id < firstUuidOf(ms + 1)).toBe(true);
      }),
    );
  });

  it('takes times that no id has for the nearest that one has', () => {
    expect(firstUuidOf(-1)).toBe('00000000-0000-0000-0000-000000000000');
    expect(firstUuidOf(2 ** 50)).toBe('ffffffff-ffff-0000-0000-000000000000');
  });
});

describe('isUuid', () => {
  it('knows a UUID in either case', () => {
    expect(isUuid('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe(true);
    expect(isUuid('017F22E2-79B0-7CC3-98C4-DC0C0C07398F')).toBe(true);
  });

  it.each(['', 'x', '017f22e279b07cc398c4dc0c0c07398f', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n', '1'])(
    'does not take %j for one',
    (text) => {
      expect(isUuid(text)).toBe(false);
    },
  );
});
