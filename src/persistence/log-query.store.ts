import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { LogStream } from '../domain/log-piece.js';
import { OPEN_TASK_STATUSES, type TaskStatus } from '../domain/task-state.js';
import { isoTime, queryRows } from './rows.js';

/** Which attempt a log is of. */
export interface FoundAttempt {
  idx: number;
  /** null: none has begun yet. */
  attempt: number | null;
  /** Nothing will be written any more. */
  isEnded: boolean;
}

export interface StoredPiece {
  fromByte: number;
  stream: LogStream;
  at: string;
  text: string;
}

/** Part of the log of an attempt. */
export interface StoredLog {
  /** Pieces in order: the one that holds the wanted byte, and those behind it. */
  pieces: StoredPiece[];
  /** Of the whole log so far. */
  sizeBytes: number;
  leftOutBytes: number;
}

/** One piece may be a single byte: so many are read at once, however few bytes they have. */
const MAX_PIECES = 2_000;

const OPEN: readonly TaskStatus[] = OPEN_TASK_STATUSES;

const OF_ATTEMPT = 'run_id = $1 AND idx = $2 AND attempt = $3';

/** What the API reads of logs. */
@Injectable()
export class LogQueryStore {
  constructor(private readonly source: DataSource) {}

  /** @param attempt its number; undefined for the newest that has begun */
  async findAttempt(
    runId: string,
    task: string,
    attempt?: number,
  ): Promise<FoundAttempt | 'no_such_job' | 'no_such_task' | 'no_such_attempt'> {
    const [row] = await queryRows<{
      idx: number | null;
      status: TaskStatus;
      running: number | null;
      ended: number | null;
    }>(
      this.source,
      `SELECT t.idx, t.status, CASE WHEN t.status = 'running' THEN t.attempt END AS running,
         (SELECT max(a.attempt) FROM attempts a
          WHERE a.run_id = $1 AND a.idx = t.idx AND a.attempt = coalesce($3::int, a.attempt)) AS ended
       FROM jobs j LEFT JOIN tasks t ON t.run_id = j.run_id AND t.name = $2
       WHERE j.run_id = $1`,
      [runId, task, attempt ?? null],
    );
    if (row === undefined) return 'no_such_job';
    const { idx, running, ended, status } = row;
    if (idx === null) return 'no_such_task';
    if (running !== null && (attempt === undefined || attempt === running))
      return { idx, attempt: running, isEnded: false };
    if (ended !== null) return { idx, attempt: ended, isEnded: true };
    if (attempt !== undefined) return 'no_such_attempt';
    return { idx, attempt: null, isEnded: !OPEN.includes(status) };
  }

  /** What is stored from `offset` on: at least `bytes` of it, if there is so much in so many pieces. */
  async read(runId: string, idx: number, attempt: number, offset: number, bytes: number): Promise<StoredLog> {
    const rows = await queryRows<{
      size: number;
      left_out: number;
      from_byte: number | null;
      stream: LogStream;
      at: string;
      text: string;
    }>(
      this.source,
      `SELECT tip.size, tip.left_out, piece.*
       FROM (
         SELECT from_byte + octet_length(text) AS size, left_out_bytes::float8 AS left_out
         FROM attempt_logs WHERE ${OF_ATTEMPT} ORDER BY from_byte DESC LIMIT 1
       ) AS tip
       LEFT JOIN LATERAL (
         SELECT from_byte, stream, ${isoTime('at')} AS at, text
         FROM attempt_logs
         WHERE ${OF_ATTEMPT} AND from_byte < $4::bigint + $5 AND from_byte >= (
           SELECT max(from_byte) FROM attempt_logs WHERE ${OF_ATTEMPT} AND from_byte <= $4::bigint)
         ORDER BY from_byte LIMIT ${MAX_PIECES}
       ) AS piece ON true
       ORDER BY piece.from_byte`,
      [runId, idx, attempt, offset, bytes],
    );
    return {
      sizeBytes: rows[0]?.size ?? 0,
      leftOutBytes: rows[0]?.left_out ?? 0,
      pieces: rows.flatMap(({ from_byte: fromByte, stream, at, text }) =>
        fromByte === null ? [] : [{ fromByte, stream, at, text }],
      ),
    };
  }
}
