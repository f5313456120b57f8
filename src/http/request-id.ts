import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

export const REQUEST_ID = 'X-Request-Id';

/** What a caller may choose as id: it ends up in logs and headers, so neither spaces nor control characters. */
const ACCEPTABLE = /^[\w.:=+/@-]{1,128}$/;

const ids = new WeakMap<object, string>();

/**
 * The request whose work is going on. Its id is gone once it has been answered: what it has set going may live longer,
 * such as a connection of a pool, and is no part of it any more.
 */
const serving = new AsyncLocalStorage<{ id: string | null }>();
/** Requests that are being served. */
let served = 0;

/** Gives every request an id, the caller's own where it is acceptable, and says it in the answer. */
export function requestIds(request: Request, response: Response, next: NextFunction): void {
  const given = request.get(REQUEST_ID);
  const id = given !== undefined && ACCEPTABLE.test(given) ? given : randomUUID();
  ids.set(request, id);
  response.setHeader(REQUEST_ID, id);
  const current: { id: string | null } = { id };
  served += 1;
  response.once('close', () => {
    current.id = null;
    served -= 1;
    // While it is on it is paid for in every promise of the process, tasks' included.
    if (served === 0) serving.disable();
  });
  serving.run(current, next);
}

/** The id of a request; null for one that failed before it got any. */
export function requestIdOf(request: object): string | null {
  return ids.get(request) ?? null;
}

/** The id of the request that is being served here and now; null outside of any. */
export function servedRequestId(): string | null {
  return serving.getStore()?.id ?? null;
}
