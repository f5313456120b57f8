import { randomUUID } from 'node:crypto';
import type { EventEnvelope } from '../domain/events.js';
import { uuidv7 } from '../domain/ids.js';
import type { EventStore } from '../persistence/event.store.js';
import type { AllReader } from './all-reader.js';
import { JobCursors } from './job-cursors.js';
import { inChunks, Parcel } from './parcel.js';
import { MovingPosition } from './position.js';

/** By how much the clocks of the processes that make run_ids may differ. */
const CLOCK_SLACK_MS = 10_000;
/** How long after its `at` an event is visible to others: statements of the engine are short. */
const COMMIT_SLACK_MS = 5_000;
const MAX_JOBS_LOOKED_AT = 10_000;
/** What a lagging reader may cost the others, each time. */
const PATIENCE_MS = 100;

/**
 * The stream of all jobs of this process: one place per job (JobCursors), whatever the number of readers.
 *
 * Nudges bring it forward; what they did not tell is found by looking at the table for events since `settledMs`, a
 * moment of the database's clock before which everything was sent. The same moment is part of the position from which a
 * reader may resume.
 */
export class AllJobs {
  private readonly readers = new Set<AllReader>();
  private cursors = new JobCursors('');
  private position = new MovingPosition({ momentMs: 0, seqs: new Map() });
  private settledMs = 0;
  /** Set while the first reader is being prepared. */
  private seeding: Promise<void> | null = null;

  /** @param newsOf from which event on a job has news that is not handed out yet */
  constructor(
    private readonly events: EventStore,
    private readonly newsOf: (runId: string) => number | undefined,
  ) {}

  get isWatched(): boolean {
    return this.readers.size > 0;
  }

  /** From now on. @returns how to end that */
  add(reader: AllReader): () => void {
    this.readers.add(reader);
    if (this.readers.size === 1) this.seed();
    return () => this.readers.delete(reader);
  }

  /** Waits until it is known where the jobs were when the first reader came. */
  async ready(): Promise<void> {
    await this.seeding;
  }

  /** The events of a job from `from` on were heard of. @returns behind which it goes on */
  hear(runId: string, from: number): number {
    return this.cursors.hear(runId, from);
  }

  /**
   * Sends stored events, those of a job in order; what was sent before is left out.
   *
   * @returns milliseconds it took of this process
   */
  async send(events: readonly EventEnvelope[]): Promise<number> {
    const nowMs = Date.now();
    let spentMs = 0;
    const fresh = events.filter((event) => this.advance(event, nowMs));
    for (const chunk of inChunks(fresh)) {
      const beganAt = performance.now();
      this.hand(chunk as EventEnvelope[]);
      spentMs += performance.now() - beganAt;
      await this.letReadersTake();
    }
    return spentMs;
  }

  /** Sends an event that is stored nowhere. */
  tell(event: EventEnvelope): void {
    this.hand([event]);
  }

  /**
   * Looks for jobs with events that nobody told of.
   *
   * @returns their run_ids with the event from which on, and what to call once they were sent
   */
  async look(): Promise<{ news: Map<string, number>; settle: () => void }> {
    await this.seeding;
    const nowMs = Date.now();
    const databaseNowMs = await this.events.nowMs();
    const spans = await this.events.since(this.settledMs, MAX_JOBS_LOOKED_AT);
    const news = new Map<string, number>();
    for (const { run_id: runId, first_seq: first, last_seq: last } of spans) {
      const sent = this.cursors.get(runId);
      if (sent === undefined || sent < last) news.set(runId, first);
    }
    const isAll = spans.length < MAX_JOBS_LOOKED_AT;
    const settledMs = isAll ? databaseNowMs - COMMIT_SLACK_MS : spans[spans.length - 1].first_at_ms;
    const settle = (): void => {
      this.settledMs = Math.max(this.settledMs, settledMs);
      this.position.pass(this.settledMs);
      // Everything older was looked at: it is known, or was known once and is over.
      this.cursors.raiseHorizon(runIdAt(nowMs - CLOCK_SLACK_MS));
      this.cursors.prune(nowMs);
    };
    return { news, settle };
  }

  private advance({ run_id: runId, seq, type }: EventEnvelope, nowMs: number): boolean {
    const sent = this.cursors.get(runId!);
    // Unknown: the first reader came while these were being read, and begins behind them.
    if (sent === undefined || seq <= sent) return false;
    this.cursors.advance(runId!, seq, isEnd(type), nowMs);
    return true;
  }

  private hand(events: readonly EventEnvelope[]): void {
    const ids = events.map(({ run_id: runId, seq }) => {
      if (runId !== null) this.position.moveTo(runId, seq);
      return String(this.position);
    });
    const parcel = new Parcel(events, ids);
    for (const reader of this.readers) reader.take(parcel);
  }

  /**
   * After a burst, readers that could keep up get a moment to do so; one that cannot costs the others no more than
   * that moment, and goes when it has taken nothing for long or when too much is kept for it.
   */
  private async letReadersTake(): Promise<void> {
    const lagging = [...this.readers].filter(({ outlet }) => outlet.isLagging());
    if (lagging.length === 0) return;
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    await Promise.race([Promise.all(lagging.map(({ outlet }) => outlet.drained())), patience]);
  }

  /** For the first reader: what is open now is followed from where it is. */
  private seed(): void {
    const nowMs = Date.now();
    const cursors = (this.cursors = new JobCursors(runIdAt(nowMs)));
    this.beginAt(nowMs - CLOCK_SLACK_MS);
    const seeding = this.events
      .nowMs()
      .then(async (databaseNowMs) => {
        this.beginAt(databaseNowMs);
        for (const { run_id: runId, last_seq: seq } of await this.events.openTips(MAX_JOBS_LOOKED_AT))
          cursors.begin(runId, Math.min(seq, (this.newsOf(runId) ?? seq + 1) - 1));
      })
      // The nudges alone will do; what they miss of old jobs is found as soon as one is heard of.
      .catch(() => undefined)
      .finally(() => {
        if (this.seeding === seeding) this.seeding = null;
      });
    this.seeding = seeding;
  }

  private beginAt(momentMs: number): void {
    this.settledMs = momentMs;
    this.position = new MovingPosition({ momentMs, seqs: new Map() });
  }
}

/** A run_id that sorts among those made at that moment. */
function runIdAt(nowMs: number): string {
  return uuidv7(nowMs, randomUUID());
}

function isEnd(type: EventEnvelope['type']): boolean {
  return type === 'job.succeeded' || type === 'job.failed' || type === 'job.cancelled';
}
