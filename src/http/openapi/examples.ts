/** Examples of answers, put together from the examples of their fields, so that they cannot disagree with the schemas. */
import { type Document, operationsOf, resolved, type Schema } from './document.js';

/** Gives every answer with JSON an example, unless the route has its own. */
export function addAnswerExamples(document: Document): void {
  for (const { operation } of operationsOf(document))
    for (const { content = {} } of Object.values(operation.responses)) {
      const media = content['application/json'];
      if (media?.schema === undefined || media.example !== undefined || media.examples !== undefined)
        continue;
      media.example = exampleOf(media.schema, document);
    }
}

const BY_FORMAT: Record<string, unknown> = {
  'date-time': '2026-01-31T12:00:00.000Z',
  uuid: '019a2b3c-4d5e-7f80-9123-456789abcdef',
};

/** A value the schema describes; undefined where neither it nor its parts say what one looks like. */
export function exampleOf(schema: Schema, document: Document): unknown {
  if (schema.examples !== undefined) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.$ref !== undefined) {
    const target = resolved(document, schema.$ref);
    return target === undefined ? undefined : exampleOf(target, document);
  }
  const [alternative] = schema.oneOf ?? schema.anyOf ?? [];
  if (alternative !== undefined) return exampleOf(alternative, document);
  if (schema.allOf !== undefined)
    return Object.assign({}, ...schema.allOf.map((part) => exampleOf(part, document))) as unknown;
  return exampleOfType(schema, document);
}

function exampleOfType(schema: Schema, document: Document): unknown {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, field]) => [name, exampleOf(field, document)]),
      );
    case 'array':
      return schema.items === undefined ? [] : [exampleOf(schema.items, document)];
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'boolean':
      return false;
    default:
      return schema.format === undefined ? undefined : BY_FORMAT[schema.format];
  }
}
