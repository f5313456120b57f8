/** Requests made from the document: good ones, nearly good ones, hostile ones. */
import { definition, definitionPart } from './definitions.js';
import { type Document, examplesOf, type Operation, type Parameter, type Schema } from './document.js';
import {
  array,
  constant,
  constantFrom,
  type Generator,
  nat,
  option,
  record,
  tuple,
  uniqueArray,
  weighted,
} from './generators.js';
import { hostileText, hostileValue, mutated } from './hostile.js';
import {
  ABUSED_HEADERS,
  BROKEN_QUERIES,
  BROKEN_SEGMENTS,
  MEDIA_TYPES,
  ODD_VALUES,
  OTHER_METHODS,
  SEGMENTS,
} from './oddities.js';
import { fromPool, valueOf } from './schema-values.js';
import { pooled } from './tokens.js';

/** Node refuses longer heads by itself. */
const MAX_ENCODED_CHARACTERS = 3_000;

export interface Draft {
  method: string;
  /** With marks of tokens.ts in it, like every text here. */
  path: string;
  /** Already encoded. */
  query: string[];
  headers: [name: string, value: string][];
  /** JSON with marks in it; null: no body. */
  body: string | null;
}

type Header = [name: string, value: string];

/** @returns requests for every operation alike, and some for what the document does not have */
export function requestsFor(document: Document, operations: readonly Operation[]): Generator<Draft> {
  return weighted(...operations.map((operation) => ({ weight: 40, of: requestFor(document, operation) })), {
    weight: 3 * operations.length,
    of: undocumented(operations),
  });
}

/** The good requests only, for what needs a success. */
export function goodRequestFor(document: Document, operation: Operation): Generator<Draft> {
  const takesBody = operation.requestBody !== undefined;
  return record<Draft & Record<string, unknown>>({
    method: constant(operation.method),
    path: pathOf(document, operation, 1, 0),
    query: constant<string[]>([]),
    headers: constant<Header[]>(takesBody ? [['content-type', 'application/json']] : []),
    body: takesBody ? goodBody(document, operation).map(written) : constant(null),
  });
}

function requestFor(document: Document, operation: Operation): Generator<Draft> {
  const body = operation.requestBody === undefined ? strayBody() : bodyOf(document, operation);
  type Parts = [string, string[], Header[], Body];
  const odd = tuple<Parts>(
    pathOf(document, operation, 12, 2),
    queryOf(document, operation, 4),
    oddHeaders(),
    body,
  );
  const even = tuple<Parts>(
    pathOf(document, operation, 1, 0),
    queryOf(document, operation, 0),
    plainHeaders(document, operation),
    body,
  );
  return weighted({ weight: 2, of: even }, { weight: 1, of: odd }).map(
    ([path, query, headers, { text, mediaType }]) => ({
      method: operation.method,
      path,
      query,
      headers: mediaType === null ? headers : [...headers, ['content-type', mediaType]],
      body: text,
    }),
  );
}

/* Paths */

function pathOf(document: Document, operation: Operation, known: number, hostile: number): Generator<string> {
  const parts = operation.path.split('/').map((part) => {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name === undefined) return constant(part);
    const parameter = operation.parameters.find((one) => one.in === 'path' && one.name === name);
    const own = valueOf(document, schemaOf(parameter)).map((value) => encoded(String(value)));
    return weighted(
      { weight: known, of: fromPool(poolOf(operation.path, name)) },
      { weight: hostile, of: own },
      { weight: hostile, of: hostileText.map(encoded) },
      { weight: hostile, of: constantFrom(...BROKEN_SEGMENTS) },
    );
  });
  return tuple<string[]>(...parts).map((texts) => texts.join('/'));
}

/** What a placeholder names: its own name says it, or what stands before it. */
function poolOf(path: string, name: string): string {
  if (name === 'run_id') return 'run_id';
  if (path.startsWith('/workers/dlq/operations/')) return 'operation_id';
  if (path.startsWith('/workers/dlq/')) return 'dlq_id';
  if (path.startsWith('/dags/')) return 'dag_id';
  return path.startsWith('/jobs/') ? 'task' : name;
}

function undocumented(operations: readonly Operation[]): Generator<Draft> {
  const segment = weighted(
    { weight: 1, of: constantFrom(...SEGMENTS) },
    { weight: 1, of: constantFrom(...BROKEN_SEGMENTS) },
    { weight: 1, of: hostileText.map(encoded) },
  );
  const wild = array(segment, 0, 5).map((segments) => `/${segments.join('/')}`);
  const known = tuple<[Operation, number]>(constantFrom(...operations), nat).map(([{ path }, pick]) =>
    path.replace(/\{(\w+)\}/g, (_all, name: string) => pooled(poolOf(path, name), pick)),
  );
  return record<Draft & Record<string, unknown>>({
    method: constantFrom(...OTHER_METHODS),
    path: weighted({ weight: 1, of: wild }, { weight: 1, of: known }),
    query: constant<string[]>([]),
    headers: oddHeaders(),
    body: constant(null),
  });
}

/* Queries */

function queryOf(document: Document, operation: Operation, hostile: number): Generator<string[]> {
  const known = operation.parameters.filter((parameter) => parameter.in === 'query');
  const names = known.map(({ name }) => name);
  const anyName = constantFrom('limit', 'cursor', 'offset', 'since', 'x', ...names);
  const choices = [
    ...known.map((parameter) => ({ weight: 2, of: goodPair(document, parameter) })),
    {
      weight: hostile,
      of: tuple<[string, string]>(anyName, hostileText).map(([key, value]) => `${key}=${encoded(value)}`),
    },
    {
      weight: hostile,
      of: tuple<[string, string]>(anyName, constantFrom('[]=1', '[0]=1', '[a]=1', '=1&{}=2', '', '=')).map(
        ([key, tail]) => `${key}${tail.replace('{}', key)}`,
      ),
    },
    { weight: hostile, of: constantFrom(...BROKEN_QUERIES) },
  ].filter(({ weight }) => weight > 0);
  if (choices.length === 0) return constant([]);
  return uniqueArray(weighted(...choices), 0, 3, (pair) => pair.split('=', 1)[0]);
}

function goodPair(document: Document, parameter: Parameter): Generator<string> {
  const value =
    parameter.name === 'cursor'
      ? fromPool('cursor')
      : valueOf(document, schemaOf(parameter), parameter.name).map((one) => encoded(String(one)));
  return value.map((text) => `${parameter.name}=${text}`);
}

/* Headers */

/** What the operation declares, and which of its media types is wanted. */
function plainHeaders(document: Document, operation: Operation): Generator<Header[]> {
  const declared = operation.parameters
    .filter((parameter) => parameter.in === 'header')
    .map((parameter) => headerOf(document, parameter));
  const types = Object.keys(operation.responses['200']?.content ?? {});
  if (types.length > 1) declared.push(constantFrom(...types).map((type): Header => ['accept', type]));
  return tuple<(Header | null)[]>(...declared.map((one) => option(one))).map((all) =>
    all.filter((pair) => pair !== null),
  );
}

function headerOf(document: Document, parameter: Parameter): Generator<Header> {
  const own = valueOf(document, schemaOf(parameter)).map((one) => headerText(String(one)));
  const values: Record<string, Generator<string>> = {
    // Few enough for some to come twice.
    'idempotency-key': nat.map((number) => `key-${number % 2_000}`),
    'if-match': weighted({ weight: 6, of: fromPool('etag') }, { weight: 1, of: own }),
    'if-none-match': weighted({ weight: 6, of: fromPool('etag') }, { weight: 1, of: own }),
  };
  const name = parameter.name.toLowerCase();
  return (values[name] ?? own).map((value) => [name, value]);
}

function oddHeaders(): Generator<Header[]> {
  const value = weighted(
    { weight: 1, of: hostileText.map(headerText) },
    { weight: 1, of: constantFrom(...ODD_VALUES) },
  );
  // The client itself reads `Host`, and fails on a bracket that is not closed.
  const header = tuple<Header>(constantFrom(...ABUSED_HEADERS), value).map(([name, text]): Header => [
    name,
    name === 'host' ? text.replaceAll('[', '(') : text,
  ]);
  return uniqueArray(header, 0, 3, ([name]) => name);
}

/** What a header may hold at all: the rest is for the part that speaks raw HTTP. */
function headerText(text: string): string {
  return text
    .replace(/[^\x20-\x7e\xa0-\xff]/g, '?')
    .trim()
    .slice(0, MAX_ENCODED_CHARACTERS);
}

/* Bodies */

interface Body {
  text: string | null;
  mediaType: string | null;
}

const NO_BODY = constant<Body>({ text: null, mediaType: null });
const asJson = (value: unknown): Body => ({ text: written(value), mediaType: 'application/json' });

function bodyOf(document: Document, operation: Operation): Generator<Body> {
  const good = goodBody(document, operation);
  return weighted<Body>(
    { weight: 6, of: good.map(asJson) },
    { weight: 5, of: mutated(good).map(asJson) },
    { weight: 1, of: hostileValue.map(asJson) },
    {
      weight: 1,
      of: tuple<[unknown, number]>(good, nat).map(([value, at]) => damaged(asJson(value), at)),
    },
    { weight: 1, of: ofOddType(good.map(written)) },
    { weight: 1, of: NO_BODY },
  );
}

/** For operations that take none. */
function strayBody(): Generator<Body> {
  return weighted<Body>(
    { weight: 12, of: NO_BODY },
    { weight: 1, of: hostileValue.map(asJson) },
    { weight: 1, of: ofOddType(constantFrom('{', 'x', '')) },
  );
}

function ofOddType(text: Generator<string>): Generator<Body> {
  return tuple<[string, string]>(text, constantFrom(...MEDIA_TYPES)).map(([body, mediaType]) => ({
    text: body,
    mediaType,
  }));
}

/** Examples work as they are; the rest keeps to the schema, and is good as far as that says what is. */
function goodBody(document: Document, operation: Operation): Generator<unknown> {
  const schema = (operation.requestBody?.content['application/json'].schema ?? {}) as Schema;
  const examples = examplesOf(document, operation);
  const choices = [{ weight: 2, of: valueOf(document, schema) }];
  if (examples.length > 0)
    choices.push({
      weight: 3,
      of: tuple<[unknown, number]>(constantFrom(...examples), nat).map(([example, pick]) =>
        alive(example, pick),
      ),
    });
  if (/createDag|validateDag/.test(operation.id)) choices.push({ weight: 8, of: definition });
  if (operation.id === 'patchDag') choices.push({ weight: 8, of: definitionPart });
  return weighted(...choices);
}

/** An example about what exists here, under a name that is not taken. */
function alive(example: unknown, pick: number): unknown {
  if (typeof example !== 'object' || example === null || Array.isArray(example)) return example;
  const copy = structuredClone(example) as Record<string, unknown>;
  if ('dag_id' in copy) copy.dag_id = pooled('dag_id', pick);
  if (Array.isArray(copy.jobs)) copy.jobs = copy.jobs.map((job: unknown, place) => alive(job, pick + place));
  if (typeof copy.filter === 'object') copy.filter = { dag_id: pooled('entry_dag_id', pick) };
  if (typeof copy.name === 'string') copy.name = `${copy.name}-${pick}`;
  return copy;
}

function damaged({ text, mediaType }: Body, at: number): Body {
  const whole = text ?? '';
  const cut = at % (whole.length + 1);
  const ways = [
    whole.slice(0, cut),
    `${whole}${whole}`,
    `${whole.slice(0, cut)}\0${whole.slice(cut)}`,
    `\ufeff${whole}`,
    whole.replaceAll('"', "'"),
    `${whole} // x`,
    whole.replace(/\}$/, ',}'),
    'NaN',
  ];
  return { text: ways[at % ways.length], mediaType };
}

function written(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

function schemaOf(parameter: Parameter | undefined): Schema {
  return (parameter?.schema ?? {}) as Schema;
}

function encoded(text: string): string {
  return isMark(text)
    ? text
    : encodeURIComponent(Buffer.from(text).toString()).slice(0, MAX_ENCODED_CHARACTERS);
}

function isMark(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('@@pool:');
}
