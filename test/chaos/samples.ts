import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Arena } from './arena.js';
import { withRedis } from './faults/redis-faults.js';

/** What one process, or all together, held at a moment. */
export interface Sample {
  atMs: number;
  /** Per living process: after a collection, so that only what is held counts. */
  heaps: { name: string; pid: number; heapUsed: number; rss: number }[];
  connections: number;
  redisClients: number | null;
  runningTasks: number;
  directories: number;
}

/** Of one life of a process that lasted for most of the run. */
export interface HeapSlope {
  name: string;
  minutes: number;
  samples: number;
  firstMiB: number;
  lastMiB: number;
  slopeMiBPer10Minutes: number;
}

const MIB = 2 ** 20;
/** The first part of a life is left out: caches and pools fill. */
const WARM_UP = 0.25;
const FEWEST_SAMPLES = 12;

/** Looks at everything every so often, until it is told to stop. */
export async function sample(arena: Arena, everyMs: number, signal: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = [];
  const beganAt = performance.now();
  while (!signal.aborted) {
    await pause(everyMs, null, { signal, ref: false }).catch(() => undefined);
    // A server may be down at this moment: then there is no sample of it.
    const one = signal.aborted
      ? null
      : await look(arena, Math.round(performance.now() - beganAt)).catch(() => null);
    if (one !== null) samples.push(one);
  }
  return samples;
}

/** Growth per process, by least squares over what it held after each collection. */
export function heapSlopes(samples: readonly Sample[]): HeapSlope[] {
  const lives = new Map<string, { name: string; points: { minutes: number; mib: number }[] }>();
  for (const { atMs, heaps } of samples)
    for (const { name, pid, heapUsed } of heaps) {
      const life = lives.get(`${name} ${pid}`) ?? { name, points: [] };
      life.points.push({ minutes: atMs / 60_000, mib: heapUsed / MIB });
      lives.set(`${name} ${pid}`, life);
    }
  return [...lives.values()]
    .map(({ name, points }) => ({ name, points: points.slice(Math.floor(points.length * WARM_UP)) }))
    .filter(({ points }) => points.length >= FEWEST_SAMPLES)
    .map(({ name, points }) => ({
      name,
      minutes: round(points.at(-1)!.minutes - points[0].minutes),
      samples: points.length,
      firstMiB: round(points[0].mib),
      lastMiB: round(points.at(-1)!.mib),
      slopeMiBPer10Minutes: round(10 * slope(points)),
    }));
}

async function look(arena: Arena, atMs: number): Promise<Sample> {
  const [{ connections, running }] = await arena.postgres.sql<{ connections: number; running: number }>(
    `SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE application_name LIKE 'dts-%') AS connections,
            (SELECT count(*)::int FROM tasks WHERE status = 'running') AS running`,
  );
  const heaps = await Promise.all(
    arena.members.map(async (member) => {
      const { name, pid } = member;
      const measured = await member.measure();
      return measured === null || pid === null || member.pid !== pid ? [] : [{ name, pid, ...measured }];
    }),
  );
  return {
    atMs,
    heaps: heaps.flat(),
    connections,
    redisClients: arena.redis === null ? null : await clientsOf(arena.redis),
    runningTasks: running,
    directories: directories(arena.workDirectory),
  };
}

async function clientsOf(redis: NonNullable<Arena['redis']>): Promise<number> {
  const info = await withRedis(redis, async (client) => await client.info('clients'));
  return Number(/connected_clients:(\d+)/.exec(info)?.[1] ?? 0);
}

/** Those of task hosts, and of the attempts in them. */
function directories(folder: string): number {
  return readdirSync(folder).reduce((count, host) => {
    try {
      return count + 1 + readdirSync(join(folder, host)).length;
    } catch {
      return count; // it went at this moment
    }
  }, 0);
}

function slope(points: readonly { minutes: number; mib: number }[]): number {
  const meanX = points.reduce((sum, { minutes }) => sum + minutes, 0) / points.length;
  const meanY = points.reduce((sum, { mib }) => sum + mib, 0) / points.length;
  const above = points.reduce((sum, { minutes, mib }) => sum + (minutes - meanX) * (mib - meanY), 0);
  const below = points.reduce((sum, { minutes }) => sum + (minutes - meanX) ** 2, 0);
  return below === 0 ? 0 : above / below;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
