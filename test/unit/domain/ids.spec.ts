import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { firstUuidOf, isUuid, UUID_RANDOM_BYTES, uuidv7 } from '../../../src/domain/ids.js';

const randomBytes = fc.uint8Array({ minLength: UUID_RANDOM_BYTES, maxLength: UUID_RANDOM_BYTES });
const timestamp = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe('uuidv7', () => {
  it('makes the example of RFC 9562, appendix A.6', () => {
    const bytes = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    expect(uuidv7(0x017f22e279b0, bytes)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('always carries its version, its variant and its time', () => {
    fc.assert(
      fc.property(timestamp, randomBytes, (nowMs, bytes) => {
        const id = uuidv7(nowMs, bytes);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
      }),
    );
  });

  it('sorts by time', () => {
    fc.assert(
      fc.property(timestamp, timestamp, randomBytes, randomBytes, (one, other, bytes, otherBytes) => {
        if (one < other) expect(uuidv7(one, bytes) < uuidv7(other, otherBytes)).toBe(true);
      }),
    );
  });

  it('differs when any of its 74 random bits does', () => {
    const zero = new Uint8Array(UUID_RANDOM_BYTES);
    const ids = new Set([uuidv7(1, zero)]);
    for (let bit = 0; bit < 80; bit += 1) {
      const bytes = Uint8Array.from(zero);
      bytes[bit >> 3] = 1 << (bit & 7);
      ids.add(uuidv7(1, bytes));
    }
    expect(ids.size).toBe(1 + 74);
  });

  it.each([-1, 0.5, NaN, 2 ** 48])('refuses the time %p', (nowMs) => {
    expect(() => uuidv7(nowMs, new Uint8Array(UUID_RANDOM_BYTES))).toThrow(RangeError);
  });

  it('refuses too few random bytes', () => {
    expect(() => uuidv7(1, new Uint8Array(UUID_RANDOM_BYTES - 1))).toThrow(RangeError);
  });
});

describe('firstUuidOf', () => {
  it('lies between all ids of the milliseconds before and all of this one and later', () => {
    const times = fc.integer({ min: 0, max: 2 ** 48 - 2 });
    const random = fc.uint8Array({ minLength: UUID_RANDOM_BYTES, maxLength: UUID_RANDOM_BYTES });
    fc.assert(
      fc.property(times, random, (ms, bytes) => {
        const id = uuidv7(ms, bytes);
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
