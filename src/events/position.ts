/**
 * Where a reader of all jobs is, as the id of a server-sent event. Events of all jobs have no common number, and no two
 * processes send them in the same order; so a position is
 *
 *   - a moment, by the database's clock: everything that happened before it was sent,
 *   - and how far the jobs are that were sent last, so that what came after that moment does not come again.
 *
 * Written `moment.run~seq.run~seq`, where the moment is milliseconds since 1970 in base 36 and `run` a run_id without its
 * hyphens. A reader that resumes gets everything it missed; it gets an event twice only when more jobs than fit moved
 * after the moment, and can tell by (`run_id`, `seq`).
 */
export interface Position {
  momentMs: number;
  /** By run_id. */
  seqs: ReadonlyMap<string, number>;
}

/** Jobs a position says something of: enough for quiet times, a few hundred characters. */
const MAX_JOBS = 8;

const FORM = /^([0-9a-z]{1,9})((?:\.[0-9a-f]{32}~\d{1,10})*)$/;

/** null for what is no position. */
export function parsePosition(text: string): Position | null {
  const parts = FORM.exec(text);
  if (parts === null) return null;
  const seqs = new Map<string, number>();
  for (const place of parts[2].split('.').slice(1)) {
    const [run, seq] = place.split('~');
    seqs.set(run.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), Number(seq));
  }
  return seqs.size > MAX_JOBS ? null : { momentMs: Number.parseInt(parts[1], 36), seqs };
}

/** The position of a stream that moves on. */
export class MovingPosition {
  private readonly places = new Map<string, string>();
  private moment: string;

  constructor(position: Position) {
    this.moment = position.momentMs.toString(36);
    for (const [runId, seq] of position.seqs) this.moveTo(runId, seq);
  }

  /** Everything that happened before that was sent. */
  pass(momentMs: number): void {
    this.moment = momentMs.toString(36);
  }

  /** The events of a job up to `seq` were sent. */
  moveTo(runId: string, seq: number): void {
    // Deleted first, so that a Map's order of insertion is the order of the last move.
    this.places.delete(runId);
    this.places.set(runId, `.${runId.replaceAll('-', '')}~${seq}`);
    if (this.places.size > MAX_JOBS) this.places.delete(this.places.keys().next().value!);
  }

  toString(): string {
    let text = this.moment;
    for (const place of this.places.values()) text += place;
    return text;
  }
}
