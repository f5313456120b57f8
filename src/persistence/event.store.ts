import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EventEnvelope } from '../domain/events.js';
import { isoTime, queryRows } from './rows.js';

/** How far the events of a job go. */
export interface EventTip {
  run_id: string;
  last_seq: number;
}

const ENVELOPE = `e.seq, e.type, e.run_id, e.dag_id, e.task, e.attempt, ${isoTime('e.at')} AS at, e.data`;

/** The stored events: the truth behind every live stream. */
@Injectable()
export class EventStore {
  constructor(private readonly source: DataSource) {}

  /** Events of a job behind `after`, in order. */
  async list(runId: string, after: number, limit: number): Promise<EventEnvelope[]> {
    return await queryRows<EventEnvelope>(
      this.source,
      `SELECT ${ENVELOPE} FROM events e WHERE e.run_id = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3`,
      [runId, after, limit],
    );
  }

  /** Events of many jobs, each behind its own cursor, in order within each job, at most `limitEach` of one. */
  async listMany(cursors: ReadonlyMap<string, number>, limitEach: number): Promise<EventEnvelope[]> {
    return await queryRows<EventEnvelope>(
      this.source,
      `SELECT ${ENVELOPE}
       FROM unnest($1::uuid[], $2::int[]) AS wanted (run_id, after)
       CROSS JOIN LATERAL (
         SELECT * FROM events WHERE run_id = wanted.run_id AND seq > wanted.after ORDER BY seq LIMIT $3
       ) AS e
       ORDER BY e.run_id, e.seq`,
      [[...cursors.keys()], [...cursors.values()], limitEach],
    );
  }

  async tipOf(runId: string): Promise<number | null> {
    const [tip] = await this.tips([runId]);
    return tip?.last_seq ?? null;
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

  /** Jobs whose run_id sorts behind the given one, oldest first. */
  async tipsBehind(runId: string, limit: number): Promise<EventTip[]> {
    return await queryRows<EventTip>(
      this.source,
      'SELECT run_id, last_seq FROM jobs WHERE run_id > $1 ORDER BY run_id LIMIT $2',
      [runId, limit],
    );
  }
}
