import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { DomainError, validationFailed } from '../domain/errors.js';
import { streamRefusal } from '../http/origin.js';
import { EventStore } from '../persistence/event.store.js';
import { LiveEvents } from './live-events.js';
import type { Position } from './position.js';
import { SseJobOutlet, SseOutlet } from './sse-outlet.js';
import { StreamLimit } from './stream-limit.js';

/** The event streams over plain HTTP, open ones included: they are kept alive, and ended when the process goes. */
@Injectable()
export class ServerSentEvents implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly outlets = new Set<SseOutlet>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly live: LiveEvents,
    private readonly events: EventStore,
    private readonly limit: StreamLimit,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    const beat = (): void => {
      for (const outlet of this.outlets) outlet.beat();
    };
    this.timer = setInterval(beat, this.config.events.heartbeatSeconds * 1_000);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const outlet of this.outlets) outlet.end();
  }

  /** All jobs, from now on or from a position. @throws DomainError instead of a stream */
  async openAll(request: Request, response: Response, position: Position | null): Promise<void> {
    const leave = this.enter(request, response);
    const outlet = this.keep(new SseOutlet(response), response);
    const tellOfGap = (): void =>
      outlet.tell('gap', {
        code: 'position_expired',
        detail:
          'Not all that was missed can be replayed; the stream goes on from now. Jobs keep their events.',
      });
    try {
      const end =
        position === null
          ? this.live.watchAll(outlet)
          : await this.live.resumeAll(outlet, position, tellOfGap);
      onClose(response, end);
      outlet.begin();
    } catch (error) {
      leave();
      throw error;
    }
  }

  /**
   * One job: a snapshot and what follows, or what follows `since`. Ends when the job has ended and all was sent; 204, which
   * keeps browsers from coming again, when that was so before.
   *
   * @throws DomainError instead of a stream
   */
  async openJob(request: Request, response: Response, runId: string, since: number | null): Promise<void> {
    const leave = this.enter(request, response);
    try {
      const state = await this.events.stateOf(runId);
      if (state === null) throw new DomainError('job_not_found');
      if (since !== null && since > state.last_seq)
        throw validationFailed([
          { pointer: '/since', message: `The job has ${state.last_seq} events so far.` },
        ]);
      if (state.has_ended && since === state.last_seq) {
        response.status(204).end();
        return;
      }
      const outlet = this.keep(new SseJobOutlet(response, state.has_ended), response);
      const end =
        since === null
          ? await this.live.watchJob(outlet, runId)
          : await this.live.resumeJob(outlet, runId, since);
      if (end === null) throw new DomainError('job_not_found');
      onClose(response, end);
      outlet.begin();
    } catch (error) {
      leave();
      throw error;
    }
  }

  private enter(request: Request, response: Response): () => void {
    const refusal = streamRefusal(request.headers, this.config.http);
    if (refusal !== null) throw refusal;
    const leave = this.limit.enter();
    onClose(response, leave);
    return leave;
  }

  private keep<O extends SseOutlet>(outlet: O, response: Response): O {
    this.outlets.add(outlet);
    onClose(response, () => this.outlets.delete(outlet));
    return outlet;
  }
}

/** Also when it is closed already. */
function onClose(response: Response, call: () => void): void {
  if (response.closed) call();
  else response.once('close', call);
}
