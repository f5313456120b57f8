import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { validationFailed } from '../domain/errors.js';
import { RunIdPipe } from '../http/path-ids.js';
import { accepted, checkQuery } from '../http/validation.js';
import { ServerSentEvents } from './server-sent-events.js';
import { StreamJobQuery } from './stream.query.dto.js';

const EVENT_STREAM = 'text/event-stream';
const LARGEST_SEQ = 2_147_483_647;

/**
 * The events of a job as a stream, for who prefers that to a page of them. It stands before the route of the page, which
 * answers everybody else.
 */
@Injectable()
export class JobEventsMiddleware implements NestMiddleware<Request, Response> {
  private readonly runIds = new RunIdPipe();

  constructor(private readonly streams: ServerSentEvents) {}

  async use(request: Request, response: Response, next: NextFunction): Promise<void> {
    response.vary('Accept');
    if (request.method !== 'GET' || request.accepts(['application/json', EVENT_STREAM]) !== EVENT_STREAM) {
      next();
      return;
    }
    const runId = this.runIds.transform(request.params['run_id'] as string);
    const query = accepted(checkQuery(StreamJobQuery, request.query));
    const since = lastEventId(request) ?? query.last_event_id ?? query.since ?? null;
    await this.streams.openJob(request, response, runId, since);
  }
}

/** The `seq` in `Last-Event-ID`; null when the client has none. @throws DomainError `validation_failed` */
function lastEventId(request: Request): number | null {
  const text = request.get('Last-Event-ID') ?? '';
  if (text === '') return null;
  const seq = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (seq <= LARGEST_SEQ) return seq;
  throw validationFailed([{ pointer: '', message: 'Last-Event-ID must be the seq of an event.' }]);
}
