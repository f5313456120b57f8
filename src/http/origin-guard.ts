import type { RequestHandler } from 'express';
import { type OriginRules, requestRefusal } from './origin.js';

/** Refuses what pages of other sites send, before anything of it is read. */
export function originGuard(rules: OriginRules): RequestHandler {
  return (request, _response, next) => {
    next(requestRefusal(request.method, request.headers, rules) ?? undefined);
  };
}
