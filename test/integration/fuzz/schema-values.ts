/** Values that a JSON Schema of the document allows. */
import fc from 'fast-check';
import { type Document, resolved, type Schema } from './document.js';
import {
  array,
  boolean,
  constant,
  constantFrom,
  dictionary,
  type Generator,
  integer,
  lazy,
  nat,
  oneOf,
  record,
  sampled,
  weighted,
} from './generators.js';
import { pooled } from './tokens.js';

/** Fields that name something that exists, and the pool it is taken from. */
const POOL_OF_FIELD: Record<string, string> = { dag_id: 'dag_id', run_id: 'run_id', entry_id: 'dlq_id' };
const MAX_DEPTH = 5;
const MAX_ITEMS = 3;

const anyJson = sampled(() => fc.jsonValue({ maxDepth: 2 }));
const anyKey = sampled(() => fc.string({ maxLength: 8 }));

/** A value from a pool; which one is decided when it is sent. */
export function fromPool(pool: string): Generator<string> {
  return nat.map((pick) => pooled(pool, pick));
}

/** @param field the name of the field the value is for, where it has one */
export function valueOf(document: Document, given: Schema, field = '', depth = 0): Generator<unknown> {
  const pool = POOL_OF_FIELD[field];
  const own = lazy(() => ofSchema(document, resolved(document, given), depth));
  return pool === undefined
    ? own
    : weighted<unknown>({ weight: 8, of: fromPool(pool) }, { weight: 1, of: own });
}

function ofSchema(document: Document, schema: Schema, depth: number): Generator<unknown> {
  if ('const' in schema) return constant(schema.const);
  if (Array.isArray(schema.enum)) return constantFrom(...(schema.enum as unknown[]));
  const choices = (schema.oneOf ?? schema.anyOf) as Schema[] | undefined;
  if (choices !== undefined) return oneOf(...choices.map((one) => valueOf(document, one, '', depth + 1)));
  if (Array.isArray(schema.allOf)) return ofSchema(document, merged(document, schema), depth);
  const types = [schema.type ?? (schema.properties === undefined ? 'any' : 'object')].flat();
  return oneOf(...types.map((type) => ofType(document, schema, String(type), depth)));
}

function merged(document: Document, schema: Schema): Schema {
  const parts = [schema, ...(schema.allOf as Schema[]).map((part) => resolved(document, part))];
  return {
    type: 'object',
    properties: Object.assign({}, ...parts.map((part) => part.properties ?? {})) as Schema,
    required: parts.flatMap((part) => (part.required as string[] | undefined) ?? []),
  };
}

function ofType(document: Document, schema: Schema, type: string, depth: number): Generator<unknown> {
  switch (type) {
    case 'null':
      return constant(null);
    case 'boolean':
      return boolean;
    case 'integer':
    case 'number':
      return numberOf(schema, type === 'integer');
    case 'string':
      return textOf(schema);
    case 'array':
      return depth > MAX_DEPTH
        ? constant([])
        : array(
            valueOf(document, (schema.items ?? {}) as Schema, '', depth + 1),
            Math.min(Number(schema.minItems ?? 0), MAX_ITEMS),
            MAX_ITEMS,
          );
    case 'object':
      return objectOf(document, schema, depth);
    default:
      return anyJson;
  }
}

function numberOf(schema: Schema, isWhole: boolean): Generator<number> {
  const min = Number(schema.minimum ?? (schema.exclusiveMinimum as number | undefined) ?? -1_000);
  const max = Math.max(min, Number(schema.maximum ?? Math.min(min + 10_000, 2_147_483_647)));
  const whole = oneOf(integer(Math.ceil(min), Math.floor(max)), constantFrom(min, max));
  return isWhole
    ? whole
    : oneOf(
        whole,
        sampled(() => fc.double({ min, max, noNaN: true })),
      );
}

const texts = new Map<string, Generator<string>>();

/** One for all schemas that want the same of a text. */
function textOf(schema: Schema): Generator<string> {
  const { format, pattern, minLength, maxLength } = schema;
  const wanted = JSON.stringify([format, pattern, minLength, maxLength]);
  const known = texts.get(wanted) ?? newTextOf(schema);
  texts.set(wanted, known);
  return known;
}

function newTextOf(schema: Schema): Generator<string> {
  if (schema.format === 'date-time')
    return integer(0, Date.parse('2100-01-01T00:00:00Z')).map((at) => new Date(at).toISOString());
  if (schema.format === 'uuid') return sampled(() => fc.uuid());
  const { pattern } = schema;
  if (typeof pattern === 'string') return sampled(() => fc.stringMatching(new RegExp(pattern, 'u')));
  const minLength = Number(schema.minLength ?? 0);
  const maxLength = Math.min(Number(schema.maxLength ?? 30), Math.max(30, minLength));
  return oneOf(
    sampled(() => fc.string({ minLength, maxLength })),
    sampled(() => fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, 10) })),
  );
}

function objectOf(document: Document, schema: Schema, depth: number): Generator<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  const required = (schema.required ?? []) as string[];
  const shown = depth > MAX_DEPTH ? properties.filter(([name]) => required.includes(name)) : properties;
  const known = record(
    Object.fromEntries(shown.map(([name, one]) => [name, valueOf(document, one, name, depth + 1)])),
    required,
  );
  if (properties.length > 0 || schema.additionalProperties === false || depth > MAX_DEPTH) return known;
  const extra = schema.additionalProperties;
  const value =
    typeof extra === 'object' && extra !== null ? valueOf(document, extra as Schema, '', depth + 1) : anyJson;
  return dictionary(anyKey, value, 3);
}
