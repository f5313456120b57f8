import { readdirSync } from 'node:fs';
import { processesWith } from '../e2e/process-marks.js';
import { eventually } from '../support/eventually.js';
import type { Arena } from './arena.js';

/** Connections of one process: both halves of DATABASE_POOL_SIZE, the bus, and the queue where it is on PostgreSQL. */
const CONNECTIONS_PER_PROCESS = 6 + 12;
/** Some seconds where nothing else runs; what leaks stays for good. */
const SETTLES_WITHIN_MS = 90_000;

/** What must be back to nothing when all work is done, with every process still up. @returns what is not */
export async function leaksAtRest(arena: Arena): Promise<string[]> {
  return await settled(async () => {
    const leaks: string[] = [];
    const workers = await arena.postgres.sql<{ pid: number }>(
      `SELECT pid FROM workers WHERE status <> 'lost'`,
    );
    const alive = arena.of('worker').map(({ pid }) => pid);
    for (const { pid } of workers) if (!alive.includes(pid)) leaks.push(`the row of the dead worker ${pid}`);
    if (workers.length !== alive.length) leaks.push(`${workers.length} rows of ${alive.length} workers`);
    const [{ count: running }] = await arena.postgres.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM tasks WHERE status = 'running'`,
    );
    if (running > 0) leaks.push(`${running} tasks that run`);
    const [{ count: connections }] = await arena.postgres.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name LIKE 'dts-%'`,
    );
    const allowed = arena.members.length * CONNECTIONS_PER_PROCESS;
    if (connections > allowed) leaks.push(`${connections} connections of at most ${allowed}`);
    const stuck = await arena.postgres.sql<{ query: string }>(
      `SELECT query FROM pg_stat_activity WHERE application_name LIKE 'dts-%' AND state LIKE 'idle in transaction%'
         AND state_change < clock_timestamp() - interval '5 seconds'`,
    );
    for (const { query } of stuck) leaks.push(`a transaction that stays open behind ${query}`);
    for (const { name, url } of arena.of('worker')) {
      const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
      if (!answer?.ok) leaks.push(`${name}: /health answers ${answer?.status ?? 'not at all'}`);
    }
    return leaks;
  });
}

/** What must be gone when every process has ended. */
export async function leaksAfterEnd(arena: Arena): Promise<string[]> {
  return await settled(async () => {
    const leaks = processesWith(arena.workDirectory).map((pid) => `the process ${pid} of an attempt`);
    for (const name of readdirSync(arena.workDirectory)) leaks.push(`the directory ${name}`);
    const sessions = await arena.postgres.sql(
      `SELECT FROM pg_stat_activity WHERE application_name LIKE 'dts-%'`,
    );
    if (sessions.length > 0) leaks.push(`${sessions.length} sessions of ended processes`);
    const rows = await arena.postgres.sql(`SELECT FROM workers WHERE status <> 'lost'`);
    if (rows.length > 0) leaks.push(`${rows.length} rows of workers that ended`);
    return leaks;
  });
}

/** Leaks are what does not go away by itself. */
async function settled(look: () => Promise<string[]>): Promise<string[]> {
  let leaks: string[] = [];
  await eventually(
    async () => {
      leaks = await look();
      if (leaks.length > 0) throw new Error('not yet');
    },
    { timeoutMs: SETTLES_WITHIN_MS, everyMs: 250 },
  ).catch(() => undefined);
  return leaks;
}
