/**
 * Checks of single values in a task's config, from which task-config.ts makes its table.
 *
 * Where a check would refuse a value, a string that is one whole placeholder passes: it takes its type only when an
 * attempt begins, and the executor checks it again then.
 */
import { pointerTo } from './faults.js';
import type { Fault } from './faults.js';
import { isJsonObject } from './json.js';
import type { Json } from './json.js';
import { isWholePlaceholder, mayHoldPlaceholder } from './template-syntax.js';

/** Returns the faults of a value at `pointer`. */
export type ValueCheck = (value: Json, pointer: string) => Fault[];

/** Any JSON. */
export const anything: ValueCheck = () => [];

/** A value that passes a test; `expected` finishes the sentence "Expected …". */
export function valueThat(expected: string, isGood: (value: Json) => boolean): ValueCheck {
  return (value, pointer) => {
    if (isGood(value) || (typeof value === 'string' && isWholePlaceholder(value))) return [];
    return [{ pointer, message: `Expected ${expected}.` }];
  };
}

/** The text of a program: never a template. */
export const program: ValueCheck = (value, pointer) =>
  typeof value === 'string' && value.trim() !== ''
    ? []
    : [{ pointer, message: 'Expected a text that is not empty.' }];

export const text = valueThat('a text', (value) => typeof value === 'string');
export const boolean = valueThat('true or false', (value) => typeof value === 'boolean');
export const listOrObject = valueThat(
  'a list or an object',
  (value) => typeof value === 'object' && value !== null,
);

/** A text that is not empty and, where it holds no placeholder, passes a test. */
export function textThat(expected: string, isGood: (value: string) => boolean): ValueCheck {
  return valueThat(
    expected,
    (value) => typeof value === 'string' && value !== '' && (mayHoldPlaceholder(value) || isGood(value)),
  );
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): ValueCheck {
  return valueThat(`a whole number from ${min} to ${max}`, (value) => isIntegerIn(value, min, max));
}

/** A number above 0, up to `max` seconds. */
export function seconds(max: number): ValueCheck {
  return valueThat(
    `a number of seconds above 0, at most ${max}`,
    (value) => typeof value === 'number' && value > 0 && value <= max,
  );
}

/** A list whose items all pass `check`. */
export function listOf(check: ValueCheck, what: { expected: string; isEmptyAllowed: boolean }): ValueCheck {
  const isList = valueThat(
    what.expected,
    (value) => Array.isArray(value) && (what.isEmptyAllowed || value.length > 0),
  );
  return (value, pointer) => {
    const faults = isList(value, pointer);
    if (faults.length > 0 || !Array.isArray(value)) return faults;
    return value.flatMap((item, place) => check(item, pointerTo(pointer, place)));
  };
}

/** An object from names to texts, numbers or booleans. `nameFault` says what is wrong with a name, or null. */
export function mapOfTexts(nameFault: (name: string) => string | null, check: ValueCheck): ValueCheck {
  const isMap = valueThat('an object', isJsonObject);
  return (value, pointer) => {
    const faults = isMap(value, pointer);
    if (faults.length > 0 || !isJsonObject(value)) return faults;
    return Object.entries(value).flatMap(([name, item]) => {
      const at = pointerTo(pointer, name);
      const message = nameFault(name);
      return message === null ? check(item, at) : [{ pointer: at, message }];
    });
  };
}

/** Whether a value is a whole number within bounds. */
function isIntegerIn(value: Json, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}
