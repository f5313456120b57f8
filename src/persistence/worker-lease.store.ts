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

const REGISTER: Statement = {
  name: 'worker-register',
  text: `INSERT INTO workers (id, hostname, pid, slots, version, lease_expires_at)
         VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6::float8 * interval '1 second')`,
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
  text: `UPDATE workers SET status = 'lost' WHERE status <> 'lost' AND lease_expires_at < clock_timestamp()
         RETURNING id, hostname, pid`,
};

/** By state, not by the moment of loss: whoever reaps next finds what a reaper that died half-way has left. */
const ORPHANS: Statement = {
  name: 'worker-orphans',
  text: `SELECT t.run_id, t.idx, t.lease, t.attempt, t.lost_workers, j.dag_version_id
         FROM tasks t LEFT JOIN workers w ON w.id = t.worker_id JOIN jobs j ON j.run_id = t.run_id
         WHERE t.status = 'running' AND (w.id IS NULL OR w.status = 'lost') LIMIT $1`,
};

/** Lost workers that hold nothing any more are history after an hour. */
const FORGET: Statement = {
  name: 'worker-forget',
  text: `DELETE FROM workers w WHERE w.status = 'lost' AND w.last_heartbeat_at < clock_timestamp() - interval '1 hour'
           AND NOT EXISTS (SELECT FROM tasks t WHERE t.status = 'running' AND t.worker_id = w.id)`,
};

/** The lease of a worker process: one row, renewed by its heartbeat, standing for all attempts it runs. */
export class WorkerLeaseStore {
  constructor(private readonly database: SqlDatabase) {}

  async register(worker: WorkerIdentity, leaseSeconds: number): Promise<void> {
    const { id, hostname, pid, slots, version } = worker;
    await this.database.query(REGISTER, [id, hostname, pid, slots, version, leaseSeconds]);
  }

  /** @returns false when the worker was declared lost meanwhile: nothing it holds is its own any more */
  async renew(workerId: string, leaseSeconds: number): Promise<boolean> {
    return (await this.database.query(RENEW, [workerId, leaseSeconds])).length === 1;
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

  /** Marks every worker lost whose lease ran out by the database clock. */
  async loseExpired(): Promise<{ id: string; hostname: string; pid: number }[]> {
    return await this.database.query(LOSE, []);
  }

  async findOrphans(atMost: number): Promise<OrphanedTask[]> {
    const rows = await this.database.query<
      LeaseRow & { attempt: number; lost_workers: number; dag_version_id: number }
    >(ORPHANS, [atMost]);
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
