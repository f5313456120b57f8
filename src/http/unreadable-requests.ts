import { randomUUID } from 'node:crypto';
import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NextFunction, Request, Response } from 'express';
import { DomainError } from '../domain/errors.js';
import { problemOf } from './problem.js';
import { REQUEST_ID } from './request-id.js';

/**
 * Answers what Node itself would answer with a bare status, or not at all: requests that its parser gives up, that come
 * too slowly, or that want what no route can give. They end with their connection, since nobody knows where the next
 * request on it begins.
 */
export function answerUnreadableRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(socket, errorOf(error)));
  server.on('connect', (_request, socket) => {
    refuse(socket, new DomainError('malformed_request', 'This server is not a proxy.'));
  });
  // An expectation nobody knows is no reason to refuse a request (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  // Refused by `requireHost`, with a body. Node reads this property at each request, though its types keep it to itself.
  (server as Server & { requireHostHeader: boolean }).requireHostHeader = false;
}

/** Refuses requests of HTTP/1.1 without a `Host`, as RFC 9112 §3.2 wants it. */
export function requireHost(request: Request, _response: Response, next: NextFunction): void {
  const isMissing = request.httpVersion === '1.1' && request.headers.host === undefined;
  next(isMissing ? new DomainError('malformed_request', 'The header Host is missing.') : undefined);
}

function errorOf({ code }: NodeJS.ErrnoException): DomainError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new DomainError('headers_too_large');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new DomainError('body_too_large', 'The extensions of a chunk are too large.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new DomainError('request_timeout');
    default:
      return new DomainError('malformed_request', 'This is not a request of HTTP/1.1.');
  }
}

/** The answer that is being written on a socket; Node's own name, and its own way to find out. */
type Answering = Duplex & { _httpMessage?: ServerResponse | null };

function refuse(socket: Answering, error: DomainError): void {
  if (!socket.writable || socket._httpMessage?.headersSent === true) {
    socket.destroy();
    return;
  }
  const id = randomUUID();
  const problem = problemOf(error, { path: '', id });
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Connection: close',
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Date: ${new Date().toUTCString()}`,
    `${REQUEST_ID}: ${id}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
