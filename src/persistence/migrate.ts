import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';

/** Any number works as long as every process uses the same one. */
const MIGRATION_LOCK = 726_354_001;

/**
 * Brings the schema at `url` up to date. Idempotent; any number of processes may run it at once: they take turns under a
 * session advisory lock and the later ones find nothing to do.
 *
 * @returns the names of the migrations this call applied
 */
export async function migrateDatabase(url: string): Promise<string[]> {
  // Two connections: one holds the lock for the session, the other migrates.
  const source = await new DataSource(
    dataSourceOptions({ url, poolSize: 2, applicationName: 'dts-migrate' }),
  ).initialize();
  try {
    const lock = source.createQueryRunner();
    await lock.connect();
    try {
      await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
      const applied = await source.runMigrations({ transaction: 'each' });
      return applied.map((migration) => migration.name);
    } finally {
      await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
      await lock.release();
    }
  } finally {
    await source.destroy();
  }
}

/** Whether the schema at `url` has every migration this build knows. Throws when the database cannot be reached. */
export async function isSchemaCurrent(url: string): Promise<boolean> {
  const source = await new DataSource(
    dataSourceOptions({ url, poolSize: 1, applicationName: 'dts-schema-check', isHasty: true }),
  ).initialize();
  try {
    const [{ known }] = await source.query<{ known: boolean }[]>(
      `SELECT to_regclass('schema_migrations') IS NOT NULL AS known`,
    );
    if (!known) return false;
    const applied = await source.query<{ name: string }[]>('SELECT name FROM schema_migrations');
    const names = new Set(applied.map((row) => row.name));
    return source.migrations.every((migration) => names.has(migration.name ?? migration.constructor.name));
  } finally {
    await source.destroy();
  }
}
