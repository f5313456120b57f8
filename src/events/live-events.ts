import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Bus, type Nudge } from '../bus/bus.js';
import type { EventEnvelope } from '../domain/events.js';
import { UUID_RANDOM_BYTES, uuidv7 } from '../domain/ids.js';
import { EventStore } from '../persistence/event.store.js';
import { JobQueryStore } from '../persistence/job-query.store.js';
import { JobCursors } from './job-cursors.js';
import { JobStream } from './job-stream.js';
import type { Outlet } from './outlet.js';

/** Events of one job read at once. */
const PAGE = 500;
/** How often jobs with readers are looked at although nobody nudged. */
const POLL_MS = 5_000;
/** By how much the clocks of the processes that make run_ids may differ. */
const CLOCK_SLACK_MS = 10_000;
const MAX_JOBS_LOOKED_AT = 10_000;
const RETRY_MS = 1_000;
/** What a lagging reader of all jobs may cost the others, each time. */
const PATIENCE_MS = 100;

/**
 * The events of this installation, live, for the readers of this process: whichever process caused them.
 *
 * The bus says that something is new, the table says what: a nudge that is lost, doubled or late changes nothing but the
 * moment. Readers of one job have a cursor each (JobStream), those of all jobs share one per job (JobCursors). After the
 * bus was away, and every few seconds in any case, jobs with readers are compared with the table.
 */
@Injectable()
export class LiveEvents implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Events');
  private readonly streams = new Map<string, Set<JobStream>>();
  private readonly readersOfAll = new Set<Outlet>();
  private cursors = new JobCursors('');
  /** Set while the cursors are being seeded for the first reader of all jobs. */
  private seeding: Promise<void> | null = null;
  /** Up to here jobs that nobody nudged about were looked for. */
  private lookedUntilMs = 0;
  /** Jobs with news: from which event on, as far as it was said. */
  private news = new Map<string, number>();
  private isPumping = false;
  private isClosed = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly ends: (() => void)[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly events: EventStore,
    private readonly jobs: JobQueryStore,
  ) {}

  onApplicationBootstrap(): void {
    this.ends.push(this.bus.subscribe((nudge) => this.hear(nudge)));
    this.ends.push(this.bus.onReconnect(() => void this.lookForNews()));
    this.timer = setInterval(() => void this.lookForNews(), POLL_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    for (const end of this.ends) end();
  }

  /** All events of all jobs and workers from now on. @returns how to end that */
  watchAll(outlet: Outlet): () => void {
    this.readersOfAll.add(outlet);
    if (this.readersOfAll.size === 1) this.seed();
    return () => this.readersOfAll.delete(outlet);
  }

  /**
   * A snapshot of one job, then its events behind `since`, or behind the snapshot.
   *
   * @returns how to end that; null when there is no such job
   */
  async watchJob(outlet: Outlet, runId: string, since?: number): Promise<(() => void) | null> {
    const stream = new JobStream(runId, outlet, this.events);
    // Registered before it reads, so that what is committed in between is not missed.
    const end = this.register(stream);
    try {
      const found = await this.jobs.find(runId);
      if (found === null) {
        end();
        return null;
      }
      const { job, seq } = found;
      const at = new Date().toISOString();
      outlet.send({
        seq,
        type: 'snapshot',
        run_id: runId,
        dag_id: job.dag_id,
        task: null,
        attempt: null,
        at,
        data: job,
      });
      stream.begin(since ?? seq);
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }

  private register(stream: JobStream): () => void {
    const streams = this.streams.get(stream.runId) ?? new Set();
    this.streams.set(stream.runId, streams.add(stream));
    return () => {
      streams.delete(stream);
      if (streams.size === 0 && this.streams.get(stream.runId) === streams) this.streams.delete(stream.runId);
    };
  }

  private hear(nudge: Nudge): void {
    if (nudge.kind === 'worker') this.sendToAll(nudge.event);
    if (nudge.kind !== 'events') return;
    if (this.readersOfAll.size === 0 && !this.streams.has(nudge.runId)) return;
    this.addNews(nudge.runId, nudge.from);
    void this.pump();
  }

  private addNews(runId: string, from: number): void {
    this.news.set(runId, Math.min(from, this.news.get(runId) ?? from));
  }

  /** Reads and hands out what is new, until nothing is. One at a time: events of a job must not overtake each other. */
  private async pump(): Promise<void> {
    if (this.isPumping) return;
    this.isPumping = true;
    try {
      while (this.news.size > 0 && !this.isClosed) {
        await this.seeding;
        const news = this.news;
        this.news = new Map();
        try {
          await this.handOut(news);
        } catch (error) {
          this.logger.debug(`Events cannot be read: ${String(error)}`);
          for (const [runId, from] of news) this.addNews(runId, from);
          await sleep(RETRY_MS, undefined, { ref: false });
        }
      }
    } finally {
      this.isPumping = false;
    }
  }

  private async handOut(news: ReadonlyMap<string, number>): Promise<void> {
    const wanted = new Map<string, number>();
    for (const [runId, from] of news) {
      const behind = this.startOf(runId, from);
      if (behind !== null) wanted.set(runId, behind);
    }
    if (wanted.size === 0) return;
    for (const [runId, events] of byJob(await this.events.listMany(wanted, PAGE))) {
      await this.deliver(runId, events);
      if (events.length === PAGE) this.addNews(runId, events[PAGE - 1].seq + 1);
    }
  }

  /** The lowest event behind which somebody is; null when nobody waits for this job here. */
  private startOf(runId: string, from: number): number | null {
    const places: number[] = [];
    if (this.readersOfAll.size > 0) places.push(this.cursors.hear(runId, from));
    for (const stream of this.streams.get(runId) ?? []) {
      const place = stream.restingAt;
      if (place === null) stream.wake();
      else places.push(place);
    }
    return places.length === 0 ? null : Math.min(...places);
  }

  private async deliver(runId: string, events: readonly EventEnvelope[]): Promise<void> {
    for (const stream of this.streams.get(runId) ?? []) stream.offer(events);
    const behind = this.cursors.get(runId);
    // Unknown: the first reader of all jobs came while these were being read, and begins behind them.
    if (behind === undefined) return;
    for (const event of events) {
      if (event.seq <= behind) continue;
      this.sendToAll(event);
      this.cursors.advance(runId, event.seq, isEnd(event), Date.now());
      await this.letReadersTake();
    }
  }

  /**
   * After a burst, readers that could keep up get a moment to do so; one that cannot costs the others no more than
   * that moment, and goes when it has taken nothing for long or when too much is kept for it.
   */
  private async letReadersTake(): Promise<void> {
    const lagging = [...this.readersOfAll].filter((outlet) => outlet.isLagging());
    if (lagging.length === 0) return;
    await Promise.race([Promise.all(lagging.map((outlet) => outlet.drained())), sleep(PATIENCE_MS)]);
  }

  private sendToAll(event: EventEnvelope): void {
    for (const outlet of this.readersOfAll) {
      if (outlet.isOverrun()) outlet.drop();
      else outlet.send(event);
    }
  }

  /** For the first reader of all jobs: what is open now is followed from where it is. */
  private seed(): void {
    const nowMs = Date.now();
    this.cursors = new JobCursors(runIdAt(nowMs));
    this.lookedUntilMs = nowMs;
    const cursors = this.cursors;
    const seeding = this.events
      .openTips(MAX_JOBS_LOOKED_AT)
      .then((tips) => {
        for (const { run_id: runId, last_seq: seq } of tips)
          cursors.begin(runId, Math.min(seq, (this.news.get(runId) ?? seq + 1) - 1));
      })
      // The nudges alone will do; what they miss of old jobs is found as soon as one is heard of.
      .catch(() => undefined)
      .finally(() => {
        if (this.seeding === seeding) this.seeding = null;
      });
    this.seeding = seeding;
  }

  /** Compares the jobs with readers with the table. */
  private async lookForNews(): Promise<void> {
    if (this.streams.size === 0 && this.readersOfAll.size === 0) return;
    try {
      await this.seeding;
      const nowMs = Date.now();
      const watched = [...this.streams.keys()];
      for (const { run_id: runId, last_seq: seq } of await this.events.tips(watched)) {
        const isBehind = [...(this.streams.get(runId) ?? [])].some(
          (stream) => (stream.restingAt ?? seq) < seq,
        );
        if (isBehind) this.addNews(runId, seq);
      }
      if (this.readersOfAll.size > 0) await this.lookAtAllJobs(nowMs);
      void this.pump();
    } catch (error) {
      this.logger.debug(`Jobs with readers cannot be looked at: ${String(error)}`);
    }
  }

  private async lookAtAllJobs(nowMs: number): Promise<void> {
    const since = runIdAt(this.lookedUntilMs - CLOCK_SLACK_MS);
    const [known, young] = await Promise.all([
      this.events.tips(this.cursors.open()),
      this.events.tipsBehind(since, MAX_JOBS_LOOKED_AT),
    ]);
    for (const { run_id: runId, last_seq: seq } of [...known, ...young])
      if (this.cursors.isFollowed(runId) && (this.cursors.get(runId) ?? 0) < seq) this.addNews(runId, seq);
    // Everything older was looked at just now: it is known, or was known once and is over.
    this.cursors.raiseHorizon(since);
    this.lookedUntilMs = nowMs;
    this.cursors.prune(nowMs);
  }
}

/** A run_id that sorts among those made at that moment. */
function runIdAt(nowMs: number): string {
  return uuidv7(nowMs, randomBytes(UUID_RANDOM_BYTES));
}

function isEnd(event: EventEnvelope): boolean {
  return event.type === 'job.succeeded' || event.type === 'job.failed' || event.type === 'job.cancelled';
}

function byJob(events: readonly EventEnvelope[]): Map<string, EventEnvelope[]> {
  const groups = new Map<string, EventEnvelope[]>();
  for (const event of events) {
    const group = groups.get(event.run_id!);
    if (group === undefined) groups.set(event.run_id!, [event]);
    else group.push(event);
  }
  return groups;
}
