import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EndedAttempts } from './ended-attempts.store.js';
import { Conditions, isoTime, queryRows } from './rows.js';

export const WORKER_STATUSES = ['active', 'draining', 'lost'] as const;
export type WorkerStatus = (typeof WORKER_STATUSES)[number];

/** A worker, in the form of the API. */
export interface WorkerView {
  id: string;
  hostname: string;
  pid: number;
  status: WorkerStatus;
  /** Attempts it executes at once. */
  slots: number;
  /** Attempts it executes now, and those that have ended but whose results are not stored yet, which need no slot. */
  running: number;
  last_heartbeat_at: string;
  started_at: string;
  version: string;
}

/** Where a worker stands in the list: newest first, ids among those of one microsecond. */
export interface WorkerKey {
  startedMicros: number;
  id: string;
}

export interface WorkerStatsRow {
  active: number;
  draining: number;
  lost: number;
  /** Slots of the active workers. */
  slots: number;
  /** Of them, those that attempts need. */
  busy: number;
  lastMinute: EndedAttempts;
  lastHour: EndedAttempts;
}

const RUNNING = `(SELECT count(*)::int FROM tasks t WHERE t.worker_id = w.id AND t.status = 'running')`;

/** What the API reads of workers. */
@Injectable()
export class WorkerQueryStore {
  constructor(private readonly source: DataSource) {}

  /** Newest first, behind `after`. */
  async list(
    status: WorkerStatus | undefined,
    after: WorkerKey | undefined,
    limit: number,
  ): Promise<{ key: WorkerKey; worker: WorkerView }[]> {
    const page = new Conditions();
    const most = page.param(limit);
    const ofStatus = page.param(status === undefined ? WORKER_STATUSES : [status]);
    page.addText('w.status = of_status.status');
    if (after !== undefined) {
      const startedAt = `'epoch'::timestamptz + ${page.param(after.startedMicros)}::bigint * interval '1 microsecond'`;
      page.add(`(w.started_at, w.id) < (${startedAt}, ?::uuid)`, after.id);
    }
    const rows = await queryRows<WorkerView & { micros: string }>(
      this.source,
      `WITH page AS MATERIALIZED (
         SELECT newest.* FROM unnest(${ofStatus}::text[]) AS of_status (status) CROSS JOIN LATERAL (
           SELECT w.* FROM workers w ${page.where} ORDER BY w.started_at DESC, w.id DESC LIMIT ${most}
         ) AS newest
         ORDER BY newest.started_at DESC, newest.id DESC LIMIT ${most}
       )
       SELECT w.id, w.hostname, w.pid, w.status, w.slots, ${RUNNING} AS running,
         ${isoTime('w.last_heartbeat_at')} AS last_heartbeat_at, ${isoTime('w.started_at')} AS started_at, w.version,
         (extract(epoch FROM w.started_at) * 1000000)::bigint AS micros
       FROM page w ORDER BY w.started_at DESC, w.id DESC`,
      page.params,
    );
    return rows.map(({ micros, ...worker }) => ({
      key: { startedMicros: Number(micros), id: worker.id },
      worker,
    }));
  }

  async stats(): Promise<WorkerStatsRow> {
    const [workers] = await queryRows<Omit<WorkerStatsRow, 'lastMinute' | 'lastHour'>>(
      this.source,
      `SELECT count(*) FILTER (WHERE status = 'active')::int AS active,
              count(*) FILTER (WHERE status = 'draining')::int AS draining,
              count(*) FILTER (WHERE status = 'lost')::int AS lost,
              coalesce(sum(slots) FILTER (WHERE status = 'active'), 0)::int AS slots,
              coalesce(sum(least(${RUNNING}, slots)) FILTER (WHERE status = 'active'), 0)::int AS busy
       FROM workers w`,
    );
    const [ended] = await queryRows<Record<`${'succeeded' | 'failed'}_${'minute' | 'hour'}`, number>>(
      this.source,
      `SELECT coalesce(sum(succeeded) FILTER (WHERE is_recent), 0)::int AS succeeded_minute,
              coalesce(sum(failed) FILTER (WHERE is_recent), 0)::int AS failed_minute,
              coalesce(sum(succeeded), 0)::int AS succeeded_hour,
              coalesce(sum(failed), 0)::int AS failed_hour
       FROM (
         SELECT succeeded, failed, since > now() - interval '1 minute' AS is_recent
         FROM ended_attempts WHERE since > now() - interval '1 hour'
       ) AS recent`,
    );
    return {
      ...workers,
      lastMinute: { succeeded: ended.succeeded_minute, failed: ended.failed_minute },
      lastHour: { succeeded: ended.succeeded_hour, failed: ended.failed_hour },
    };
  }
}
