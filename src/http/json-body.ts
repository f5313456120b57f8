import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { DomainError, validationFailed } from '../domain/errors.js';
import { bodyFaults } from './json-guard.js';

const JSON_TYPES = ['application/json', 'application/*+json'];

/**
 * Reads request bodies: JSON and nothing else, up to `limitBytes`, any JSON value (its shape is checked later, so that
 * a wrong one is a 422 with a pointer). A request without a body leaves `request.body` undefined.
 *
 * Fails with 413, 415, 400 (not JSON) or 422 (JSON that must not be stored).
 */
export function jsonBodies(limitBytes: number): RequestHandler {
  const read = express.raw({ type: () => true, limit: limitBytes });
  return (request, response, next) => {
    if (!hasBody(request)) {
      next();
      return;
    }
    if (!request.is(JSON_TYPES)) {
      discard(request);
      next(new DomainError('unsupported_media_type', `Expected application/json, got ${typeOf(request)}.`));
      return;
    }
    read(request, response, (error?: unknown) => {
      if (error === undefined) parse(request, response, next);
      else {
        discard(request);
        next(readError(error, limitBytes));
      }
    });
  };
}

/**
 * Lets the rest of a refused body run into nothing. A client that sends before it reads would otherwise wait for us, or
 * lose our answer to a reset of the connection. Bounded by the server's request timeout.
 */
function discard(request: Request): void {
  request.unpipe();
  request.resume();
}

function parse(request: Request, _response: Response, next: NextFunction): void {
  const bytes = request.body as Buffer | undefined;
  if (bytes === undefined || bytes.length === 0) {
    request.body = undefined;
    next();
    return;
  }
  let text: string;
  let body: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    body = JSON.parse(text);
  } catch (error) {
    next(new DomainError('malformed_json', describe(error), [], { cause: error }));
    return;
  }
  const faults = bodyFaults(body, text);
  request.body = body;
  next(faults.length > 0 ? validationFailed(faults) : undefined);
}

function describe(error: unknown): string {
  if (error instanceof SyntaxError) return `The body is not JSON: ${error.message}.`;
  return 'The body is not UTF-8.';
}

function hasBody(request: Request): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function typeOf(request: Request): string {
  const type = request.headers['content-type'];
  return type === undefined ? 'no Content-Type' : JSON.stringify(type.slice(0, 100));
}

/** Errors of body-parser carry a `type`; those that are not the client's fault keep going as they are. */
function readError(error: unknown, limitBytes: number): unknown {
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return new DomainError('body_too_large', `The body is larger than ${limitBytes} bytes.`);
    case 'encoding.unsupported':
      return new DomainError('unsupported_media_type', 'The Content-Encoding is not supported.');
    case 'request.size.invalid':
    case 'request.aborted':
      return new DomainError('malformed_request', 'The body is not as long as its Content-Length says.');
    default:
      return isZlibError(error)
        ? new DomainError('malformed_request', 'The body is not what its Content-Encoding says.')
        : error;
  }
}

function isZlibError(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
  );
}
