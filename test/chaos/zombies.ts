import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { processesWith } from '../e2e/process-marks.js';
import type { Arena } from './arena.js';
import type { Finding } from './history/history.js';

interface HeldAttempt {
  run_id: string;
  idx: number;
  attempt: number;
  lease: string;
}

/** How the zombies of a run fared. */
export interface ZombieFigures {
  /** Workers that stood still beyond their lease and went on. */
  zombies: number;
  /** Attempts they held when they stopped, and those of them that were taken away before they went on. */
  held: number;
  takenAway: number;
  /** Results of attempts that had been taken away, and were accepted nevertheless. */
  staleWritesAccepted: number;
  /** Processes of their attempts when they stopped, and those that lived when the lease had ended. */
  processes: number;
  processesAliveAfterLease: number;
}

const POLL_MS = 50;
/** The lease ends by the database's clock, which is this machine's; looking takes a moment. */
const LOOKING_MS = 250;

/** Watches workers that are stopped beyond their lease: what they held, its processes, and what becomes of it. */
export class Zombies {
  private readonly figures: ZombieFigures = {
    zombies: 0,
    held: 0,
    takenAway: 0,
    staleWritesAccepted: 0,
    processes: 0,
    processesAliveAfterLease: 0,
  };
  private readonly taken: HeldAttempt[] = [];
  private readonly late: string[] = [];

  constructor(private readonly arena: Arena) {}

  /** To be called when the process has just been stopped; settles when it may go on. */
  async watch(pid: number, forMs: number): Promise<string> {
    const { postgres } = this.arena;
    const stoppedAt = Date.now();
    const processes = this.processesOf(pid);
    const held = await postgres.surely<HeldAttempt>(
      `SELECT t.run_id, t.idx, t.attempt, t.lease FROM tasks t JOIN workers w ON w.id = t.worker_id
       WHERE t.status = 'running' AND w.pid = $1 AND w.status <> 'lost'`,
      [pid],
    );
    const [worker] = await postgres.surely<{ ends_at: Date }>(
      `SELECT lease_expires_at AS ends_at FROM workers WHERE pid = $1 AND status <> 'lost'`,
      [pid],
    );
    await this.seeProcessesEnd(pid, worker?.ends_at.getTime() ?? stoppedAt, processes.length);
    await pause(Math.max(0, stoppedAt + forMs - Date.now()));
    const taken = await this.takenAway(held);
    this.figures.zombies++;
    this.figures.held += held.length;
    this.figures.takenAway += taken.length;
    this.figures.processes += processes.length;
    this.taken.push(...taken);
    return `held ${held.length}, ${taken.length} taken away, ${processes.length} processes`;
  }

  /** When everything has ended: what was accepted of those that were stopped. */
  async verdict(): Promise<{ figures: ZombieFigures; findings: Finding[] }> {
    const stale = await this.arena.postgres.sql<HeldAttempt & { ends: string | null }>(
      // A write by a stale lease leaves it in the row of an attempt that was somebody else's.
      `SELECT h.*, string_agg(a.attempt || ' ' || a.outcome, ', ') AS ends
       FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bigint[]) AS h (run_id, idx, attempt, lease)
            LEFT JOIN attempts a ON a.run_id = h.run_id AND a.idx = h.idx AND a.lease = h.lease
       GROUP BY h.run_id, h.idx, h.attempt, h.lease
       HAVING count(a.lease) <> 1
           OR bool_or(a.attempt <> h.attempt OR a.outcome NOT IN ('lost', 'cancelled'))`,
      [
        this.taken.map((one) => one.run_id),
        this.taken.map((one) => one.idx),
        this.taken.map((one) => one.attempt),
        this.taken.map((one) => one.lease),
      ],
    );
    this.figures.staleWritesAccepted = stale.length;
    const findings = [
      ...stale.map((one) => ({
        invariant: 'I6',
        runId: one.run_id,
        what: `attempt ${one.attempt} of task ${one.idx} was taken from a stopped worker, whose lease ended as: ${one.ends}`,
      })),
      ...this.late.map((what) => ({ invariant: 'I12', runId: null, what })),
    ];
    return { figures: { ...this.figures }, findings };
  }

  private async seeProcessesEnd(pid: number, leaseEndsAt: number, atFirst: number): Promise<void> {
    if (atFirst === 0) return;
    // A look takes a while, and may have seen at its beginning what had ended at its end. Where this process does not get
    // its turn in time, those that have to end the others do not either: so much later is in time.
    let starvedMs = 0;
    let lookedAt = Date.now();
    let alive = this.processesOf(pid);
    while (alive.length > 0 && lookedAt < leaseEndsAt + LOOKING_MS + starvedMs) {
      const pausedAt = performance.now();
      await pause(POLL_MS);
      starvedMs = Math.max(starvedMs, performance.now() - pausedAt - POLL_MS);
      lookedAt = Date.now();
      alive = this.processesOf(pid);
    }
    if (alive.length === 0) return;
    this.figures.processesAliveAfterLease += alive.length;
    this.late.push(`${alive.length} processes of the stopped worker ${pid} outlived its lease`);
  }

  /** Whatever carries the directory of the worker's task host in its environment. */
  private processesOf(pid: number): number[] {
    const machine = hostname()
      .replace(/[^A-Za-z0-9-]/g, '-')
      .slice(0, 64);
    return processesWith(`${this.arena.workDirectory}/${machine}.${pid}.`);
  }

  private async takenAway(held: readonly HeldAttempt[]): Promise<HeldAttempt[]> {
    return await this.arena.postgres.surely<HeldAttempt>(
      `SELECT h.* FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bigint[]) AS h (run_id, idx, attempt, lease)
       JOIN tasks t USING (run_id, idx) WHERE t.lease IS DISTINCT FROM h.lease
         AND NOT EXISTS (SELECT FROM attempts a WHERE a.run_id = h.run_id AND a.idx = h.idx
                          AND a.attempt = h.attempt AND a.outcome IN ('succeeded', 'failed', 'drained'))`,
      [
        held.map((one) => one.run_id),
        held.map((one) => one.idx),
        held.map((one) => one.attempt),
        held.map((one) => one.lease),
      ],
    );
  }
}
