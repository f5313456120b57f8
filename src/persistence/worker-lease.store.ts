import type { SqlDatabase, Statement } from './sql-database.js';

/** What names a running attempt and proves the right to end it. */
export interface HeldLease {
  runId: string;
  idx: number;
  lease: string;
}

export interface WorkerIdentity {
  id: string;
  hostname: string;
  pid: number;
  slots: number;
  version: string;
}

export interface OrphanedTask extends HeldLease {
  attempt: number;
  lostWorkers: number;
  dagVersionId: number;
}

/** Again under the same id, when the answer was lost, it is a heartbeat. */
const REGISTER: Statement = {
  name: 'worker-register',
  text: `INSERT INTO workers AS w (id, hostname, pid, slots, version, lease_expires_at)
         VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6::float8 * interval '1 second')
         ON CONFLICT (id) DO UPDATE
         SET last_heartbeat_at = clock_timestamp(), lease_expires_at = excluded.lease_expires_at
         WHERE w.status <> 'lost' RETURNING w.id`,
};

const RENEW: Statement = {
  name: 'worker-renew',
  text: `UPDATE workers
         SET last_heartbeat_at = clock_timestamp(), lease_expires_at = clock_timestamp() + $2::float8 * interval '1 second'
         WHERE id = $1 AND status <> 'lost' RETURNING id`,
};

/** Of the leases a worker believes it holds, those that were taken away (cancelled, requeued). */
const REVOKED: Statement = {
  name: 'worker-revoked',
  text: `SELECT i.run_id, i.idx, i.lease
         FROM unnest($1::uuid[], $2::int[], $3::bigint[]) AS i (run_id, idx, lease)
              LEFT JOIN tasks t ON t.run_id = i.run_id AND t.idx = i.idx
         WHERE t.lease IS DISTINCT FROM i.lease`,
};

/**
 * Attempts the database gave to this worker which it does not know of: the answer to its claim was lost on the way. Young
 * ones are left alone, their claim may still be travelling.
 */
const UNKNOWN: Statement = {
  name: 'worker-unknown',
  text: `SELECT run_id, idx, lease FROM tasks
         WHERE status = 'running' AND worker_id = $1 AND lease <> ALL ($2::bigint[])
           AND started_at < clock_timestamp() - $3::float8 * interval '1 second' LIMIT 500`,
};

const DRAIN: Statement = {
  name: 'worker-drain',
  text: `UPDATE workers SET status = 'draining' WHERE id = $1 AND status = 'active'`,
};

const REMOVE: Statement = { name: 'worker-remove', text: 'DELETE FROM workers WHERE id = $1' };

const LOSE: Statement = {
  name: 'worker-lose',
  text: `UPDATE workers SET status = 'lost'
         WHERE $1::boolean AND status <> 'lost' AND lease_expires_at < clock_timestamp()
         RETURNING id, hostname, pid`,
};

/** How long what is about leases waits for an answer before it asks over another connection. */
const PATIENCE_MS = 2_000;
/** After an outage: workers that live find the database within a second, and hand back what they had to stop. */
const AFTER_OUTAGE_MS = 3_000;

/**
 * By state, not by the moment of loss: whoever reaps next finds what a reaper that died half-way has left. Steps from worker to
 * worker in the index of the running tasks, so what runs on living workers is not read.
 */
const ORPHANS: Statement = {
  name: 'worker-orphans',
  text: `WITH RECURSIVE holders AS (
           (SELECT worker_id FROM tasks WHERE status = 'running' ORDER BY worker_id LIMIT 1)
           UNION ALL
           SELECT (SELECT t.worker_id FROM tasks t WHERE t.status = 'running' AND t.worker_id > h.worker_id
                   ORDER BY t.worker_id LIMIT 1)
           FROM holders h WHERE h.worker_id IS NOT NULL
         ), gone AS MATERIALIZED (
           SELECT h.worker_id FROM holders h LEFT JOIN workers w ON w.id = h.worker_id
           WHERE h.worker_id IS NOT NULL AND (w.id IS NULL OR w.status = 'lost')
         )
         SELECT t.run_id, t.idx, t.lease, t.attempt, t.lost_workers, j.dag_version_id
         FROM gone g CROSS JOIN LATERAL (
                SELECT run_id, idx, lease, attempt, lost_workers FROM tasks
                WHERE status = 'running' AND worker_id = g.worker_id
              ) t JOIN jobs j ON j.run_id = t.run_id LIMIT $1`,
};

/** Lost workers that hold nothing any more are history after an hour. */
const FORGET: Statement = {
  name: 'worker-forget',
  text: `DELETE FROM workers w WHERE w.status = 'lost' AND w.last_heartbeat_at < clock_timestamp() - interval '1 hour'
           AND NOT EXISTS (SELECT FROM tasks t WHERE t.status = 'running' AND t.worker_id = w.id)`,
};

/** The lease of a worker process: one row, renewed by its heartbeat, standing for all attempts it runs. */
export class WorkerLeaseStore {
  /** Since when the reaper's looks succeed. */
  private reachableSince = -Infinity;

  /** @param now a monotonic clock, in milliseconds */
  constructor(
    private readonly database: SqlDatabase,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @returns false when an earlier try under this id had succeeded, and the worker was declared lost meanwhile */
  async register(worker: WorkerIdentity, leaseSeconds: number): Promise<boolean> {
    const { id, hostname, pid, slots, version } = worker;
    const rows = await this.database.query(REGISTER, [id, hostname, pid, slots, version, leaseSeconds]);
    return rows.length === 1;
  }

  /**
   * @param patienceMs how long it may wait for an answer before it tries another connection
   * @returns false when the worker was declared lost meanwhile: nothing it holds is its own any more
   */
  async renew(workerId: string, leaseSeconds: number, patienceMs = PATIENCE_MS): Promise<boolean> {
    const rows = await this.database.queryInsistently(RENEW, [workerId, leaseSeconds], patienceMs);
    return rows.length === 1;
  }

  async findRevoked(held: readonly HeldLease[]): Promise<HeldLease[]> {
    if (held.length === 0) return [];
    const rows = await this.database.query<LeaseRow>(REVOKED, [
      held.map((lease) => lease.runId),
      held.map((lease) => lease.idx),
      held.map((lease) => lease.lease),
    ]);
    return rows.map(toHeldLease);
  }

  async findUnknown(
    workerId: string,
    heldLeases: readonly string[],
    olderThanSeconds: number,
  ): Promise<HeldLease[]> {
    const rows = await this.database.query<LeaseRow>(UNKNOWN, [workerId, heldLeases, olderThanSeconds]);
    return rows.map(toHeldLease);
  }

  async drain(workerId: string): Promise<void> {
    await this.database.query(DRAIN, [workerId]);
  }

  async remove(workerId: string): Promise<void> {
    await this.database.query(REMOVE, [workerId]);
  }

  /**
   * Marks every worker lost whose lease ran out by the database clock; but none for a moment after the database was away
   * for us: then it most likely was for the workers as well, who have stopped their attempts and are about to say so.
   */
  async loseExpired(): Promise<{ id: string; hostname: string; pid: number }[]> {
    const mayLose = this.now() - this.reachableSince >= AFTER_OUTAGE_MS;
    try {
      const lost = await this.database.queryInsistently<{ id: string; hostname: string; pid: number }>(
        LOSE,
        [mayLose],
        PATIENCE_MS,
      );
      if (this.reachableSince === Infinity) this.reachableSince = this.now();
      return lost;
    } catch (error) {
      this.reachableSince = Infinity;
      throw error;
    }
  }

  async findOrphans(atMost: number): Promise<OrphanedTask[]> {
    const rows = await this.database.queryInsistently<
      LeaseRow & { attempt: number; lost_workers: number; dag_version_id: number }
    >(ORPHANS, [atMost], PATIENCE_MS);
    return rows.map((row) => ({
      ...toHeldLease(row),
      attempt: row.attempt,
      lostWorkers: row.lost_workers,
      dagVersionId: row.dag_version_id,
    }));
  }

  async forgetLost(): Promise<void> {
    await this.database.query(FORGET, []);
  }
}

interface LeaseRow {
  run_id: string;
  idx: number;
  lease: string;
}

function toHeldLease(row: LeaseRow): HeldLease {
  return { runId: row.run_id, idx: row.idx, lease: row.lease };
}
