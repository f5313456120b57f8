import { rule } from './rule.js';

/** The leases of workers, by the clock of the database. */

/** Again under the same id it is a heartbeat. */
export const register = rule(
  (db, id: string, hostname: string, pid: number, slots: number, version: string, leaseSeconds: number) => {
    const lease_expires_at = db.now + leaseSeconds * 1_000;
    const status = 'active';
    const known = db.workers.get(id);
    if (known?.status === 'lost') return [];
    if (known !== undefined) {
      db.workers.change(known, { last_heartbeat_at: db.now, lease_expires_at });
      return [{ id }];
    }
    db.workers.add({
      id,
      hostname,
      pid,
      status,
      slots,
      version,
      last_heartbeat_at: db.now,
      lease_expires_at,
    });
    return [{ id }];
  },
);

/** A lost worker has no heartbeat any more. */
export const renew = rule((db, id: string, leaseSeconds: number) => {
  const worker = db.workers.get(id);
  if (worker === undefined || worker.status === 'lost') return [];
  const lease_expires_at = db.now + leaseSeconds * 1_000;
  db.workers.change(worker, { last_heartbeat_at: db.now, lease_expires_at });
  return [{ id }];
});

/** Of the leases a worker believes it holds, those it does not. */
export const revoked = rule((db, runIds: string[], idxs: number[], leases: string[]) =>
  runIds.flatMap((run_id, place) => {
    const held = { run_id, idx: idxs[place], lease: leases[place] };
    return db.tasks.get(run_id, held.idx)?.lease === held.lease ? [] : [held];
  }),
);

/** What a worker was given so long ago that it should know of it, and does not. */
export const unknown = rule((db, workerId: string, leases: string[], olderThanSeconds: number) =>
  db.tasks
    .all()
    .filter((task) => task.status === 'running' && task.worker_id === workerId)
    .filter((task) => !leases.includes(task.lease!) && task.started_at! < db.now - olderThanSeconds * 1_000)
    .map(({ run_id, idx, lease }) => ({ run_id, idx, lease })),
);

export const drain = rule((db, id: string) => {
  const worker = db.workers.get(id);
  if (worker?.status === 'active') db.workers.change(worker, { status: 'draining' });
  return [];
});

export const remove = rule((db, id: string) => {
  const worker = db.workers.get(id);
  if (worker !== undefined) db.workers.remove(worker);
  return [];
});

/** None while the reaper itself was cut off a moment ago. */
export const lose = rule((db, mayLose: boolean) =>
  db.workers
    .all()
    .filter(() => mayLose)
    .filter((worker) => worker.status !== 'lost' && worker.lease_expires_at < db.now)
    .map((worker) => {
      db.workers.change(worker, { status: 'lost' });
      const { id, hostname, pid } = worker;
      return { id, hostname, pid };
    }),
);

/** What runs with a worker that is lost or gone. */
export const orphans = rule((db, atMost: number) =>
  db.tasks
    .all()
    .filter((task) => task.status === 'running')
    .filter((task) => (db.workers.get(task.worker_id!)?.status ?? 'lost') === 'lost')
    .slice(0, atMost)
    .map(({ run_id, idx, lease, attempt, lost_workers }) => {
      const { dag_version_id } = db.jobs.get(run_id)!;
      return { run_id, idx, lease, attempt, lost_workers, dag_version_id };
    }),
);

export const forget = rule((db) => {
  for (const worker of db.workers.all()) {
    const isSilent = worker.status === 'lost' && worker.last_heartbeat_at < db.now - 3_600_000;
    const holds = db.tasks.all().some((task) => task.status === 'running' && task.worker_id === worker.id);
    if (isSilent && !holds) db.workers.remove(worker);
  }
  return [];
});
