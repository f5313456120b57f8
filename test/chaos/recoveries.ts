import { setTimeout as pause } from 'node:timers/promises';
import { formatAttemptId } from '../../src/domain/attempt-id.js';
import type { Arena } from './arena.js';
import { withoutMessage } from './faults/redis-faults.js';
import type { Fault } from './plan.js';

/** One measured way back to normal. */
export interface Recovery {
  /** Of the fault. */
  kind: string;
  atMs: number;
  /** null when it had not come within the time. */
  tookMs: number | null;
  /** Another fault took part of the installation away meanwhile: the time says little. */
  isDisturbed: boolean;
  what: string;
}

/** Faults that lengthen the recovery from others. */
const OUTAGES =
  /^(postgres-(crash|restart|terminate|freeze|slow)|redis-(down|freeze|pause|restart|slow)|(kill|stop|roll)-scheduler)$/;
const WITHIN_MS = 60_000;
const POLL_MS = 50;

interface RunningAttempt {
  run_id: string;
  idx: number;
  attempt: number;
}

interface DueTask extends RunningAttempt {
  priority: string;
}

/** How long it takes until the work goes on after a fault. All times are the harness's, on its monotonic clock. */
export class Recoveries {
  readonly found: Recovery[] = [];
  private readonly beganAt = performance.now();
  /** Faults that take part of the installation away, and when they began and ended. */
  private readonly outages: { fault: Fault; beganAt: number; endedAt: number }[] = [];

  constructor(private readonly arena: Arena) {}

  /** Tells of something that lasts: times taken of other faults meanwhile are of little worth. */
  async during<T>(fault: Fault, work: () => Promise<T>): Promise<T> {
    const outage = { fault, beganAt: performance.now(), endedAt: Infinity };
    if (OUTAGES.test(fault.kind)) this.outages.push(outage);
    return await work().finally(() => (outage.endedAt = performance.now()));
  }

  /** From the death until each of its attempts is somebody else's to take, or over. */
  async workerDies(pid: number, fault: Fault, kill: () => void): Promise<void> {
    const { postgres } = this.arena;
    const startedAt = performance.now();
    kill();
    const held = await postgres.surely<RunningAttempt>(
      `SELECT t.run_id, t.idx, t.attempt FROM tasks t JOIN workers w ON w.id = t.worker_id
       WHERE t.status = 'running' AND w.pid = $1 AND w.status <> 'lost'`,
      [pid],
    );
    if (held.length === 0) return;
    await this.until(`dead worker`, fault, startedAt, `${held.length} attempts taken over`, async () => {
      const [{ left }] = await postgres.sql<{ left: number }>(
        `SELECT count(*)::int AS left FROM unnest($1::uuid[], $2::int[], $3::int[]) AS h (run_id, idx, attempt)
         JOIN tasks t USING (run_id, idx) WHERE t.status = 'running' AND t.attempt = h.attempt`,
        [held.map((one) => one.run_id), held.map((one) => one.idx), held.map((one) => one.attempt)],
      );
      return left === 0;
    });
  }

  /** From the death until another scheduler asks the database for something to decide. */
  async schedulerDied(dead: string, fault: Fault): Promise<void> {
    const { postgres } = this.arena;
    const startedAt = performance.now();
    // Whatever killed it: a crash at a statement is told of by nobody else.
    const outage = { fault, beganAt: startedAt, endedAt: Infinity };
    this.outages.push(outage);
    const others = this.arena.of('scheduler').filter(({ name }) => name !== dead);
    // With nobody else there, what is measured is how long a process takes to start.
    const isAlone = !(await Promise.all(others.map((one) => one.isReady()))).includes(true);
    const [{ at }] = await postgres.surely<{ at: string }>('SELECT clock_timestamp()::text AS at');
    await this.until('scheduler killed', fault, startedAt, 'the next round of another', async () => {
      const rows = await postgres.sql(
        `SELECT FROM pg_stat_activity WHERE application_name = 'dts-scheduler-engine' AND query_start > $1::timestamptz`,
        [at],
      );
      return rows.length > 0;
    });
    if (isAlone) this.found.at(-1)!.isDisturbed = true;
    outage.endedAt = performance.now();
  }

  /** From now until each task that is due now has a message, runs, or is over. @returns what became of it */
  async dueTasks(fault: Fault): Promise<string> {
    const { postgres, redis } = this.arena;
    const startedAt = performance.now();
    let open = (
      await postgres.surely<DueTask>(
        `SELECT t.run_id, t.idx, t.attempt, j.priority FROM tasks t JOIN jobs j USING (run_id) WHERE t.status = 'queued'`,
      )
    ).map((task) => ({
      ...task,
      id: formatAttemptId({ runId: task.run_id, idx: task.idx, attempt: task.attempt }),
    }));
    const due = open.length;
    await this.until('due tasks', fault, startedAt, `${due} due`, async () => {
      if (open.length === 0) return true;
      if (redis !== null) open = await withoutMessage(redis, open);
      const still = await postgres.sql<RunningAttempt>(
        `SELECT t.run_id, t.idx, t.attempt FROM unnest($1::uuid[], $2::int[], $3::int[]) AS h (run_id, idx, attempt)
         JOIN tasks t USING (run_id, idx) WHERE t.status = 'queued' AND t.attempt = h.attempt`,
        [open.map((one) => one.run_id), open.map((one) => one.idx), open.map((one) => one.attempt)],
      );
      const ids = new Set(
        still.map((one) => formatAttemptId({ runId: one.run_id, idx: one.idx, attempt: one.attempt })),
      );
      open = open.filter(({ id }) => ids.has(id));
      return open.length === 0;
    });
    return `${due} tasks were due`;
  }

  private async until(
    name: string,
    fault: Fault,
    startedAt: number,
    what: string,
    isOver: () => Promise<boolean>,
  ): Promise<void> {
    let tookMs: number | null = null;
    for (; tookMs === null && performance.now() - startedAt < WITHIN_MS; await pause(POLL_MS))
      if (await isOver().catch(() => false)) tookMs = Math.round(performance.now() - startedAt);
    const isDisturbed = this.outages.some((other) => other.fault !== fault && other.endedAt > startedAt);
    const atMs = Math.round(startedAt - this.beganAt);
    this.found.push({ kind: `${name}: ${fault.kind}`, atMs, tookMs, isDisturbed, what });
  }
}

/** The recoveries of one kind in figures; `undisturbed` leaves out those that other faults fell into. */
export interface RecoveryFigures {
  count: number;
  p50Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
  undisturbed: number;
  undisturbedP99Ms: number | null;
  undisturbedMaxMs: number | null;
  never: number;
}

export function recoveryFigures(recoveries: readonly Recovery[]): Record<string, RecoveryFigures> {
  const kinds = [...new Set(recoveries.map(({ kind }) => kind))].sort();
  return Object.fromEntries(
    kinds.map((kind) => {
      const all = recoveries.filter((one) => one.kind === kind);
      const times = timesOf(all);
      const clean = timesOf(all.filter(({ isDisturbed }) => !isDisturbed));
      return [
        kind,
        {
          count: all.length,
          p50Ms: quantile(times, 0.5),
          p99Ms: quantile(times, 0.99),
          maxMs: times.at(-1) ?? null,
          undisturbed: clean.length,
          undisturbedP99Ms: quantile(clean, 0.99),
          undisturbedMaxMs: clean.at(-1) ?? null,
          never: all.length - times.length,
        },
      ];
    }),
  );
}

function timesOf(recoveries: readonly Recovery[]): number[] {
  return recoveries.flatMap(({ tookMs }) => (tookMs === null ? [] : [tookMs])).sort((a, b) => a - b);
}

/** Nearest rank: the smallest time that at least this share does not pass. */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
