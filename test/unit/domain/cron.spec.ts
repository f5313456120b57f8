import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isTimezone, nextTick, nextTicks, parseCron } from '../../../src/domain/schedule.js';
import type { Cron } from '../../../src/domain/schedule.js';
import { cpuMsOf } from './cost.js';

const FROM = new Date('2026-01-01T00:00:00.000Z'); // a Thursday

function cronOf(expression: string): Cron {
  const parsed = parseCron(expression);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.cron;
}

function ticks(expression: string, count: number, from = FROM): string[] {
  return nextTicks(cronOf(expression), 'UTC', from, count).map((tick) =>
    tick.toISOString().replace('.000Z', ''),
  );
}

describe('parseCron', () => {
  it.each<[string, string[]]>([
    ['* * * * *', ['2026-01-01T00:01:00', '2026-01-01T00:02:00']],
    ['*/20 * * * *', ['2026-01-01T00:20:00', '2026-01-01T00:40:00', '2026-01-01T01:00:00']],
    [
      '5/20 * * * *',
      ['2026-01-01T00:05:00', '2026-01-01T00:25:00', '2026-01-01T00:45:00', '2026-01-01T01:05:00'],
    ],
    [
      '10-30/10 * * * *',
      ['2026-01-01T00:10:00', '2026-01-01T00:20:00', '2026-01-01T00:30:00', '2026-01-01T01:10:00'],
    ],
    [
      '1,3,2-4 0 * * *',
      ['1', '2', '3', '4'].map((m) => `2026-01-01T00:0${m}:00`).concat('2026-01-02T00:01:00'),
    ],
    ['0 0 1 jan,JUL *', ['2026-07-01T00:00:00', '2027-01-01T00:00:00']],
    ['0 0 * * 0', ['2026-01-04T00:00:00', '2026-01-11T00:00:00']],
    ['0 0 * * 7', ['2026-01-04T00:00:00', '2026-01-11T00:00:00']],
    ['0 0 * * Sat-Sun', ['2026-01-03T00:00:00', '2026-01-04T00:00:00', '2026-01-10T00:00:00']],
    [
      '0 0 * * 5-7',
      ['2026-01-02T00:00:00', '2026-01-03T00:00:00', '2026-01-04T00:00:00', '2026-01-09T00:00:00'],
    ],
    [
      '0 0 * * 1/2',
      ['2026-01-02T00:00:00', '2026-01-05T00:00:00', '2026-01-07T00:00:00', '2026-01-09T00:00:00'],
    ],
    ['0 0 ? * MON', ['2026-01-05T00:00:00', '2026-01-12T00:00:00']],
    ['30 0 0 1 2 ?', ['2026-02-01T00:00:30', '2027-02-01T00:00:30']],
    ['*/30 59 23 31 12 *', ['2026-12-31T23:59:00', '2026-12-31T23:59:30', '2027-12-31T23:59:00']],
    ['  0   12\t* * *  ', ['2026-01-01T12:00:00']],
    ['@hourly', ['2026-01-01T01:00:00', '2026-01-01T02:00:00']],
    ['@Daily', ['2026-01-02T00:00:00', '2026-01-03T00:00:00']],
    ['@midnight', ['2026-01-02T00:00:00']],
    ['@weekly', ['2026-01-04T00:00:00', '2026-01-11T00:00:00']],
    ['@monthly', ['2026-02-01T00:00:00', '2026-03-01T00:00:00']],
    ['@yearly', ['2027-01-01T00:00:00']],
    ['@annually', ['2027-01-01T00:00:00']],
    ['0 0 31 * *', ['2026-01-31T00:00:00', '2026-03-31T00:00:00', '2026-05-31T00:00:00']],
    ['0 0 29 2 *', ['2028-02-29T00:00:00', '2032-02-29T00:00:00']],
  ])('reads %j', (expression, expected) => {
    expect(ticks(expression, expected.length)).toEqual(expected);
  });

  it('fires on either day when both day fields name days, and on days that satisfy both when one has a star', () => {
    expect(ticks('0 0 13 * 5', 3)).toEqual([
      '2026-01-02T00:00:00',
      '2026-01-09T00:00:00',
      '2026-01-13T00:00:00',
    ]);
    expect(ticks('0 0 */2 * 5', 3)).toEqual(
      ['2026-01-09T00:00:00', '2026-01-23T00:00:00', '2026-02-13T00:00:00']
        .slice(0, 2)
        .concat('2026-02-13T00:00:00'),
    );
  });

  it('finds 29 February on a Sunday, 40 years over the year 2100', () => {
    expect(ticks('0 0 29 2 */7', 3, new Date('2060-03-01T00:00:00Z'))).toEqual([
      '2088-02-29T00:00:00',
      '2128-02-29T00:00:00',
      '2156-02-29T00:00:00',
    ]);
  });

  it.each([
    '',
    ' ',
    '* * * *',
    '* * * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * 32 * *',
    '* * * 0 *',
    '* * * 13 *',
    '* * * * 8',
    '60 * * * * *',
    '-1 * * * *',
    '1.5 * * * *',
    '*/0 * * * *',
    '*/61 * * * *',
    '*/x * * * *',
    '*/ * * * *',
    '/5 * * * *',
    '1/2/3 * * * *',
    '5-1 * * * *',
    '1-2-3 * * * *',
    '1- * * * *',
    ', * * * *',
    '1,,2 * * * *',
    '? * * * *',
    'a * * * *',
    '* * * FOO *',
    '* * * * FRI#2',
    '* * L * *',
    '00000001 * * * *',
    '１ * * * *',
    '@reboot',
    '@every 5m',
    '@',
    'constructor',
    '__proto__',
    '0 0 30 2 *',
    '0 0 31 4,6,9,11 *',
    '0 0 30-31 2 */2',
    `${'1,'.repeat(200)}1 * * * *`,
  ])('refuses %j', (expression) => {
    expect(parseCron(expression)).toEqual({ ok: false, message: expect.stringMatching(/\S/) });
  });

  it('says what is wrong with each field', () => {
    expect(parseCron('60 24 * * MOO')).toEqual({
      ok: false,
      message:
        'minute: "60" should be a value from 0 to 59, a range of two, or "*". ' +
        'hour: "24" should be a value from 0 to 23, a range of two, or "*". ' +
        'day of week: "MOO" should be a value from 0 to 7 (or SUN to SAT), a range of two, or "*".',
    });
  });

  it('answers any text within 50 ms of CPU time, and what it takes fires', () => {
    const character = fc.constantFrom(...'0123456789*/,-? @LW#'.split(''), 'MON', 'JAN', ' * ', '29', '31');
    fc.assert(
      fc.property(
        fc.array(character, { maxLength: 24 }).map((parts) => parts.join('')),
        (text) => {
          const costMs = cpuMsOf(50, () => {
            const parsed = parseCron(text);
            const tick = parsed.ok ? nextTick(parsed.cron, 'UTC', FROM) : null;
            if (parsed.ok) expect(tick).not.toBeNull();
          });
          expect(costMs).toBeLessThan(50);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('nextTick', () => {
  it('is strictly after its instant, to the millisecond', () => {
    const cron = cronOf('0 12 * * *');
    const next = (from: string) => nextTick(cron, 'UTC', new Date(from))?.toISOString();
    expect(next('2026-01-01T11:59:59.999Z')).toBe('2026-01-01T12:00:00.000Z');
    expect(next('2026-01-01T12:00:00.000Z')).toBe('2026-01-02T12:00:00.000Z');
    expect(next('2026-01-01T12:00:00.001Z')).toBe('2026-01-02T12:00:00.000Z');
  });

  it('works before 1970 too', () => {
    expect(ticks('0 0 * 1,12 4', 2, new Date('1969-12-20T10:00:00.500Z'))).toEqual([
      '1969-12-25T00:00:00',
      '1970-01-01T00:00:00',
    ]);
  });

  it('ends with the year 9999', () => {
    expect(nextTick(cronOf('0 0 1 1 *'), 'UTC', new Date('9999-01-01T00:00:00Z'))).toBeNull();
    expect(nextTicks(cronOf('0 0 1 1 *'), 'UTC', new Date('9997-01-01T00:00:00Z'), 9)).toHaveLength(2);
    expect(nextTick(cronOf('* * * * *'), 'Europe/Berlin', new Date(8.64e15))).toBeNull();
    expect(nextTick(cronOf('0 0 1 1 *'), 'UTC', new Date(-8.64e15))?.toISOString()).toBe(
      '1901-01-01T00:00:00.000Z',
    );
  });

  it('refuses an invalid date and an unknown zone', () => {
    expect(() => nextTick(cronOf('* * * * *'), 'UTC', new Date(NaN))).toThrow(RangeError);
    expect(() => nextTick(cronOf('* * * * *'), 'Mars/Olympus', FROM)).toThrow(RangeError);
  });
});

describe('isTimezone', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'America/Port-au-Prince'])(
    'knows %s',
    (name) => {
      expect(isTimezone(name)).toBe(true);
    },
  );

  it.each(['', 'Mars/Olympus', '+01:00', 'UTC+1', 'Europe/Berlin ', '../etc/passwd', 'x'.repeat(10_000)])(
    'does not know %j',
    (name) => {
      expect(isTimezone(name)).toBe(false);
    },
  );
});
