/**
 * Makes the schemas that come out of the decorators valid in 3.1, where a schema is JSON Schema 2020-12, and as exact
 * as the API is.
 */
import { type Document, innerSchemas, operationsOf, refTo, resolved, type Schema } from './document.js';
import { NAMED_SCHEMAS } from './named-schemas.js';

export function finishSchemas(document: Document): void {
  Object.assign(document.components.schemas, structuredClone(NAMED_SCHEMAS));
  const roots = rootSchemas(document);
  for (const schema of roots) walk(schema, modernize);
  closeRequests(document);
  dropDefaultsOfPatches(document);
  dropSuffix(document);
}

function rootSchemas(document: Document): Schema[] {
  const roots = Object.values(document.components.schemas);
  for (const { operation } of operationsOf(document)) {
    for (const { schema } of operation.parameters ?? []) if (schema !== undefined) roots.push(schema);
    const contents = [operation.requestBody, ...Object.values(operation.responses)];
    for (const content of contents)
      for (const { schema } of Object.values(content?.content ?? {}))
        if (schema !== undefined) roots.push(schema);
  }
  return roots;
}

function walk(schema: Schema, visit: (schema: Schema) => void): void {
  for (const inner of innerSchemas(schema)) walk(inner, visit);
  visit(schema);
}

/** 3.0's ways of saying things become those of JSON Schema. Inner schemas are modern already. */
function modernize(schema: Schema): void {
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
    // A combinator of one was a way to write something beside a reference, which 3.1 allows.
    const [only, ...others] = schema[key] ?? [];
    if (only === undefined || others.length > 0) continue;
    delete schema[key];
    Object.assign(schema, { ...only, ...schema });
  }
  for (const [exclusive, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (schema[exclusive] !== true) continue;
    schema[exclusive] = schema[bound];
    delete schema[bound];
  }
  if ('example' in schema) {
    schema.examples = [schema.example];
    delete schema.example;
  }
}

/** What the API refuses, the document forbids: unknown fields of bodies. */
function closeRequests(document: Document): void {
  const seen = new Set<Schema>();
  const close = (schema: Schema): void => {
    if (seen.has(schema)) return;
    seen.add(schema);
    if (schema.properties !== undefined) schema.additionalProperties ??= false;
    innerSchemas(schema).forEach(close);
    const target = schema.$ref === undefined ? undefined : resolved(document, schema.$ref);
    if (target !== undefined) close(target);
  };
  for (const { operation } of operationsOf(document))
    for (const { schema } of Object.values(operation.requestBody?.content ?? {}))
      if (schema !== undefined) close(schema);
}

/** What a PATCH leaves out stays as it is. */
function dropDefaultsOfPatches(document: Document): void {
  for (const { method, operation } of operationsOf(document)) {
    if (method !== 'patch') continue;
    for (const { schema } of Object.values(operation.requestBody?.content ?? {})) {
      const body = schema?.$ref === undefined ? schema : resolved(document, schema.$ref);
      for (const field of Object.values(body?.properties ?? {})) delete field.default;
    }
  }
}

/** `DagDto` is our word for a class; clients know a `Dag`. */
function dropSuffix(document: Document): void {
  const nameOf = (name: string): string => name.replace(/Dto$/, '');
  const rename = (ref: string): string => refTo(nameOf(ref.slice(refTo('').length)));
  for (const schema of rootSchemas(document))
    walk(schema, (one) => {
      if (one.$ref !== undefined) one.$ref = rename(one.$ref);
      const mapping = one.discriminator?.mapping ?? {};
      for (const [value, ref] of Object.entries(mapping)) mapping[value] = rename(ref);
    });
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) => [nameOf(name), schema]);
  const names = new Set(schemas.map(([name]) => name));
  if (names.size < schemas.length) throw new Error('Two schemas have the same name but for the suffix Dto.');
  document.components.schemas = Object.fromEntries(schemas) as Record<string, Schema>;
}
