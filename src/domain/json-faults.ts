/**
 * What keeps a JSON value of a request from being stored: too deep, or text that PostgreSQL cannot hold.
 *
 * What a task produces is cleaned (outcome.ts); what a person sends is refused, so that nothing they wrote changes
 * behind their back.
 */
import { pointerTo } from './faults.js';
import type { Fault } from './faults.js';
import { isDeeperThan, MAX_JSON_DEPTH } from './json.js';
import type { Json } from './json.js';
import { cleanText } from './outcome.js';

/** All faults of a value at `pointer`: nested too deeply, NUL or lone surrogates in its strings and keys. */
export function jsonFaults(value: Json, pointer: string): Fault[] {
  if (isDeeperThan(value, MAX_JSON_DEPTH)) {
    return [{ pointer, message: `Nested deeper than ${MAX_JSON_DEPTH} levels.` }];
  }
  const faults: Fault[] = [];
  collectTextFaults(value, pointer, faults);
  return faults;
}

function collectTextFaults(value: Json, pointer: string, faults: Fault[]): void {
  if (typeof value === 'string') {
    if (cleanText(value) !== value)
      faults.push({ pointer, message: 'The text holds NUL or half a surrogate pair.' });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (cleanText(key) !== key)
        faults.push({ pointer, message: 'A key holds NUL or half a surrogate pair.' });
      collectTextFaults(item, pointerTo(pointer, key), faults);
    }
  }
}
