import type { Response } from 'express';
import { leaveRequestLimit } from '../http/request-limit.js';
import { Outlet } from './outlet.js';
import { Parcel } from './parcel.js';

/** As for raw sockets. */
const LAGGING_BYTES = 256 * 1024;
const OVERRUN_BYTES = 4 * 1024 * 1024;
/** What a client should wait before it connects again; the share of chance keeps thousands from coming at once. */
const RETRY_MS = 1_000;

/** Server-sent events; the backlog is in bytes. Nothing is written before there is something to say, or `begin`. */
export class SseOutlet extends Outlet {
  constructor(private readonly response: Response) {
    super();
  }

  get isOpen(): boolean {
    return !this.response.writableEnded && !this.response.destroyed;
  }

  /** Answers that the stream is there. */
  begin(): void {
    leaveRequestLimit(this.response);
    if (this.response.headersSent || !this.isOpen) return;
    this.response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      // nginx and its kin would keep the stream until a buffer is full.
      'X-Accel-Buffering': 'no',
    });
    this.response.write(`retry: ${RETRY_MS + Math.floor(Math.random() * RETRY_MS)}\n\n`);
  }

  send(parcel: Parcel): void {
    this.begin();
    if (this.isOpen) this.response.write(parcel.serverSent);
  }

  /** Something that is no event of ours, under a name of its own, so that only who asks for it gets it. */
  tell(name: string, data: object): void {
    this.begin();
    if (this.isOpen) this.response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** A comment, so that proxies, and both ends, see that the connection lives. */
  beat(): void {
    if (this.response.headersSent && this.isOpen && !this.isLagging()) this.response.write(': beat\n\n');
  }

  end(): void {
    if (this.isOpen) this.response.end();
  }

  backlog(): number {
    return this.response.writableLength;
  }

  isLagging(): boolean {
    return this.backlog() > LAGGING_BYTES;
  }

  isOverrun(): boolean {
    return this.backlog() > OVERRUN_BYTES;
  }

  /** There is no code to give, and no room to say anything: the client connects again from where it got. */
  drop(): void {
    this.response.destroy();
  }
}

/** Of one job: ends with it. */
export class SseJobOutlet extends SseOutlet {
  /** @param isOver whether the job has ended, as far as was sent */
  constructor(
    response: Response,
    private isOver: boolean,
  ) {
    super(response);
  }

  override send(parcel: Parcel): void {
    super.send(parcel);
    for (const message of parcel.messages) this.isOver = isOverAfter(message, this.isOver);
  }

  override atRest(): void {
    if (!this.isOver) return;
    this.begin();
    this.end();
  }
}

/** Whether a job has ended, once that has been said of it. Closing a DLQ entry by hand changes nothing by itself. */
function isOverAfter(message: Parcel['messages'][number], before: boolean): boolean {
  switch (message.type) {
    case 'snapshot':
      return message.data.finished_at !== null;
    case 'job.succeeded':
    case 'job.failed':
    case 'job.cancelled':
      return true;
    case 'dlq.resolved':
      return before;
    default:
      return false;
  }
}
