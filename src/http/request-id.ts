import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

const HEADER = 'X-Request-Id';

/** What a caller may choose as id: it ends up in logs and headers, so neither spaces nor control characters. */
const ACCEPTABLE = /^[\w.:=+/@-]{1,128}$/;

const ids = new WeakMap<object, string>();

/** Gives every request an id, the caller's own where it is acceptable, and says it in the answer. */
export function requestIds(request: Request, response: Response, next: NextFunction): void {
  const given = request.get(HEADER);
  const id = given !== undefined && ACCEPTABLE.test(given) ? given : randomUUID();
  ids.set(request, id);
  response.setHeader(HEADER, id);
  next();
}

/** The id of a request; null for one that failed before it got any. */
export function requestIdOf(request: object): string | null {
  return ids.get(request) ?? null;
}
