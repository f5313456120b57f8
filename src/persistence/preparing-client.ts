import { createHash } from 'node:crypto';
import type pg from 'pg';
import { boundedClients } from './bounded-client.js';

/** All statements of the API, each with every combination of its filters, are far fewer; see below. */
const MOST_NAMES = 500;

const names = new Map<string, string>();

/**
 * Makes the client class of a pool whose owner, TypeORM, knows no prepared statements: each statement that comes with a list of
 * parameters, empty or not, is prepared by a name made from its text. What it reads is a few rows, so analysing and
 * planning its text anew would take longer than reading them.
 *
 * What varies must be in the parameters: texts without end would fill the memory of the sessions, so only the first
 * `MOST_NAMES` of a process are prepared.
 */
export function preparingClients(): typeof pg.Client {
  return class PreparingClient extends boundedClients() {
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      const send = this.query.bind(this) as (...args: unknown[]) => unknown;
      this.query = ((...args: unknown[]) => {
        const [text, values, ...rest] = args;
        if (typeof text !== 'string' || !Array.isArray(values)) return send(...args);
        return send({ name: nameOf(text), text, values: values as unknown[] }, ...rest);
      }) as pg.Client['query'];
    }
  };
}

/** The same text has the same name in every session; undefined: it is not to be prepared. */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST_NAMES) return known;
  const name = createHash('sha256').update(text).digest('base64url').slice(0, 24);
  names.set(text, name);
  return name;
}
