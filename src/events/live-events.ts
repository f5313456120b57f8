import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Bus, type Nudge } from '../bus/bus.js';
import type { EventEnvelope } from '../domain/events.js';
import { EventStore } from '../persistence/event.store.js';
import { JobQueryStore } from '../persistence/job-query.store.js';
import { AllJobs } from './all-jobs.js';
import { AllReader } from './all-reader.js';
import { JobStream } from './job-stream.js';
import type { Outlet } from './outlet.js';
import { inChunks, Parcel } from './parcel.js';
import type { Position } from './position.js';
import { ResumedReader } from './resumed-reader.js';

/** Events of one job read at once. */
const PAGE = 500;
/** How often jobs with readers are looked at although nobody nudged. */
const POLL_MS = 5_000;
const RETRY_MS = 1_000;
/** From one round of handing out to the next, at least: a busy moment makes fewer and larger parcels. */
const ROUND_MS = 10;
/**
 * … and so many times what the last one took of the process, up to a limit. With more readers rounds get fewer and larger by
 * themselves, and whatever else this process does keeps most of it.
 */
const REST_FACTOR = 4;
const LONGEST_REST_MS = 100;

/**
 * The events of this installation, live, for the readers of this process: whichever process caused them.
 *
 * The bus says that something is new, the table says what: a nudge that is lost, doubled or late changes nothing but the
 * moment. Readers of one job have a place each (JobStream), those of all jobs share one per job (AllJobs). After the
 * bus was away, and every few seconds in any case, what has readers is compared with the table.
 */
@Injectable()
export class LiveEvents implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Events');
  private readonly streams = new Map<string, Set<JobStream>>();
  private readonly allJobs: AllJobs;
  /** Jobs with news: from which event on, as far as it was said. */
  private news = new Map<string, number>();
  /** To be called when the news there is was handed out. */
  private settle: () => void = () => undefined;
  private isPumping = false;
  /** What the round that is under way has taken of this process so far. */
  private spentMs = 0;
  private isClosed = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly ends: (() => void)[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly events: EventStore,
    private readonly jobs: JobQueryStore,
  ) {
    this.allJobs = new AllJobs(events, (runId) => this.news.get(runId));
  }

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
    return this.allJobs.add(new AllReader(outlet));
  }

  /**
   * The same behind a position.
   *
   * @param tellOfGap called when not all that was missed can be replayed
   * @returns how to end that
   */
  async resumeAll(outlet: Outlet, position: Position, tellOfGap: () => void): Promise<() => void> {
    const reader = new ResumedReader(outlet, this.events, position, tellOfGap);
    const end = this.allJobs.add(reader);
    try {
      await this.allJobs.ready();
      await reader.prepare();
    } catch (error) {
      end();
      throw error;
    }
    void reader.catchUp();
    return end;
  }

  /**
   * A snapshot of one job, then its events behind `since`, or behind the snapshot.
   *
   * @returns how to end that; null when there is no such job
   */
  async watchJob(outlet: Outlet, runId: string, since?: number): Promise<(() => void) | null> {
    return await this.registered(new JobStream(runId, outlet, this.events), async () => {
      const found = await this.jobs.find(runId);
      if (found === null) return null;
      const { job, seq } = found;
      const [at, dagId] = [new Date().toISOString(), job.dag_id];
      const nothing = { task: null, attempt: null };
      outlet.send(
        Parcel.ofJob([{ seq, type: 'snapshot', run_id: runId, dag_id: dagId, ...nothing, at, data: job }]),
      );
      return since ?? seq;
    });
  }

  /** The events of one job behind `since`. @returns how to end that; null when there is no such job */
  async resumeJob(outlet: Outlet, runId: string, since: number): Promise<(() => void) | null> {
    return await this.registered(new JobStream(runId, outlet, this.events), () => since);
  }

  /** Begins a stream where `begin` says: registered before that reads, so that nothing in between is missed. */
  private async registered(
    stream: JobStream,
    begin: () => number | null | Promise<number | null>,
  ): Promise<(() => void) | null> {
    const end = this.register(stream);
    try {
      const since = await begin();
      if (since !== null) {
        stream.begin(since);
        return end;
      }
      end();
      return null;
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
    if (nudge.kind === 'worker') this.allJobs.tell(nudge.event);
    if (nudge.kind !== 'events') return;
    if (!this.allJobs.isWatched && !this.streams.has(nudge.runId)) return;
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
        await this.allJobs.ready();
        const { news, settle } = this;
        this.news = new Map();
        this.settle = () => undefined;
        this.spentMs = 0;
        try {
          const isAll = await this.handOut(news);
          if (isAll) settle();
        } catch (error) {
          this.logger.debug(`Events cannot be read: ${String(error)}`);
          for (const [runId, from] of news) this.addNews(runId, from);
          await sleep(RETRY_MS, undefined, { ref: false });
        }
        const restMs = Math.min(Math.max(ROUND_MS, REST_FACTOR * this.spentMs), LONGEST_REST_MS);
        await sleep(restMs, undefined, { ref: false });
      }
    } finally {
      this.isPumping = false;
    }
  }

  /** @returns whether that was all of it */
  private async handOut(news: ReadonlyMap<string, number>): Promise<boolean> {
    const wanted = new Map<string, number>();
    for (const [runId, from] of news) {
      const behind = this.startOf(runId, from);
      if (behind !== null) wanted.set(runId, behind);
    }
    if (wanted.size === 0) return true;
    const events = await this.events.listMany(wanted, PAGE);
    const beganAt = performance.now();
    let isAll = true;
    for (const [runId, ofJob] of byJob(events)) {
      const streams = this.streams.get(runId);
      if (streams !== undefined)
        for (const chunk of inChunks(ofJob)) {
          const parcel = Parcel.ofJob(chunk);
          for (const stream of streams) stream.offer(parcel);
        }
      if (ofJob.length < PAGE) continue;
      isAll = false;
      this.addNews(runId, ofJob[PAGE - 1].seq + 1);
    }
    this.spentMs += performance.now() - beganAt;
    this.spentMs += await this.allJobs.send(events);
    return isAll;
  }

  /** The lowest event behind which somebody is; null when nobody waits for this job here. */
  private startOf(runId: string, from: number): number | null {
    const places: number[] = [];
    if (this.allJobs.isWatched) places.push(this.allJobs.hear(runId, from));
    for (const stream of this.streams.get(runId) ?? []) {
      const place = stream.restingAt;
      if (place === null) stream.wake();
      else places.push(place);
    }
    return places.length === 0 ? null : Math.min(...places);
  }

  /** Compares what has readers with the table. */
  private async lookForNews(): Promise<void> {
    try {
      if (this.streams.size > 0) await this.lookAtStreams();
      if (this.allJobs.isWatched) {
        const { news, settle } = await this.allJobs.look();
        for (const [runId, from] of news) this.addNews(runId, from);
        if (this.isPumping || this.news.size > 0) this.settle = settle;
        else settle();
      }
      void this.pump();
    } catch (error) {
      this.logger.debug(`What has readers cannot be looked at: ${String(error)}`);
    }
  }

  private async lookAtStreams(): Promise<void> {
    for (const { run_id: runId, last_seq: seq } of await this.events.tips([...this.streams.keys()])) {
      const isBehind = [...(this.streams.get(runId) ?? [])].some((stream) => (stream.restingAt ?? seq) < seq);
      if (isBehind) this.addNews(runId, seq);
    }
  }
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
