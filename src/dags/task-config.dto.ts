/**
 * What a task's config may hold, for the document: domain/task-config.ts checks it, and a test holds the two together.
 *
 * Where a value is not a text, one whole placeholder may stand for it: it takes its type when an attempt begins.
 */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Json, JsonObject } from '../domain/json.js';
import { HTTP_METHODS, MAX_RESPONSE_BYTES, MAX_TIMEOUT_SECONDS } from '../domain/task-config.js';
import { ANY_JSON, PLACEHOLDER } from '../http/openapi/named-schemas.js';

const orPlaceholder = (...schemas: object[]): object => ({ anyOf: [...schemas, PLACEHOLDER] });

/** A text, number or boolean; what becomes text anyway may as well be given as such. */
const SCALAR = { type: ['string', 'number', 'boolean'] };
/** A text that passes `pattern`, or holds a placeholder somewhere. */
const textLike = (pattern: string): object => ({ type: 'string', pattern: `${pattern}|\\{\\{` });
const listOf = (items: object): object => ({ type: 'array', items });
const PROGRAM = { type: 'string', pattern: '\\S' };
const NAMES = orPlaceholder(listOf({ type: 'string', minLength: 1 }));

const ENV = {
  ...orPlaceholder({
    type: 'object',
    propertyNames: { pattern: '^(?!DTS_)[A-Za-z_][A-Za-z0-9_]*$' },
    additionalProperties: SCALAR,
  }),
  example: { ROWS: '{{ params.rows }}' },
};
const methods = [...HTTP_METHODS, ...HTTP_METHODS.map((method) => method.toLowerCase())];

/** The decorators' types are those of OpenAPI 3.0; these schemas are of 3.1. */
const property = (schema: object, isRequired = false): PropertyDecorator =>
  isRequired ? ApiProperty(schema) : ApiPropertyOptional(schema);

/** Texts may hold placeholders. */
export class HttpConfigDto {
  /** Absolute. */
  @property({ ...textLike('^[hH][tT][tT][pP][sS]?://.'), example: 'http://127.0.0.1:9000/data' }, true)
  url: string;

  /** In upper or lower case. */
  @property({
    type: 'string',
    minLength: 1,
    pattern: `^(${methods.join('|')})$|\\{\\{`,
    default: 'GET',
  })
  method?: string;

  @property({
    ...orPlaceholder({
      type: 'object',
      propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
      additionalProperties: { type: ['string', 'number', 'boolean'], pattern: '^[^\\r\\n]*$' },
    }),
    example: { accept: 'application/json' },
  })
  headers?: JsonObject | string;

  /** A text is sent as it is, anything else as JSON. */
  @property({ ...ANY_JSON, example: { rows: 3 } })
  body?: Json;

  /** Longest time one request may take. */
  @property({
    ...orPlaceholder({ type: 'number', exclusiveMinimum: true, minimum: 0, maximum: MAX_TIMEOUT_SECONDS }),
    example: 20,
  })
  timeout_seconds?: number | string;

  /** Statuses that count as success instead of 2xx. */
  @property({
    ...orPlaceholder({
      ...listOf(orPlaceholder({ type: 'integer', minimum: 100, maximum: 599 })),
      minItems: 1,
    }),
    example: [200, 404],
  })
  expected_status?: (number | string)[] | string;

  /** A longer answer fails the attempt. */
  @property({
    ...orPlaceholder({ type: 'integer', minimum: 1, maximum: MAX_RESPONSE_BYTES }),
    example: 1_048_576,
  })
  max_response_bytes?: number | string;

  @property({ ...orPlaceholder({ type: 'boolean' }), example: true })
  follow_redirects?: boolean | string;
}

/** Texts may hold placeholders, except `code`. */
export class PythonConfigDto {
  /** `run(ctx)` or `run()` is called; else one expression's value, else the variable `result`. */
  @property({ ...PROGRAM, example: "def run(ctx):\n    return len(ctx['inputs'])" }, true)
  code: string;

  /** What `ctx['args']` finds. */
  @property({
    ...orPlaceholder({ type: 'object', additionalProperties: true }, listOf({})),
    example: { day: '{{ params.day }}' },
  })
  args?: Json;

  @property(ENV)
  env?: JsonObject | string;

  /** Names of exceptions after which trying again cannot help. */
  @property({ ...NAMES, example: ['ValueError'] })
  non_retryable_exceptions?: string[] | string;
}

/** Texts may hold placeholders, except `command`. */
export class ShellConfigDto {
  /** Run by `sh`. JSON written to `$DTS_OUTPUT` is the output of the task. */
  @property({ ...PROGRAM, example: 'echo "loaded $ROWS"' }, true)
  command: string;

  @property(ENV)
  env?: JsonObject | string;

  /** The directory it runs in; by default one of its own. */
  @property({ type: 'string', minLength: 1, example: '/tmp' })
  cwd?: string;

  @property({ type: 'string', example: 'three\nlines\nof text' })
  stdin?: string;

  /** Exit codes after which trying again cannot help. */
  @property({
    ...orPlaceholder(listOf(orPlaceholder({ type: 'integer', minimum: 1, maximum: 255 }))),
    example: [2],
  })
  non_retryable_exit_codes?: (number | string)[] | string;
}

/** A task that does nothing needs nothing. */
export class NoopConfigDto {}
