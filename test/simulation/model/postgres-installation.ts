import { createDag, type EngineUnderTest } from '../../support/engine.js';
import type { Installation, Written } from './side.js';

/** All of it in one answer, which costs a fraction of as many answers as there are tables. */
const WRITTEN = `SELECT json_build_object(
  'dags', (SELECT coalesce(json_agg(d ORDER BY d.id), '[]') FROM dags d),
  'jobs', (SELECT coalesce(json_agg(j), '[]') FROM jobs j),
  'tasks', (SELECT coalesce(json_agg(t), '[]') FROM tasks t),
  'attempts', (SELECT coalesce(json_agg(a), '[]') FROM attempts a),
  'events', (SELECT coalesce(json_agg(e), '[]') FROM events e),
  'entries', (SELECT coalesce(json_agg(q), '[]') FROM dlq_entries q),
  'workers', (SELECT coalesce(json_agg(w), '[]') FROM workers w)) AS written`;

const CLEAR = `WITH k AS (DELETE FROM idempotency_keys), q AS (DELETE FROM dlq_entries), e AS (DELETE FROM events),
  a AS (DELETE FROM attempts), t AS (DELETE FROM tasks), j AS (DELETE FROM jobs), v AS (DELETE FROM dag_versions),
  d AS (DELETE FROM dags) DELETE FROM workers`;

/** An installation on PostgreSQL; its engine is used again and again, as a database costs more than a run. */
export function postgresInstallation(engine: EngineUnderTest): Installation {
  return {
    database: engine.database,
    verbs: engine,
    queue: engine.queue,
    bus: engine.bus,
    nowMs: () => Date.now(),
    age: async (ms) => {
      for (const text of AGE) await engine.rows(text, [ms]);
    },
    createDag: async (tasks, nextRunAt) => {
      const id = await createDag(engine, tasks);
      await engine.rows(`UPDATE dags SET cron_expression = '* * * * *', next_run_at = $2 WHERE id = $1`, [
        id,
        nextRunAt,
      ]);
      return id;
    },
    deleteDag: async (id) => {
      await engine.rows('UPDATE dags SET deleted_at = now() WHERE id = $1', [id]);
    },
    written: async () => {
      const [{ written }] = await engine.rows<{ written: Record<keyof Written, Record<string, unknown>[]> }>(
        WRITTEN,
      );
      const tables = Object.entries(written).map(([table, rows]) => [table, rows.map(withMilliseconds)]);
      return Object.fromEntries(tables) as Written;
    },
    clear: async () => {
      await engine.rows(CLEAR);
    },
  };
}

/** Instead of waiting: what is stored lies further back, by $1 milliseconds. */
const AGE = [
  `UPDATE tasks SET queued_at = queued_at - $1 * interval '1 millisecond',
     started_at = started_at - $1 * interval '1 millisecond',
     next_retry_at = next_retry_at - $1 * interval '1 millisecond'`,
  `UPDATE jobs SET scheduled_for = scheduled_for - $1 * interval '1 millisecond' WHERE status = 'scheduled'`,
  `UPDATE workers SET lease_expires_at = lease_expires_at - $1 * interval '1 millisecond',
     last_heartbeat_at = last_heartbeat_at - $1 * interval '1 millisecond'`,
  `UPDATE idempotency_keys SET expires_at = expires_at - $1 * interval '1 millisecond'`,
];

const IS_TIME = /(_at|_for|^at)$/;

function withMilliseconds(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'string' && IS_TIME.test(column) ? Date.parse(value) : value,
    ]),
  );
}
