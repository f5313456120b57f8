import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatAttemptId, parseAttemptId } from '../../../src/domain/attempt-id.js';

const RUN = '0190b2f4-6c1e-7abc-8def-0123456789ab';

describe('attempt ids', () => {
  it('are run, index and attempt with dots between them', () => {
    expect(formatAttemptId({ runId: RUN, idx: 12, attempt: 3 })).toBe(`${RUN}.12.3`);
  });

  it('come back as they went', () => {
    const ref = fc.record({
      runId: fc.uuid(),
      idx: fc.nat(2_147_483_647),
      attempt: fc.integer({ min: 1, max: 2_147_483_647 }),
    });
    fc.assert(
      fc.property(ref, (written) => {
        const id = formatAttemptId(written);
        expect(id).not.toContain(':');
        expect(parseAttemptId(id)).toEqual(written);
      }),
    );
  });

  it.each([
    '',
    RUN,
    `${RUN}.1`,
    `${RUN}.1.0`,
    `${RUN}.01.1`,
    `${RUN}.1.01`,
    `${RUN}.-1.1`,
    `${RUN}.1.1.1`,
    `${RUN}.1.1\n`,
    ` ${RUN}.1.1`,
    `${RUN}.1.2147483648`,
    `${RUN}.9999999999.1`,
    `${RUN.toUpperCase()}.1.1`,
    `${'-'.repeat(36)}.1.1`,
  ])('are not read from %j', (text) => {
    expect(parseAttemptId(text)).toBeNull();
  });

  it('are read from nothing but what is written in the same way', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f-]{36}\.\d{1,3}\.\d{1,3}$/), (text) => {
        const ref = parseAttemptId(text);
        if (ref !== null) expect(formatAttemptId(ref)).toBe(text);
      }),
    );
  });
});
