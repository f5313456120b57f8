/** The parts of an OpenAPI 3.1 document that this folder reads and writes; the types of @nestjs/swagger are those of 3.0. */

/** A JSON Schema of 2020-12, which 3.1 uses as it is; `example` is what the decorators still write. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  example?: unknown;
  examples?: unknown[];
  description?: string;
  format?: string;
  pattern?: string;
  minimum?: number;
  exclusiveMinimum?: number | boolean;
  exclusiveMaximum?: number | boolean;
  maximum?: number;
  discriminator?: { propertyName: string; mapping?: Record<string, string> };
}

export interface Media {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, unknown>;
}

export interface Answer {
  description: string;
  headers?: Record<string, unknown>;
  content?: Record<string, Media>;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  style?: string;
  explode?: boolean;
  schema?: Schema;
}

export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, Answer>;
  /** Vendor extensions, by which decorators leave notes. */
  [extension: `x-${string}`]: unknown;
}

export type PathItem = Record<string, Operation>;

export interface Document {
  openapi: string;
  info: { version: string; [field: string]: unknown };
  paths: Record<string, PathItem>;
  components: {
    schemas: Record<string, Schema>;
    examples?: Record<string, unknown>;
    headers?: Record<string, unknown>;
  };
  [field: string]: unknown;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Every operation with its method and path. */
export function operationsOf(document: Document): { method: string; path: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => ({ method, path, operation: item[method] })),
  );
}

/** The schemas that stand directly inside a schema. */
export function innerSchemas(schema: Schema): Schema[] {
  const { properties, items, additionalProperties, allOf = [], anyOf = [], oneOf = [] } = schema;
  const inner = [...Object.values(properties ?? {}), ...allOf, ...anyOf, ...oneOf];
  if (items !== undefined) inner.push(items);
  if (typeof additionalProperties === 'object') inner.push(additionalProperties);
  return inner;
}

const SCHEMAS = '#/components/schemas/';

/** The schema a reference means; undefined when there is none. */
export function resolved(document: Document, ref: string): Schema | undefined {
  return document.components.schemas[ref.slice(SCHEMAS.length)];
}

export function refTo(name: string): string {
  return SCHEMAS + name;
}
