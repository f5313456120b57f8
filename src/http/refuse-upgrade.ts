import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DomainError } from '../domain/errors.js';
import { problemOf, retryAfterOf } from './problem.js';

/** Answers a request for a socket with a problem instead. */
export function refuseUpgrade(socket: Duplex, error: DomainError, path: string): void {
  const problem = problemOf(error, { path, id: null });
  const body = JSON.stringify(problem);
  const retryAfter = retryAfterOf(error);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfter === null ? [] : [`Retry-After: ${retryAfter}`]),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
