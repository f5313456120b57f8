import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { afterFailure, retryDelayMs } from '../../../src/domain/retry.js';

const MIDDLE = () => 0.5;
const defaults = { baseSeconds: 60, maxSeconds: 3_600, random: MIDDLE };

describe('retryDelayMs', () => {
  it('doubles from the base to the maximum', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 2_000].map((retryNumber) =>
      retryDelayMs({ ...defaults, retryNumber }),
    );
    expect(delays).toEqual(
      [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600].map((seconds) => seconds * 1_000),
    );
  });

  it('moves the delay by up to a tenth either way', () => {
    const delay = (random: number) => retryDelayMs({ ...defaults, retryNumber: 2, random: () => random });
    expect(delay(0)).toBe(108_000);
    expect(delay(0.25)).toBe(114_000);
    expect(delay(1 - Number.EPSILON)).toBe(132_000);
  });

  it('waits as long as the other side asked for, but no longer than the maximum', () => {
    const delay = (retryAfterMs: number) => retryDelayMs({ ...defaults, retryNumber: 1, retryAfterMs });
    expect(delay(90_000)).toBe(90_000);
    expect(delay(86_400_000)).toBe(3_600_000);
    expect(delay(Infinity)).toBe(3_600_000);
  });

  it('is never shortened by what the other side asked for', () => {
    const delay = (retryAfterMs: number) => retryDelayMs({ ...defaults, retryNumber: 1, retryAfterMs });
    expect([0, 1_000, -5, NaN].map(delay)).toEqual([60_000, 60_000, 60_000, 60_000]);
  });

  it('is nothing with a base of nothing, however many retries there were', () => {
    expect(retryDelayMs({ ...defaults, baseSeconds: 0, retryNumber: 5_000 })).toBe(0);
  });

  it('is always whole milliseconds between 90 % of the step and 110 % of the maximum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 }),
        fc.double({ min: 0, max: 10_000, noNaN: true }),
        fc.double({ min: 0, max: 100_000, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.option(fc.double(), { nil: undefined }),
        (retryNumber, baseSeconds, maxSeconds, random, retryAfterMs) => {
          const delayMs = retryDelayMs({
            retryNumber,
            baseSeconds,
            maxSeconds,
            random: () => random,
            retryAfterMs,
          });
          expect(Number.isSafeInteger(delayMs)).toBe(true);
          let stepSeconds = baseSeconds;
          for (let n = 1; n < retryNumber && stepSeconds < maxSeconds && stepSeconds > 0; n += 1)
            stepSeconds *= 2;
          expect(delayMs).toBeGreaterThanOrEqual(Math.min(stepSeconds, maxSeconds) * 900 - 1);
          expect(delayMs).toBeLessThanOrEqual(maxSeconds * 1_100 + 1);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('afterFailure', () => {
  const failure = { ...defaults, charged: 1, maxRetries: 3, retryable: true };

  it('makes one attempt and as many retries as are allowed', () => {
    const kinds = [1, 2, 3, 4, 5].map((charged) => afterFailure({ ...failure, charged }));
    expect(kinds).toEqual([
      { kind: 'retry', retryNumber: 1, delayMs: 60_000 },
      { kind: 'retry', retryNumber: 2, delayMs: 120_000 },
      { kind: 'retry', retryNumber: 3, delayMs: 240_000 },
      { kind: 'bury', reason: 'exhausted' },
      { kind: 'bury', reason: 'exhausted' },
    ]);
  });

  it('makes one attempt when no retries are allowed', () => {
    expect(afterFailure({ ...failure, maxRetries: 0 })).toEqual({ kind: 'bury', reason: 'exhausted' });
  });

  it('buries at once what cannot be helped by trying again', () => {
    expect(afterFailure({ ...failure, retryable: false })).toEqual({ kind: 'bury', reason: 'not_retryable' });
  });
});
