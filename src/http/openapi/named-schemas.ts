/** Schemas with a name in the document that no class stands for. */
import { refTo, type Schema } from './document.js';

const SEGMENT = '[\\p{L}\\p{N}_$@-]+';

export const NAMED_SCHEMAS: Readonly<Record<string, Schema>> = {
  Json: {
    type: ['object', 'array', 'string', 'number', 'boolean', 'null'],
    additionalProperties: true,
    items: {},
    description: 'Any JSON value.',
    examples: [{ rows: 3 }],
  },
  Placeholder: {
    type: 'string',
    pattern: `^\\{\\{\\s*(params(\\.${SEGMENT})*|tasks\\.${SEGMENT}\\.output(\\.${SEGMENT})*|run\\.(id|scheduled_for))\\s*\\}\\}$`,
    description:
      'One placeholder and nothing else: it takes the type of what it refers to when an attempt begins.',
    examples: ['{{ params.x }}'],
  },
};

/** A field that may hold any JSON value. */
export const ANY_JSON = { anyOf: [{ $ref: refTo('Json') }], example: { rows: 3 } };

/** A whole placeholder. */
export const PLACEHOLDER = { $ref: refTo('Placeholder') };
