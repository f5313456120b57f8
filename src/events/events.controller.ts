import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { validationFailed } from '../domain/errors.js';
import { ApiProblems } from '../http/api-problems.js';
import { parsePosition, type Position } from './position.js';
import { ServerSentEvents } from './server-sent-events.js';
import { StreamAllQuery } from './stream.query.dto.js';

@ApiTags('Events')
@Controller('events')
export class EventsController {
  constructor(private readonly streams: ServerSentEvents) {}

  /** Every event of every job and worker, as server-sent events, from now on or from where a client got. */
  @Get()
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The `id` of the last event received' })
  @ApiOkResponse({
    description: 'One message per event: `id`, from which to resume, and the envelope as `data`',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  @ApiProblems('origin_not_allowed', 'too_many_streams')
  async streamEvents(
    @Req() request: Request,
    @Res() response: Response,
    @Query() query: StreamAllQuery,
  ): Promise<void> {
    const position = positionOf(request.get('Last-Event-ID') || query.last_event_id, query.since);
    if (request.method === 'HEAD') response.type('text/event-stream').end();
    else await this.streams.openAll(request, response, position);
  }
}

/** @throws DomainError `validation_failed` */
function positionOf(id: string | undefined, since: Date | undefined): Position | null {
  if (id === undefined) return since === undefined ? null : { momentMs: since.getTime(), seqs: new Map() };
  const position = parsePosition(id);
  if (position !== null) return position;
  throw validationFailed([
    { pointer: '/last_event_id', message: 'That is not the id of an event of this stream.' },
  ]);
}
