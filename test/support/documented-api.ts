import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type Document, innerSchemas, operationsOf, type Schema } from '../../src/http/openapi/document.js';

const FILE = resolve(import.meta.dirname, '../../docs/openapi.json');
/** What the document is called among the schemas of the validator. */
const ROOT = 'openapi';

export type DocumentedOperation = ReturnType<typeof operationsOf>[number];

/** What came back for a request. */
export interface ReceivedAnswer {
  status: number;
  contentType: string | null;
  /** Undefined for an answer without a body. */
  body: unknown;
}

/**
 * docs/openapi.json as a judge of answers. It is stricter than the document itself, which lets the API grow: fields that
 * the document does not know are faults here.
 */
export class DocumentedApi {
  readonly document = JSON.parse(readFileSync(FILE, 'utf8')) as Document;
  readonly operations = operationsOf(this.document);
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly validators = new Map<string, ValidateFunction>();

  constructor() {
    addFormats.default(this.ajv);
    const closed = structuredClone(this.document);
    Object.values(closed.components.schemas).forEach(close);
    this.ajv.addSchema(closed, ROOT);
  }

  /** What is wrong with an answer to an operation; empty when it is as documented. */
  faultsOf({ method, path, operation }: DocumentedOperation, answer: ReceivedAnswer): string[] {
    const documented = operation.responses[answer.status];
    if (documented === undefined)
      return [`${answer.status} is not documented: ${JSON.stringify(answer.body)?.slice(0, 500)}`];
    const type = answer.contentType?.split(';', 1)[0] ?? '';
    if (documented.content === undefined)
      return answer.body === undefined ? [] : [`${answer.status} is documented to have no body`];
    if (!(type in documented.content)) return [`${answer.status} is not documented to be ${type || 'empty'}`];
    const place = ['paths', path, method, 'responses', String(answer.status), 'content', type, 'schema'];
    return this.judge(place, answer.body);
  }

  /** What is wrong with a problem, whichever answer it came with. */
  faultsOfProblem(body: unknown): string[] {
    return this.judge(['components', 'schemas', 'Problem'], body);
  }

  /** What is wrong with the value of a parameter; empty for one the document does not have. */
  faultsOfParameter(
    { method, path, operation }: DocumentedOperation,
    name: string,
    value: unknown,
  ): string[] {
    const at = (operation.parameters ?? []).findIndex((one) => one.name === name);
    return at < 0 ? [] : this.judge(['paths', path, method, 'parameters', String(at), 'schema'], value);
  }

  /** What is wrong with a body of a request to an operation, as far as the document says. */
  faultsOfBody({ method, path }: DocumentedOperation, body: unknown): string[] {
    return this.judge(['paths', path, method, 'requestBody', 'content', 'application/json', 'schema'], body);
  }

  private judge(place: readonly string[], value: unknown): string[] {
    const pointer = place.map(escaped).join('/');
    let validate = this.validators.get(pointer);
    if (validate === undefined) {
      validate = this.ajv.compile({ $ref: `${ROOT}#/${pointer}` });
      this.validators.set(pointer, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** Parts of an `allOf` know only their share of the fields, so they stay open. */
function close(schema: Schema): void {
  if (schema.properties !== undefined) schema.additionalProperties ??= false;
  const { allOf: _parts, ...rest } = schema;
  innerSchemas(rest).forEach(close);
}

function escaped(token: string): string {
  return encodeURIComponent(token.replaceAll('~', '~0').replaceAll('/', '~1'));
}
