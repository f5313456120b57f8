/** Values that have broken services before, and changes that make a good body a bad one. */
import fc from 'fast-check';
import {
  array,
  constantFrom,
  dictionary,
  type Generator,
  nat,
  record,
  sampled,
  tuple,
  weighted,
} from './generators.js';
import { nested, PROTO_KEY, twin, verbatim } from './tokens.js';

const TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udc00y',
  '\u{1F600}',
  '\u202e\u200b\ufeff',
  'e\u0301\u0301\u0301',
  '\r\nX-Injected: 1',
  "' OR 1=1 --",
  "'; DROP TABLE dags; --",
  '%',
  '_',
  '\\',
  '%00',
  '../../../../etc/passwd',
  '..%2f..%2fetc',
  '$(id)',
  '`id`',
  '${7*7}',
  '{{7*7}}',
  '{{ params.x }}',
  '{{ tasks.nobody.output }}',
  '{{{{',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  'true',
  '-1',
  '0x10',
  '1e3',
  '9'.repeat(40),
  '*/0 * * * *',
  '0 0 30 2 *',
  '* * * * * * *',
  'Mars/Olympus',
  '2026-02-30T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999-23:59',
  '00000000-0000-0000-0000-000000000000',
];

/** Texts for wherever a text may stand; big ones are rare, since they teach little and cost much. */
export const hostileText = weighted(
  { weight: 60, of: constantFrom(...TEXTS) },
  { weight: 30, of: sampled(() => fc.string({ unit: 'binary', maxLength: 20 })) },
  { weight: 20, of: sampled(() => fc.string({ unit: 'grapheme', maxLength: 20 })) },
  {
    weight: 10,
    of: sampled(() => fc.string({ minLength: 1, maxLength: 3 })).map((text) => text.repeat(400)),
  },
  { weight: 8, of: constantFrom(101, 201, 1_001).map((length) => 'x'.repeat(length)) },
  { weight: 1, of: constantFrom(10_001, 70_000).map((length) => 'x'.repeat(length)) },
);

const NUMBERS = [
  '0',
  '-0',
  '-1',
  '0.1',
  '1.0',
  '1e0',
  '2147483647',
  '2147483648',
  '-2147483649',
  '4294967296',
  '9007199254740993',
  '9223372036854775808',
  '1e21',
  '1e308',
  '-1e308',
  '5e-324',
  '1e-400',
  '1e999',
  '-1e999',
  '9'.repeat(400),
];

const hostileNumber = constantFrom(...NUMBERS).map(verbatim);

/** Any JSON value, more often an awkward one. */
export const hostileValue: Generator<unknown> = weighted<unknown>(
  { weight: 40, of: hostileText },
  { weight: 30, of: hostileNumber },
  { weight: 20, of: constantFrom<unknown>(null, true, false, [], {}, [[]], [null], 0, 1, -1) },
  { weight: 10, of: constantFrom(10, 70, 150).map(nested) },
  { weight: 1, of: constantFrom(5_000).map(nested) },
  {
    weight: 10,
    of: constantFrom<unknown>(
      { [PROTO_KEY]: { polluted: true } },
      { constructor: { prototype: { polluted: true } } },
      { toString: 1, hasOwnProperty: null, length: -1 },
      { then: 'x' },
    ),
  },
  { weight: 10, of: array(hostileText, 0, 3) },
  { weight: 10, of: dictionary(hostileText, hostileText, 3) },
);

/** One change at one place of a body. */
interface Change {
  kind: 'replace' | 'drop' | 'add' | 'repeat' | 'wrap' | 'twin' | 'proto';
  at: number;
  key: string;
  value: unknown;
}

const change: Generator<Change> = record<Change & Record<string, unknown>>({
  kind: constantFrom<Change['kind']>(
    'replace',
    'replace',
    'replace',
    'drop',
    'add',
    'repeat',
    'wrap',
    'twin',
    'proto',
  ),
  at: nat,
  key: weighted(
    { weight: 1, of: constantFrom('x', 'id', 'constructor', 'is_paused', 'version', 'status', '$ref') },
    { weight: 1, of: hostileText },
  ),
  // A copy: the next change may change it.
  value: hostileValue.map((value) => structuredClone(value)),
});

/** A body with one to three such changes. */
export function mutated(body: Generator<unknown>): Generator<unknown> {
  return tuple<[unknown, Change[]]>(body, array(change, 1, 3)).map(([value, changes]) =>
    changes.reduce((now, one) => changed(now, one), structuredClone(value)),
  );
}

interface Place {
  holder: Record<string, unknown> | unknown[];
  key: string | number;
}

function changed(root: unknown, { kind, at, key, value }: Change): unknown {
  const top = { root };
  const places: Place[] = [];
  collect(top, 'root', places);
  // Every other change is of a field of the body itself: most places of a DAG are deep inside its tasks.
  const fields = places.filter((one) => one.holder === top.root);
  const { holder, key: place } =
    at % 2 === 1 && fields.length > 0 ? fields[(at >> 1) % fields.length] : places[at % places.length];
  const slot = holder as Record<string | number, unknown>;
  const here = slot[place];
  if (kind === 'drop' && holder !== top) {
    if (Array.isArray(holder)) holder.splice(Number(place), 1);
    else delete slot[place];
  } else if (kind === 'wrap') slot[place] = [here];
  else if (kind === 'repeat' && Array.isArray(here) && here.length > 0) here.push(here[at % here.length]);
  else if (
    (kind === 'add' || kind === 'proto') &&
    typeof here === 'object' &&
    here !== null &&
    !Array.isArray(here)
  )
    define(here, kind === 'proto' ? PROTO_KEY : key, value);
  else if (kind === 'twin' && holder !== top && !Array.isArray(holder))
    define(holder, twin(String(place), at), value);
  else slot[place] = value;
  return top.root;
}

function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function collect(holder: Place['holder'], key: string | number, places: Place[]): void {
  places.push({ holder, key });
  const value = (holder as Record<string | number, unknown>)[key];
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.keys(value)) collect(value as Place['holder'], inner, places);
}
