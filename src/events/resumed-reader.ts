import { Logger } from '@nestjs/common';
import type { EventStore } from '../persistence/event.store.js';
import { AllReader } from './all-reader.js';
import type { Message } from './message.js';
import type { Outlet } from './outlet.js';
import { inChunks, Parcel } from './parcel.js';
import { MovingPosition, type Position } from './position.js';

/** How far back a position may lie, and how many jobs may have moved since. Beyond that the reader is told so instead. */
const REPLAYED_MS = 600_000;
const MAX_JOBS = 10_000;
/** Events of one job read at once. */
const PAGE = 200;

/**
 * A reader of all jobs that goes on from a position: first what it missed, from the table, job by job and at its own pace;
 * then what comes.
 *
 * It must be among the readers before it reads. Until it has caught up, what it is offered only says which jobs to read
 * (again): so nothing falls between, and what is kept is a number per job.
 */
export class ResumedReader extends AllReader {
  private readonly logger = new Logger('Events');
  /** How far each job was sent; for those of which the stream of all may send something that was sent already. */
  private readonly sent: Map<string, number>;
  /** Jobs to read, and behind which event. */
  private readonly toRead = new Map<string, number>();
  private readonly moving: MovingPosition;
  private isLive = false;

  /** @param tellOfGap says that not everything since the position can be replayed */
  constructor(
    outlet: Outlet,
    private readonly events: EventStore,
    private readonly position: Position,
    private readonly tellOfGap: () => void,
  ) {
    super(outlet);
    this.sent = new Map(position.seqs);
    this.moving = new MovingPosition(position);
  }

  override take(parcel: Parcel): void {
    if (this.isLive) super.take(this.sent.size === 0 ? parcel : this.withoutSent(parcel));
    else for (const message of parcel.messages) this.note(message);
  }

  /** Finds out what was missed. @throws whatever the database does */
  async prepare(): Promise<void> {
    const { momentMs, seqs } = this.position;
    const isTooOld = (await this.events.nowMs()) - momentMs > REPLAYED_MS;
    const spans = isTooOld ? [] : await this.events.since(momentMs, MAX_JOBS + 1);
    if (isTooOld || spans.length > MAX_JOBS) {
      this.tellOfGap();
      return;
    }
    for (const { run_id: runId, first_seq: first, last_seq: last } of spans) {
      const behind = Math.max(first - 1, seqs.get(runId) ?? 0);
      if (behind < last) this.toRead.set(runId, Math.min(behind, this.toRead.get(runId) ?? behind));
    }
  }

  /** Sends it, and whatever comes meanwhile. A reader that cannot be served goes: it may resume from where it got. */
  async catchUp(): Promise<void> {
    try {
      for (const [runId, behind] of this.toRead) {
        this.toRead.delete(runId);
        if (!(await this.read(runId, Math.max(behind, this.sent.get(runId) ?? 0)))) return;
      }
      // Nothing may be awaited between the last look at what is to be read and this.
      this.isLive = true;
    } catch (error) {
      this.logger.warn(`Missed events cannot be read: ${String(error)}`);
      this.outlet.drop();
    }
  }

  /** @returns whether the reader is still there */
  private async read(runId: string, behind: number): Promise<boolean> {
    for (let after = behind; ;) {
      const page = await this.events.list(runId, after, PAGE);
      for (const chunk of inChunks(page)) {
        if (!(await this.outlet.drained())) return false;
        const ids = chunk.map(({ seq }) => {
          this.moving.moveTo(runId, seq);
          return String(this.moving);
        });
        this.outlet.send(new Parcel(chunk, ids));
        after = chunk[chunk.length - 1].seq;
        this.sent.set(runId, after);
      }
      if (page.length < PAGE) return this.outlet.isOpen;
    }
  }

  private note(message: Message): void {
    const { run_id: runId, seq } = message;
    // What happens to workers is kept nowhere: now or never.
    if (runId === null) this.outlet.send(new Parcel([message], [String(this.moving)]));
    else if (seq > (this.sent.get(runId) ?? 0))
      this.toRead.set(runId, Math.min(seq - 1, this.toRead.get(runId) ?? seq));
  }

  private withoutSent(parcel: Parcel): Parcel {
    const rest = parcel.without(
      ({ run_id: runId, seq }) => runId !== null && seq <= (this.sent.get(runId) ?? 0),
    );
    for (const { run_id: runId } of rest.messages) if (runId !== null) this.sent.delete(runId);
    return rest;
  }
}
