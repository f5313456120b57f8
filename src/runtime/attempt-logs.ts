import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { type AttemptRef, parseAttemptId } from '../domain/attempt-id.js';
import { leftOutMarker, lossOf, type LogPiece } from '../domain/log-piece.js';
import { Batcher } from '../engine/batcher.js';
import type { LogKeeper } from '../executors/host-process.js';
import { AttemptLogStore, type PlacedPiece } from '../persistence/attempt-log.store.js';
import { isDatabaseAway } from '../persistence/database-faults.js';

/** Text of all attempts that may wait for the database. */
const MAX_HELD_BYTES = 16 * 1_048_576;
/** Of one attempt, so many bytes are one write; the next may be that of others. */
const MAX_WRITE_BYTES = 262_144;
/** At most so long an attempt that has ended waits for its log. */
const WAIT_MS = 1_000;
/** Between tries while the database is away. */
const RETRY_MS = 500;

interface Log {
  ref: AttemptRef;
  waiting: LogPiece[];
  /** Stored so far, which is where the next piece begins. */
  sizeBytes: number;
  leftOutBytes: number;
  /** Dropped since the last piece that was held: told of by a marker. */
  lostBytes: number;
  isEnded: boolean;
  /** Nothing of it can be stored. */
  isGivenUp: boolean;
  /** While anything waits. */
  writing: Promise<void> | null;
}

/**
 * Carries what the attempts of this worker write to the database, without ever holding them up: pieces are appended in
 * the order they came, several attempts to a statement, one statement at a time, so that logs take one connection at most.
 *
 * What the database does not take in time is held up to a limit and then dropped, with a marker in its place. A crash
 * loses what was not written yet. A worker that lost its lease still writes: under the number of an attempt that is its
 * own, whatever became of it.
 */
@Injectable()
export class AttemptLogs implements LogKeeper, OnApplicationShutdown {
  readonly maxBytes: number;
  private readonly logger = new Logger('AttemptLogs');
  private readonly logs = new Map<string, Log>();
  private readonly writes: Batcher<readonly PlacedPiece[], undefined>;
  private heldBytes = 0;
  private isStopped = false;
  private isAway = false;

  constructor(store: AttemptLogStore, @Inject(CONFIG) config: Config) {
    this.maxBytes = config.attemptLogs.maxBytes;
    this.writes = new Batcher({
      run: async (writes) => {
        await store.append(writes.flat());
        return writes.map(() => undefined);
      },
      maxSize: 250,
      weight: {
        of: (pieces) => pieces.reduce((total, { text }) => total + text.length, 0),
        max: MAX_WRITE_BYTES,
      },
      isShared: isDatabaseAway,
    });
  }

  take(attemptId: string, pieces: readonly LogPiece[]): void {
    const log = this.logOf(attemptId);
    if (log === null || log.isGivenUp) return;
    for (const piece of pieces) {
      if (this.heldBytes + Buffer.byteLength(piece.text) > MAX_HELD_BYTES) {
        log.lostBytes += lossOf(piece);
        continue;
      }
      this.holdMarker(log);
      this.hold(log, piece);
    }
    this.work(attemptId, log);
  }

  /**
   * Says that nothing more will come of an attempt.
   *
   * @returns null when it wrote nothing; else settles when its log is stored or has been waited for long enough
   */
  end(attemptId: string): Promise<void> | null {
    const log = this.logs.get(attemptId);
    if (log === undefined) return null;
    log.isEnded = true;
    this.holdMarker(log);
    this.work(attemptId, log);
    if (log.writing !== null) return atMost(log.writing, WAIT_MS);
    this.logs.delete(attemptId);
    return null;
  }

  /** What the database has not taken by now is lost. */
  onApplicationShutdown(): void {
    this.isStopped = true;
  }

  private logOf(attemptId: string): Log | null {
    const known = this.logs.get(attemptId);
    if (known !== undefined) return known;
    const ref = parseAttemptId(attemptId);
    if (ref === null) return null;
    const log: Log = {
      ref,
      waiting: [],
      sizeBytes: 0,
      leftOutBytes: 0,
      lostBytes: 0,
      isEnded: false,
      isGivenUp: false,
      writing: null,
    };
    this.logs.set(attemptId, log);
    return log;
  }

  private hold(log: Log, piece: LogPiece): void {
    log.waiting.push(piece);
    this.heldBytes += Buffer.byteLength(piece.text);
  }

  /** In the place of what was dropped. Markers are small: the limit is not asked. */
  private holdMarker(log: Log): void {
    if (log.lostBytes > 0) this.hold(log, leftOutMarker(log.lostBytes, Date.now()));
    log.lostBytes = 0;
  }

  private work(attemptId: string, log: Log): void {
    if (log.writing !== null || log.waiting.length === 0 || this.isStopped) return;
    log.writing = this.write(log).finally(() => {
      log.writing = null;
      // What came since the writer looked last.
      this.work(attemptId, log);
      if (log.writing === null && log.isEnded) this.logs.delete(attemptId);
    });
  }

  private async write(log: Log): Promise<void> {
    while (log.waiting.length > 0 && !this.isStopped) {
      const pieces = takeUpTo(MAX_WRITE_BYTES, log.waiting);
      const placed = place(log, pieces);
      const isStored = await this.isStored(placed);
      this.heldBytes -= bytesOf(pieces);
      const last = placed[placed.length - 1];
      if (isStored) {
        log.sizeBytes = last.fromByte + Buffer.byteLength(last.text);
        log.leftOutBytes = last.leftOutBytes;
      } else this.replace(log, pieces);
    }
  }

  /** A marker in place of what could not be stored. When that fails as well, nothing more of the attempt is tried. */
  private replace(log: Log, pieces: readonly LogPiece[]): void {
    log.isGivenUp = pieces.every(({ stream }) => stream === 'system');
    if (log.isGivenUp) {
      this.heldBytes -= bytesOf(log.waiting);
      log.waiting = [];
      return;
    }
    const marker = leftOutMarker(
      pieces.reduce((lost, piece) => lost + lossOf(piece), 0),
      Date.now(),
    );
    this.heldBytes += bytesOf([marker]);
    log.waiting.unshift(marker);
  }

  /** Tries until the database is there: always the same rows, since an earlier try may have stored them unheard. */
  private async isStored(placed: readonly PlacedPiece[]): Promise<boolean> {
    while (!this.isStopped) {
      try {
        await this.writes.add(placed);
        this.isAway = false;
        return true;
      } catch (error) {
        if (!isDatabaseAway(error)) {
          this.logger.error(`Part of a log could not be stored: ${messageOf(error)}`);
          return false;
        }
        if (!this.isAway) this.logger.warn(`Logs wait for the database: ${messageOf(error)}`);
        this.isAway = true;
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
    return false;
  }
}

/** Takes pieces off the front, at least one. */
function takeUpTo(maxBytes: number, waiting: LogPiece[]): LogPiece[] {
  let count = 0;
  for (let bytes = 0; count < waiting.length && bytes < maxBytes; count += 1)
    bytes += Buffer.byteLength(waiting[count].text);
  return waiting.splice(0, count);
}

/** Puts pieces behind what is stored. */
function place(log: Log, pieces: readonly LogPiece[]): PlacedPiece[] {
  let { sizeBytes, leftOutBytes } = log;
  return pieces.map(({ stream, atMs, text, leftOutBytes: leftOut }) => {
    const fromByte = sizeBytes;
    sizeBytes += Buffer.byteLength(text);
    leftOutBytes += leftOut;
    return { ref: log.ref, fromByte, stream, atMs, text, leftOutBytes };
  });
}

function bytesOf(pieces: readonly LogPiece[]): number {
  return pieces.reduce((total, { text }) => total + Buffer.byteLength(text), 0);
}

async function atMost(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
