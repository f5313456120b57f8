/** The OpenAPI document as the fuzzer reads it: its operations, and which of them a request line means. */
import type { Document, Operation as Described, Parameter } from '../../../src/http/openapi/document.js';
import type { DocumentedApi, DocumentedOperation } from '../../support/documented-api.js';

export type { Document, Parameter };
/** Loose: the fuzzer asks for every keyword there may be. */
export type Schema = Record<string, unknown>;

export interface Operation {
  id: string;
  /** As on the wire. */
  method: string;
  /** As in the document, with its `{placeholders}`. */
  path: string;
  parameters: Parameter[];
  requestBody: Described['requestBody'];
  responses: Described['responses'];
  /** The same, for the judge of answers. */
  documented: DocumentedOperation;
}

export function operationsOf({ operations }: DocumentedApi): Operation[] {
  return operations.map((documented) => ({
    id: documented.operation.operationId,
    method: documented.method.toUpperCase(),
    path: documented.path,
    parameters: documented.operation.parameters ?? [],
    requestBody: documented.operation.requestBody,
    responses: documented.operation.responses,
    documented,
  }));
}

/** What a `$ref` of the document stands for; anything else as it is. */
export function resolved<Part>(document: Document, part: Part): Part {
  const reference = (part as { $ref?: unknown }).$ref;
  if (typeof reference !== 'string') return part;
  const target = reference
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)[unescaped(key)], document);
  return resolved(document, target as Part);
}

function unescaped(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** Finds operations as the document means them: a path without placeholders goes before one with them. */
export class Router {
  private readonly routes: { operation: Operation; pattern: RegExp; placeholders: number }[];

  constructor(operations: readonly Operation[]) {
    this.routes = operations
      .map((operation) => ({
        operation,
        // A slash at the end and the case of letters make no difference to the server.
        pattern: new RegExp(
          `^${operation.path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}/?$`,
          'i',
        ),
        placeholders: operation.path.split('{').length - 1,
      }))
      .sort((left, right) => left.placeholders - right.placeholders);
  }

  /** The operation a request line means; undefined where the document has none. `HEAD` is the `GET` of the same path. */
  find(method: string, path: string): Operation | undefined {
    const wanted = method === 'HEAD' ? 'GET' : method;
    return this.routes.find(({ operation, pattern }) => operation.method === wanted && pattern.test(path))
      ?.operation;
  }
}

/** The example bodies of an operation, which work when pasted. */
export function examplesOf(document: Document, { requestBody }: Operation): unknown[] {
  const media = requestBody?.content['application/json'];
  const named = Object.values(media?.examples ?? {}).map(
    (example) => (resolved(document, example) as { value?: unknown }).value,
  );
  return [...named, media?.example].filter((value) => value !== undefined);
}
