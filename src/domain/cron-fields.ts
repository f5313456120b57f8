/**
 * One field of a cron expression: a comma-separated list of `*`, `a`, `a-b`, each optionally with `/step`.
 *
 * `a/step` runs from a to the end of the field. Names (`JAN`, `MON`) may stand wherever a number may. A step
 * longer than the field is refused: a step of 90 minutes would quietly mean "hourly".
 */
import { quoted } from './faults.js';

/** Bounds and names of a field. */
interface FieldSpec {
  label: string;
  min: number;
  max: number;
  names?: readonly string[];
  /** Whether `?` may stand for `*`. */
  mayBeOpen?: true;
}

/** Which values a field allows, as a table from the field's value to yes or no. */
export interface Field {
  allows: readonly boolean[];
  /** Whether a `*` (with or without a step) stands in it: such a field asks for an interval, not for fixed values. */
  isWildcard: boolean;
}

/** The fields of a whole expression: all that the search for local times needs. */
export interface CronFields {
  second: Field;
  minute: Field;
  hour: Field;
  dayOfMonth: Field;
  month: Field;
  dayOfWeek: Field;
  /** Whether one of the day fields is enough, or both are needed. */
  dayRule: 'either' | 'both';
}

type ParsedField = { ok: true; field: Field } | { ok: false; message: string };

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export const SECOND: FieldSpec = { label: 'second', min: 0, max: 59 };
export const MINUTE: FieldSpec = { label: 'minute', min: 0, max: 59 };
export const HOUR: FieldSpec = { label: 'hour', min: 0, max: 23 };
export const DAY_OF_MONTH: FieldSpec = { label: 'day of month', min: 1, max: 31, mayBeOpen: true };
export const MONTH: FieldSpec = { label: 'month', min: 1, max: 12, names: MONTHS };
/** Sunday is 0 and 7. */
export const DAY_OF_WEEK: FieldSpec = {
  label: 'day of week',
  min: 0,
  max: 7,
  names: WEEKDAYS,
  mayBeOpen: true,
};

interface Range {
  from: number;
  to: number;
  step: number;
  isWildcard: boolean;
}

/** Reads one field. */
export function parseField(text: string, spec: FieldSpec): ParsedField {
  const allows = new Array<boolean>(spec.max + 1).fill(false);
  let isWildcard = false;
  for (const item of text.split(',')) {
    const range = parseItem(item, spec);
    if (typeof range === 'string') return { ok: false, message: `${spec.label}: ${range}` };
    isWildcard ||= range.isWildcard;
    for (let value = range.from; value <= range.to; value += range.step) allows[value] = true;
  }
  // Sunday as 7 becomes Sunday as 0.
  if (spec === DAY_OF_WEEK && allows.pop() === true) allows[0] = true;
  return { ok: true, field: { allows, isWildcard } };
}

/** Reads one item of the list; a string says what is wrong with it. */
function parseItem(item: string, spec: FieldSpec): Range | string {
  const [body, stepText, ...more] = item.split('/');
  if (more.length > 0 || body === '' || stepText === '') return `${quoted(item)} cannot be read.`;
  const step = stepText === undefined ? 1 : readNumber(stepText);
  const length = lastValue(spec) - spec.min + 1;
  if (step === null || step < 1 || step > length) {
    return `the step of ${quoted(item)} should be a whole number from 1 to ${length}.`;
  }
  const bounds = parseBounds(body, spec, stepText !== undefined);
  return typeof bounds === 'string' ? bounds : { ...bounds, step };
}

function parseBounds(body: string, spec: FieldSpec, hasStep: boolean): Omit<Range, 'step'> | string {
  if (body === '*' || (body === '?' && spec.mayBeOpen === true)) {
    return { from: spec.min, to: lastValue(spec), isWildcard: true };
  }
  const [first, last, ...more] = body.split('-').map((text) => readValue(text, spec));
  if (more.length > 0 || first === null || last === null) {
    return `${quoted(body)} should be a value from ${spec.min} to ${spec.max}${namesOf(spec)}, a range of two, or "*".`;
  }
  if (last === undefined)
    return { from: first, to: hasStep ? Math.max(first, lastValue(spec)) : first, isWildcard: false };
  // SAT-SUN: as the end of a range Sunday is the 7th day.
  const to = spec === DAY_OF_WEEK && last === 0 && first > 0 ? 7 : last;
  if (to < first) return `the range ${quoted(body)} ends before it begins.`;
  return { from: first, to, isWildcard: false };
}

/** The last value of a field when it is run through: a week has 7 days, not 8, though Sunday has two numbers. */
function lastValue(spec: FieldSpec): number {
  return spec === DAY_OF_WEEK ? 6 : spec.max;
}

function readValue(text: string, spec: FieldSpec): number | null {
  const named = spec.names?.indexOf(text.toUpperCase()) ?? -1;
  // The names of a field are its lowest values, in order.
  const value = named === -1 ? readNumber(text) : named + spec.min;
  return value !== null && value >= spec.min && value <= spec.max ? value : null;
}

function readNumber(text: string): number | null {
  return /^\d{1,4}$/.test(text) ? Number(text) : null;
}

function namesOf(spec: FieldSpec): string {
  return spec.names === undefined ? '' : ` (or ${spec.names[0]} to ${spec.names.at(-1)})`;
}
