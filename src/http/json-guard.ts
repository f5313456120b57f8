/**
 * What no request body may hold, wherever it stands, because a later step would change it silently or fail on it:
 * nesting without bound (recursion), `__proto__` as a key (copying such an object replaces a prototype), numbers
 * beyond a double (they would be stored as null), NUL and lone surrogates (PostgreSQL stores neither).
 */
import { type Fault, pointerTo, quoted } from '../domain/faults.js';
import { isDeeperThan, MAX_JSON_DEPTH } from '../domain/json.js';
import { cleanText } from '../domain/outcome.js';

/**
 * Text that cannot be at fault is not walked. Surrogates and NUL arrive only as escapes: JSON forbids a raw NUL in a
 * string, and decoding UTF-8 makes no lone surrogates. A number needs an exponent of three digits, or 309 digits.
 */
const SUSPICIOUS = /__proto__|\\u|[eE]\+?0*[1-9]\d\d|\d{309}/;

/** All faults of a parsed body; `text` is what it was parsed from. */
export function bodyFaults(body: unknown, text: string): Fault[] {
  if (isDeeperThan(body, MAX_JSON_DEPTH))
    return [{ pointer: '', message: `The body is nested deeper than ${MAX_JSON_DEPTH} levels.` }];
  const faults: Fault[] = [];
  if (SUSPICIOUS.test(text)) collect(body, '', faults);
  return faults;
}

/** Recursive: the depth is bounded by the caller. */
function collect(value: unknown, pointer: string, faults: Fault[]): void {
  if (typeof value === 'string') {
    if (cleanText(value) !== value)
      faults.push({
        pointer,
        message: 'The text holds NUL or half a surrogate pair, which cannot be stored.',
      });
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) faults.push({ pointer, message: 'The number is too large.' });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__' || cleanText(key) !== key)
        faults.push({ pointer, message: `The key ${quoted(key)} is not allowed.` });
      else collect(item, pointerTo(pointer, key), faults);
    }
  }
}
