/** A typed client of the API: paths, parameters, bodies, answers and problems as docs/openapi.json says. */
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema.js';

/** The schemas of the document by name: `Schemas['Job']`. */
export type Schemas = components['schemas'];
export type Problem = Schemas['Problem'];
export type SchedulerClient = Client<paths>;

export interface ConnectOptions {
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** Instead of the global `fetch`, for timeouts, retries or tracing. */
  fetch?: (request: Request) => Promise<Response>;
}

/** A client of the API at `baseUrl`; its calls answer `{data, error, response}` and throw only when there is no answer. */
export function connect(baseUrl: string, options: ConnectOptions = {}): SchedulerClient {
  // Lists in a query are separated by commas.
  const querySerializer = { array: { style: 'form', explode: false } } as const;
  return createClient<paths>({ baseUrl, querySerializer, ...options });
}

/** An answer that was a problem; `problem.code` says which. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    readonly response: Response,
  ) {
    super(`${response.status} ${problem.code}: ${problem.detail}`);
    this.name = 'ProblemError';
  }
}

/** What a call answered. @throws ProblemError when it was refused */
export async function dataOf<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await call;
  if (response.ok) return data as Data;
  if (isProblem(error)) throw new ProblemError(error, response);
  throw new Error(`${response.status} ${response.statusText}`, { cause: error });
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'detail' in error;
}
