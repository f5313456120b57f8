import pg from 'pg';
import { type EngineUnderTest, joinEngine } from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';

export interface HeldRows {
  /** Resolves when so many sessions of the database wait for locks, in the order in which they came. */
  untilWaiting(sessions: number): Promise<void>;
  /** Lets them go. */
  release(): Promise<void>;
}

/** Holds rows under FOR UPDATE in a session of its own, so that what the engine does meanwhile has to queue up. */
export async function holdRows(
  engine: EngineUnderTest,
  select: string,
  params: unknown[],
): Promise<HeldRows> {
  return await holdChange(engine, `${select} FOR UPDATE`, params);
}

/** The same with rows it changes: who waits for them sees the change when they are let go. */
export async function holdChange(
  engine: EngineUnderTest,
  change: string,
  params: unknown[],
): Promise<HeldRows> {
  const client = new pg.Client({ connectionString: engine.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(change, params);
  return {
    untilWaiting: async (sessions) =>
      await eventually(async () => {
        const [{ waiting }] = await engine.rows<{ waiting: number }>(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        if (waiting < sessions) throw new Error(`${waiting} of ${sessions} sessions wait`);
      }),
    release: async () => {
      await client.query('COMMIT');
      await client.end();
    },
  };
}

export async function holdJob(engine: EngineUnderTest, runId: string): Promise<HeldRows> {
  return await holdRows(engine, 'SELECT 1 FROM jobs WHERE run_id = $1', [runId]);
}

/** The first engine and `count - 1` more processes on its database. */
export async function joinEngines(first: EngineUnderTest, count: number): Promise<EngineUnderTest[]> {
  const others = await Promise.all(Array.from({ length: count - 1 }, async () => await joinEngine(first)));
  return [first, ...others];
}

/** Closes them in the order that keeps the first one's database until the end. */
export async function closeEngines(engines: readonly EngineUnderTest[]): Promise<void> {
  for (const engine of [...engines].reverse()) await engine.close();
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
