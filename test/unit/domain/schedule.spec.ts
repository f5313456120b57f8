import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextTick, nextTicks, parseCron } from '../../../src/domain/schedule.js';
import type { Cron } from '../../../src/domain/schedule.js';
import { cpuMsOf } from './cost.js';

function cronOf(expression: string): Cron {
  const parsed = parseCron(expression);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.cron;
}

/** Ticks in (from, to], as UTC to the minute. */
function ticksBetween(expression: string, zone: string, from: string, to: string): string[] {
  const found: string[] = [];
  for (
    let tick = nextTick(cronOf(expression), zone, new Date(from));
    tick !== null && tick <= new Date(to);
  ) {
    found.push(tick.toISOString().slice(0, 16));
    tick = nextTick(cronOf(expression), zone, tick);
  }
  return found;
}

describe('a fixed time', () => {
  it.each([
    // zone, expression, the day around the gap, the ticks
    ['Europe/Berlin', '30 2 * * *', '2026-03-29', ['2026-03-29T01:00']],
    ['Europe/Berlin', '0 2 * * *', '2026-03-29', ['2026-03-29T01:00']],
    ['Europe/Berlin', '0,30 2,3 * * *', '2026-03-29', ['2026-03-29T01:00', '2026-03-29T01:30']],
    ['America/New_York', '30 2 * * *', '2026-03-08', ['2026-03-08T07:00']],
    ['Europe/London', '30 1 * * *', '2026-03-29', ['2026-03-29T01:00']],
    ['Australia/Lord_Howe', '15 2 * * *', '2026-10-04', ['2026-10-03T15:30']],
    ['Africa/Cairo', '0 0 * * *', '2026-04-24', ['2026-04-23T22:00']],
  ])('in the gap of %s fires once at its end (%s)', (zone, expression, day, expected) => {
    const noon = Date.parse(`${day}T12:00:00Z`);
    const from = new Date(noon - 24 * 3_600_000).toISOString();
    const to = new Date(noon + 1).toISOString();
    expect(ticksBetween(expression, zone, from, to)).toEqual(expected);
  });

  it.each([
    ['Europe/Berlin', '30 2 * * *', '2026-10-25', ['2026-10-25T00:30']],
    ['America/New_York', '30 1 * * *', '2026-11-01', ['2026-11-01T05:30']],
    ['America/New_York', '45 1,2 * * *', '2026-11-01', ['2026-11-01T05:45', '2026-11-01T07:45']],
    ['Australia/Lord_Howe', '45 1 * * *', '2026-04-05', ['2026-04-04T14:45']],
  ])('in the overlap of %s fires the first time only (%s)', (zone, expression, day, expected) => {
    const noon = Date.parse(`${day}T12:00:00Z`);
    const from = new Date(noon - 24 * 3_600_000).toISOString();
    expect(ticksBetween(expression, zone, from, new Date(noon).toISOString())).toEqual(expected);
  });

  it('is not fired again by a restart in the middle of the second pass', () => {
    expect(
      nextTick(cronOf('30 2 * * *'), 'Europe/Berlin', new Date('2026-10-25T01:10:00Z'))?.toISOString(),
    ).toBe('2026-10-26T01:30:00.000Z');
  });

  it('is not fired again however many of them the second pass holds', () => {
    expect(
      nextTick(cronOf('0-59 0-59 2 * * *'), 'Europe/Berlin', new Date('2026-10-25T01:00:30Z'))?.toISOString(),
    ).toBe('2026-10-26T01:00:00.000Z');
  });

  it('with seconds keeps its seconds in an overlap and loses them in a gap', () => {
    const seconds = (from: string, count: number) =>
      nextTicks(cronOf('10,40 30 2 * * *'), 'Europe/Berlin', new Date(from), count).map((tick) =>
        tick.toISOString(),
      );
    expect(seconds('2026-10-24T12:00:00Z', 3)).toEqual([
      '2026-10-25T00:30:10.000Z',
      '2026-10-25T00:30:40.000Z',
      '2026-10-26T01:30:10.000Z',
    ]);
    expect(seconds('2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:10.000Z',
    ]);
  });

  it('on a day that a zone left out fires at the end of the day before', () => {
    // Samoa had no 30 December 2011.
    expect(ticksBetween('0 12 30 12 *', 'Pacific/Apia', '2011-01-01T00:00Z', '2012-06-01T00:00Z')).toEqual([
      '2011-12-30T10:00',
    ]);
  });
});

describe('an interval', () => {
  it('follows real time through a gap', () => {
    expect(ticksBetween('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:00Z', '2026-03-29T02:00Z')).toEqual([
      '2026-03-29T00:30',
      '2026-03-29T01:00',
      '2026-03-29T01:30',
      '2026-03-29T02:00',
    ]);
  });

  it('follows real time through an overlap', () => {
    expect(ticksBetween('0 * * * *', 'America/New_York', '2026-11-01T04:00Z', '2026-11-01T08:00Z')).toEqual([
      '2026-11-01T05:00',
      '2026-11-01T06:00',
      '2026-11-01T07:00',
      '2026-11-01T08:00',
    ]);
  });

  it('goes on with the second pass after a restart in the first', () => {
    expect(
      ticksBetween('*/30 1 * * *', 'America/New_York', '2026-11-01T05:40Z', '2026-11-01T12:00Z'),
    ).toEqual(['2026-11-01T06:00', '2026-11-01T06:30']);
  });
});

describe('nextTick, beside a clock that is read minute by minute', () => {
  // Zones and days on which something happens to the clock, and one of each where nothing does.
  const windows = [
    ['UTC', '2026-03-29'],
    ['Asia/Kathmandu', '2026-03-29'],
    ['Europe/Berlin', '2026-03-29'],
    ['Europe/Berlin', '2026-10-25'],
    ['America/New_York', '2026-03-08'],
    ['America/New_York', '2026-11-01'],
    ['Australia/Lord_Howe', '2026-04-05'],
    ['Australia/Lord_Howe', '2026-10-04'],
    ['America/Sao_Paulo', '2018-11-04'],
    ['America/Havana', '2026-03-08'],
    ['America/Havana', '2026-11-01'],
    ['America/St_Johns', '2010-03-14'],
    ['America/St_Johns', '2010-11-07'],
    ['Africa/Casablanca', '2026-02-15'],
    ['Africa/Casablanca', '2026-03-22'],
    ['Antarctica/Troll', '2026-03-29'],
    ['Antarctica/Troll', '2026-10-25'],
    ['Pacific/Apia', '2011-12-30'],
    ['Asia/Pyongyang', '2018-05-05'],
  ] as const;

  it.each(windows)('finds the same ticks in %s around %s', (zone, day) => {
    const clock = readClock(zone, day);
    fc.assert(
      fc.property(anyExpression, fc.nat(2 * 1_440), fc.nat(59_999), (expression, startMinute, extraMs) => {
        const afterMs = clock.fromMs + (1_440 + startMinute) * 60_000 + extraMs;
        const found: number[] = [];
        for (let tickMs: number | undefined = afterMs; ;) {
          tickMs = nextTick(expression.cron, zone, new Date(tickMs))?.getTime();
          if (tickMs === undefined || tickMs > clock.toMs) break;
          found.push(tickMs);
        }
        const expected = ticksByClock(clock, expression).filter((tickMs) => tickMs > afterMs);
        // The first difference says more than a thousand numbers.
        const place = expected.findIndex((tickMs, index) => tickMs !== found[index]);
        expect(isoAt(found, place)).toBe(isoAt(expected, place));
        expect(found).toHaveLength(expected.length);
      }),
      { numRuns: 30 },
    );
  });

  it('finds the same days over years, for any mix of days, months and weekdays', () => {
    fc.assert(
      fc.property(anyExpression, fc.nat(20_000), ({ fields, cron }, startDay) => {
        const startMs = Date.UTC(1990, 0, 1) + startDay * 86_400_000;
        const noon = { ...cron, ...fixedAtNoon() };
        let dayMs = startMs;
        for (let days = 0; days < 366 * 9 && !isOnDay(fields, new Date(dayMs)); days += 1)
          dayMs += 86_400_000;
        const tick = nextTick(noon, 'UTC', new Date(startMs))?.getTime() ?? 0;
        if (isOnDay(fields, new Date(dayMs))) expect(tick).toBe(dayMs + 12 * 3_600_000);
        else expect(tick).toBeGreaterThan(dayMs);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the cost of a tick', () => {
  it.each([
    ['* * * * *', 'Europe/Berlin'],
    ['30 2 * * *', 'America/New_York'],
    ['0 0 29 2 *', 'Europe/London'],
    ['*/5 0 29 2 */7', 'Pacific/Chatham'],
    ['59 59 23 31 12 ?', 'Asia/Kolkata'],
  ])('of %s in %s is under a millisecond', (expression, zone) => {
    const cron = cronOf(expression);
    const costMs = cpuMsOf(50, () => {
      expect(nextTicks(cron, zone, new Date('2026-01-01T00:00:00Z'), 50)).toHaveLength(50);
    });
    expect(costMs / 50).toBeLessThan(1);
  });
});

/** What an expression allows, written down beside its text and not read from it. */
interface Fields {
  minute: Choice;
  hour: Choice;
  date: Choice;
  month: Choice;
  weekday: Choice;
}

interface Choice {
  text: string;
  values: ReadonlySet<number>;
  isStar: boolean;
}

interface Clock {
  fromMs: number;
  toMs: number;
  /** Local time of each minute, in milliseconds as if it were UTC. */
  localMs: readonly number[];
}

function choice(min: number, max: number): fc.Arbitrary<Choice> {
  const all = Array.from({ length: max - min + 1 }, (_, index) => min + index);
  const star = fc.constant({ text: '*', values: new Set(all), isStar: true });
  const step = fc.integer({ min: 1, max: max - min + 1 }).map((by) => ({
    text: `*/${by}`,
    values: new Set(all.filter((value) => (value - min) % by === 0)),
    isStar: true,
  }));
  const list = fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }).map((values) => ({
    text: values.join(','),
    values: new Set(values),
    isStar: false,
  }));
  const range = fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([one, other]) => {
    const [from, to] = [Math.min(one, other), Math.max(one, other)];
    return {
      text: `${from}-${to}`,
      values: new Set(all.filter((value) => value >= from && value <= to)),
      isStar: false,
    };
  });
  return fc.oneof(star, step, list, range);
}

/** Mostly hours of the night, when clocks change. */
const anyExpression = fc
  .record({
    minute: choice(0, 59),
    hour: fc.oneof(
      choice(0, 23),
      choice(0, 4).filter((hours) => !hours.isStar),
    ),
    date: fc.oneof({ weight: 3, arbitrary: fc.constant(star(1, 31)) }, choice(1, 31)),
    month: fc.oneof({ weight: 3, arbitrary: fc.constant(star(1, 12)) }, choice(1, 12)),
    weekday: fc.oneof({ weight: 3, arbitrary: fc.constant(star(0, 6)) }, choice(0, 6)),
  })
  .map((fields) => ({
    fields,
    parsed: parseCron(
      Object.values(fields)
        .map((field) => field.text)
        .join(' '),
    ),
  }))
  .filter((expression) => expression.parsed.ok)
  .map(({ fields, parsed }) => ({ fields, cron: (parsed as { ok: true; cron: Cron }).cron }));

function star(min: number, max: number): Choice {
  return {
    text: '*',
    values: new Set(Array.from({ length: max - min + 1 }, (_, index) => min + index)),
    isStar: true,
  };
}

/** Five days of a zone's clock, the middle one given, read with Intl minute by minute. */
function readClock(zone: string, day: string): Clock {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const fromMs = Date.parse(`${day}T00:00:00Z`) - 2 * 86_400_000;
  const localMs = Array.from({ length: 5 * 1_440 }, (_, minute) =>
    Date.parse(`${format.format(fromMs + minute * 60_000).replace(' ', 'T')}Z`),
  );
  return { fromMs, toMs: fromMs + (localMs.length - 1) * 60_000, localMs };
}

/** SPEC §7 word by word: walk the clock; an interval fires whenever it matches, a fixed time when it is first reached. */
function ticksByClock(clock: Clock, { fields }: { fields: Fields }): number[] {
  const isInterval = fields.minute.isStar || fields.hour.isStar;
  const ticks: number[] = [];
  let latestMs = clock.localMs[0] - 60_000;
  clock.localMs.forEach((localMs, minute) => {
    let fires = false;
    if (isInterval) fires = matches(fields, localMs);
    // Every local minute up to now that was not reached before: more than one of them after a gap, none in a second pass.
    else for (let ms = latestMs + 60_000; ms <= localMs; ms += 60_000) fires ||= matches(fields, ms);
    latestMs = Math.max(latestMs, localMs);
    if (fires) ticks.push(clock.fromMs + minute * 60_000);
  });
  return ticks;
}

function matches(fields: Fields, localMs: number): boolean {
  const local = new Date(localMs);
  return (
    fields.minute.values.has(local.getUTCMinutes()) &&
    fields.hour.values.has(local.getUTCHours()) &&
    isOnDay(fields, local)
  );
}

function isOnDay(fields: Fields, local: Date): boolean {
  const isDate = fields.date.values.has(local.getUTCDate());
  const isWeekday = fields.weekday.values.has(local.getUTCDay());
  const isEither = !fields.date.isStar && !fields.weekday.isStar;
  return (
    fields.month.values.has(local.getUTCMonth() + 1) && (isEither ? isDate || isWeekday : isDate && isWeekday)
  );
}

function isoAt(ticks: readonly number[], place: number): string {
  return place in ticks ? new Date(ticks[place]).toISOString() : 'no tick';
}

function fixedAtNoon(): Pick<Cron, 'second' | 'minute' | 'hour' | 'isInterval'> {
  const { second, minute, hour, isInterval } = cronOf('0 12 * * *');
  return { second, minute, hour, isInterval };
}
