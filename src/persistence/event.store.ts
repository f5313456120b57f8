import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EventEnvelope } from '../domain/events.js';
import { isoTime, queryRows } from './rows.js';

/** How far the events of a job go. */
export interface EventTip {
  run_id: string;
  last_seq: number;
}

/** Which events of a job lie within a stretch of time. */
export interface EventSpan {
  run_id: string;
  first_seq: number;
  last_seq: number;
  /** When the first of them happened; milliseconds since 1970. */
  first_at_ms: number;
}

const ENVELOPE = `e.seq, e.type, e.run_id, e.dag_id, e.task, e.attempt, ${isoTime('e.at')} AS at, e.data`;

/** The stored events: the truth behind every live stream. */
@Injectable()
export class EventStore {
  constructor(private readonly source: DataSource) {}

  /** Events of a job behind `after`, in order. Those of one that was retired go later than it, and are not told any more. */
  async list(runId: string, after: number, limit: number): Promise<EventEnvelope[]> {
    return await queryRows<EventEnvelope>(
      this.source,
      `SELECT ${ENVELOPE} FROM events e
       WHERE e.run_id = $1 AND e.seq > $2 AND EXISTS (SELECT FROM jobs WHERE run_id = $1)
       ORDER BY e.seq LIMIT $3`,
      [runId, after, limit],
    );
  }

  /**
   * Events of many jobs, each behind its own cursor, in order within each job, at most `limitEach` of one. The bounds of
   * their run_ids are told apart, so that only partitions between them are planned for and locked.
   */
  async listMany(cursors: ReadonlyMap<string, number>, limitEach: number): Promise<EventEnvelope[]> {
    const runIds = [...cursors.keys()];
    const sorted = runIds.toSorted();
    const [least, greatest] = [sorted[0], sorted[sorted.length - 1]];
    return await queryRows<EventEnvelope>(
      this.source,
      `SELECT ${ENVELOPE}
       FROM unnest($1::uuid[], $2::int[]) AS wanted (run_id, after)
       CROSS JOIN LATERAL (
         SELECT * FROM events
         WHERE run_id = wanted.run_id AND seq > wanted.after AND run_id BETWEEN $4::uuid AND $5::uuid
         ORDER BY seq LIMIT $3
       ) AS e
       ORDER BY e.run_id, e.seq`,
      [runIds, [...cursors.values()], limitEach, least, greatest],
    );
  }

  async tipOf(runId: string): Promise<number | null> {
    const [tip] = await this.tips([runId]);
    return tip?.last_seq ?? null;
  }

  /** How far the events of a job go, and whether it has ended; null when there is no such job. */
  async stateOf(runId: string): Promise<{ last_seq: number; has_ended: boolean } | null> {
    const [state] = await queryRows<{ last_seq: number; has_ended: boolean }>(
      this.source,
      'SELECT last_seq, finished_at IS NOT NULL AS has_ended FROM jobs WHERE run_id = $1',
      [runId],
    );
    return state ?? null;
  }

  async tips(runIds: readonly string[]): Promise<EventTip[]> {
    return await queryRows<EventTip>(
      this.source,
      'SELECT run_id, last_seq FROM jobs WHERE run_id = ANY ($1::uuid[])',
      [runIds],
    );
  }

  /** Jobs that are not over, newest first. */
  async openTips(limit: number): Promise<EventTip[]> {
    return await queryRows<EventTip>(
      this.source,
      `SELECT run_id, last_seq FROM jobs WHERE status IN ('scheduled', 'queued', 'running') ORDER BY run_id DESC LIMIT $1`,
      [limit],
    );
  }

  /** Jobs with events from then on, and which, by the database's clock; the ones with the oldest first. */
  async since(atMs: number, limit: number): Promise<EventSpan[]> {
    return await queryRows<EventSpan>(
      this.source,
      `SELECT run_id, min(seq) AS first_seq, max(seq) AS last_seq,
              floor(extract(epoch FROM min(at)) * 1000)::float8 AS first_at_ms
       FROM events WHERE at >= to_timestamp($1::float8 / 1000)
       GROUP BY run_id ORDER BY min(at) LIMIT $2`,
      [atMs, limit],
    );
  }

  /** The database's clock, which `at` is taken from; milliseconds since 1970. */
  async nowMs(): Promise<number> {
    const [row] = await queryRows<{ now_ms: number }>(
      this.source,
      'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms',
    );
    return row.now_ms;
  }
}
