/**
 * The calendar side of a schedule: which local time comes next. Time zones are not known here.
 *
 * Local times are milliseconds as if the local clock showed UTC. The search goes field by field, never second by
 * second: at most one look at each month until the year 10000.
 */
import type { CronFields, Field } from './cron-fields.js';

const DAY_MS = 86_400_000;
const END_MS = Date.UTC(10_000, 0, 1);
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 4;
/** The calendar repeats after 400 years; what is not found in so many months does not exist. */
const MAX_MONTHS = 400 * 12;

/** The first local time at or after `fromMs` (whole seconds) that matches; null when there is none before the end. */
export function nextLocalTime(cron: CronFields, fromMs: number): number | null {
  let day = Math.floor(fromMs / DAY_MS);
  if (isDay(cron, day)) {
    const second = nextSecondOfDay(cron, (fromMs - day * DAY_MS) / 1_000);
    if (second !== null) return bounded(day * DAY_MS + second * 1_000);
  }
  const next = nextDay(cron, day + 1);
  const first = nextSecondOfDay(cron, 0);
  if (next === null || first === null) return null;
  day = next;
  return bounded(day * DAY_MS + first * 1_000);
}

function bounded(localMs: number): number | null {
  return localMs < END_MS ? localMs : null;
}

function isDay(cron: CronFields, day: number): boolean {
  const date = new Date(day * DAY_MS);
  return cron.month.allows[date.getUTCMonth() + 1] && isDayOfMonth(cron, date.getUTCDate(), day);
}

function isDayOfMonth(cron: CronFields, date: number, day: number): boolean {
  const isDate = cron.dayOfMonth.allows[date];
  const isWeekday = cron.dayOfWeek.allows[(((day + EPOCH_WEEKDAY) % 7) + 7) % 7];
  return cron.dayRule === 'either' ? isDate || isWeekday : isDate && isWeekday;
}

/** The first matching day at or after `from`, in days since 1970. */
function nextDay(cron: CronFields, from: number): number | null {
  const start = new Date(from * DAY_MS);
  const year = start.getUTCFullYear();
  let date = start.getUTCDate();
  for (let month = start.getUTCMonth(), seen = 0; seen <= MAX_MONTHS; month += 1, seen += 1, date = 1) {
    if (!cron.month.allows[(month % 12) + 1]) continue;
    const first = Date.UTC(year, month, 1) / DAY_MS;
    const days = Date.UTC(year, month + 1, 1) / DAY_MS - first;
    for (; date <= days; date += 1) if (isDayOfMonth(cron, date, first + date - 1)) return first + date - 1;
  }
  return null;
}

/** The first matching second of a day at or after `from`, in seconds since midnight. */
function nextSecondOfDay(cron: CronFields, from: number): number | null {
  const hour = Math.floor(from / 3_600);
  if (cron.hour.allows[hour]) {
    const second = nextSecondOfHour(cron, from - hour * 3_600);
    if (second !== null) return hour * 3_600 + second;
  }
  const nextHour = nextValue(cron.hour, hour + 1);
  const first = nextSecondOfHour(cron, 0);
  return nextHour === null || first === null ? null : nextHour * 3_600 + first;
}

function nextSecondOfHour(cron: CronFields, from: number): number | null {
  const minute = Math.floor(from / 60);
  if (cron.minute.allows[minute]) {
    const second = nextValue(cron.second, from - minute * 60);
    if (second !== null) return minute * 60 + second;
  }
  const nextMinute = nextValue(cron.minute, minute + 1);
  const first = nextValue(cron.second, 0);
  return nextMinute === null || first === null ? null : nextMinute * 60 + first;
}

function nextValue(field: Field, from: number): number | null {
  const value = field.allows.indexOf(true, from);
  return value === -1 ? null : value;
}
