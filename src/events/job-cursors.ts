/**
 * How far the stream of all jobs is in each job. Pure bookkeeping; `nowMs` is any clock that only goes on.
 *
 * A job is known from the first thing heard of it until a while after its end. Jobs nobody has told of yet: those that
 * were created after the stream began are followed from their first event, older ones from what was heard first.
 */
const KEPT_AFTER_END_MS = 120_000;
/** Most jobs kept; beyond that the ones known longest are forgotten. */
const MAX_JOBS = 100_000;

interface Place {
  seq: number;
  /** When its end was seen; null while it is open. */
  endedAtMs: number | null;
}

export class JobCursors {
  private readonly places = new Map<string, Place>();

  /** @param horizon a run_id; jobs that sort behind it are followed from their first event */
  constructor(private horizon: string) {}

  get(runId: string): number | undefined {
    return this.places.get(runId)?.seq;
  }

  /** A job that was there before: everything up to `seq` is the past. */
  begin(runId: string, seq: number): void {
    if (!this.places.has(runId)) this.places.set(runId, { seq, endedAtMs: null });
  }

  /** The events from `from` on were heard of. @returns behind which event the stream goes on */
  hear(runId: string, from: number): number {
    const known = this.places.get(runId);
    if (known !== undefined) return known.seq;
    const seq = runId > this.horizon ? 0 : from - 1;
    this.places.set(runId, { seq, endedAtMs: null });
    return seq;
  }

  /** Jobs up to this run_id that are not known now are none of ours, or were forgotten. */
  raiseHorizon(runId: string): void {
    if (runId > this.horizon) this.horizon = runId;
  }

  /** Everything up to `seq` was sent. A job that ended may be brought back by a replay: any later event reopens it. */
  advance(runId: string, seq: number, isEnd: boolean, nowMs: number): void {
    this.places.set(runId, { seq, endedAtMs: isEnd ? nowMs : null });
  }

  prune(nowMs: number): void {
    for (const [runId, { endedAtMs }] of this.places)
      if (endedAtMs !== null && endedAtMs < nowMs - KEPT_AFTER_END_MS) this.places.delete(runId);
    for (const runId of this.places.keys()) {
      if (this.places.size <= MAX_JOBS) break;
      this.places.delete(runId);
    }
  }
}
