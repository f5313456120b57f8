/**
 * Schedules: cron expressions and the instants they mean.
 *
 * An expression has five fields (minute, hour, day of month, month, day of week) or six (second first), or is one of the
 * nicknames below. When both day fields name days (neither holds a `*`), a day that satisfies either is meant; else
 * both must be satisfied. That is cron's own old rule.
 *
 * Daylight saving (SPEC §7), the rule of Vixie cron:
 *  - With a `*` in the second, minute or hour the schedule is an interval and follows real time: local times that do not
 *    exist are passed over, local times that come twice fire twice, so every 15 minutes stays every 15 minutes.
 *  - Else the times are fixed: one in a gap fires at the gap's end, one that comes twice fires the first time. Several
 *    times in one gap become one tick, since they are the same instant.
 *
 * Ticks are whole seconds. Every search is bounded, and an expression that names no existing day is refused.
 */
import { DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH, parseField, SECOND } from './cron-fields.js';
import type { CronFields, Field } from './cron-fields.js';
import { nextLocalTime } from './cron-search.js';
import { quoted } from './faults.js';
import { isZoneName, zoneNamed } from './time-zone.js';
import type { TimeZone } from './time-zone.js';

/** A parsed expression. */
export interface Cron extends CronFields {
  /** As written, without the space around it. */
  expression: string;
  /** Whether the schedule follows real time over a change of the clock. */
  isInterval: boolean;
}

type ParsedCron = { ok: true; cron: Cron } | { ok: false; message: string };

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

const MAX_CHARACTERS = 256;
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads an expression; the message of a refusal says what was expected. */
export function parseCron(expression: string): ParsedCron {
  if (expression.length > MAX_CHARACTERS) {
    return { ok: false, message: `A cron expression has at most ${MAX_CHARACTERS} characters.` };
  }
  const trimmed = expression.trim();
  const meaning = trimmed.startsWith('@') ? NICKNAMES.get(trimmed.toLowerCase()) : trimmed;
  if (meaning === undefined) {
    return { ok: false, message: `${quoted(trimmed)} is not one of ${[...NICKNAMES.keys()].join(', ')}.` };
  }
  const fields = meaning.split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) {
    return {
      ok: false,
      message: `A cron expression has 5 fields, or 6 with seconds first; ${quoted(trimmed)} has not.`,
    };
  }
  return parseFields(trimmed, fields.length === 5 ? ['0', ...fields] : fields);
}

/** Whether text names an IANA time zone that this machine knows. */
export function isTimezone(name: string): boolean {
  return isZoneName(name);
}

/** Schedules live in these years. */
const EARLIEST_MS = Date.UTC(1900, 0, 1);
const END_MS = Date.UTC(10_000, 0, 1);

/**
 * The first tick strictly after an instant; null when there is none before the year 10000. Instants before 1900 count
 * as 1900.
 * @throws RangeError for an unknown time zone or an invalid date.
 */
export function nextTick(cron: Cron, timezone: string, after: Date): Date | null {
  if (Number.isNaN(after.getTime())) throw new RangeError('nextTick needs a valid date');
  const afterMs = Math.max(after.getTime(), EARLIEST_MS);
  const zone = zoneNamed(timezone);
  if (afterMs >= END_MS) return null;
  const tickMs = cron.isInterval ? nextIntervalTick(cron, zone, afterMs) : nextFixedTick(cron, zone, afterMs);
  return tickMs === null ? null : new Date(tickMs);
}

/** The first `count` ticks strictly after an instant, fewer when there are no more. */
export function nextTicks(cron: Cron, timezone: string, after: Date, count: number): Date[] {
  const ticks: Date[] = [];
  for (let tick = nextTick(cron, timezone, after); tick !== null && ticks.length < count;) {
    ticks.push(tick);
    tick = nextTick(cron, timezone, tick);
  }
  return ticks;
}

function parseFields(expression: string, texts: readonly string[]): ParsedCron {
  const fields: Field[] = [];
  const messages: string[] = [];
  [SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK].forEach((spec, place) => {
    const parsed = parseField(texts[place], spec);
    if (parsed.ok) fields.push(parsed.field);
    else messages.push(parsed.message);
  });
  if (messages.length > 0) return { ok: false, message: messages.join(' ') };
  const [second, minute, hour, dayOfMonth, month, dayOfWeek] = fields;
  const cron: Cron = {
    expression,
    second,
    minute,
    hour,
    dayOfMonth,
    month,
    dayOfWeek,
    dayRule: dayOfMonth.isWildcard || dayOfWeek.isWildcard ? 'both' : 'either',
    isInterval: second.isWildcard || minute.isWildcard || hour.isWildcard,
  };
  if (!namesAnExistingDay(cron)) {
    return {
      ok: false,
      message: `${quoted(expression)} would never fire: none of its months has such a day.`,
    };
  }
  return { ok: true, cron };
}

/** Every date of the calendar falls on every day of the week sooner or later, 29 February too: only dates decide. */
function namesAnExistingDay(cron: Cron): boolean {
  if (cron.dayRule === 'either') return true;
  const firstDay = cron.dayOfMonth.allows.indexOf(true);
  return LONGEST_MONTHS.some((days, index) => cron.month.allows[index + 1] && firstDay <= days);
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** Longer than any offset from UTC, and than any change of an offset there and back. */
const OFFSET_MARGIN_MS = 17 * HOUR_MS;
const MAX_STEPS = 1_000;

/**
 * Fixed times. `firstInstantOf` grows with local time, so the next tick belongs to the next local time, unless that one
 * is being repeated just now.
 */
function nextFixedTick(cron: Cron, zone: TimeZone, afterMs: number): number | null {
  let fromMs = nextSecond(afterMs + zone.pieceAt(afterMs).offsetMs);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const localMs = nextLocalTime(cron, fromMs);
    if (localMs === null) return null;
    const tickMs = firstInstantOf(localMs, zone);
    if (tickMs > afterMs) return tickMs;
    // Fired in the first pass already, as did the rest of that pass.
    const pass = zone.pieceAt(tickMs);
    fromMs = Math.max(localMs + SECOND_MS, pass.endMs + pass.offsetMs);
  }
  return null;
}

/** The first instant at which clocks show a local time or, where they skip it, a later one: then the gap's end. */
function firstInstantOf(localMs: number, zone: TimeZone): number {
  let piece = zone.pieceAt(localMs - OFFSET_MARGIN_MS);
  while (localMs >= piece.endMs + piece.offsetMs) piece = zone.pieceAt(piece.endMs);
  return Math.max(piece.startMs, localMs - piece.offsetMs);
}

/** Intervals: the first instant whose local time matches, piece by piece of constant offset. */
function nextIntervalTick(cron: Cron, zone: TimeZone, afterMs: number): number | null {
  let fromMs = nextSecond(afterMs);
  // A change of the clock may bring back local times from before `fromMs`, so pieces are walked one by one at first.
  const walkUntilMs = fromMs + 2 * OFFSET_MARGIN_MS;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const piece = zone.pieceAt(fromMs);
    const localMs = nextLocalTime(cron, fromMs + piece.offsetMs);
    if (localMs === null) return null;
    const tickMs = localMs - piece.offsetMs;
    if (tickMs < piece.endMs) return tickMs;
    // Nothing matches between here and there, whatever the offsets in between: leap, but not past a change.
    const leapMs = piece.endMs > walkUntilMs ? tickMs - 2 * OFFSET_MARGIN_MS : piece.endMs;
    fromMs = Math.max(piece.endMs, leapMs);
  }
  return null;
}

function nextSecond(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS + SECOND_MS;
}
