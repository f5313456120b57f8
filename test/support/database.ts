import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  url: string;
  /** Cuts whoever is still connected. */
  drop(): Promise<void>;
}

/** A database of its own with the schema in it: a clone of the migrated template. */
export function createTestDatabase(): Promise<TestDatabase> {
  return create(`TEMPLATE ${given('DTS_TEST_TEMPLATE')}`);
}

/** A database of its own with nothing in it. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create('');
}

async function create(source: string): Promise<TestDatabase> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await asAdministrator(`CREATE DATABASE ${name} ${source}`);
  const url = new URL(given('DTS_TEST_POSTGRES_URL'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdministrator(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: given('DTS_TEST_POSTGRES_URL') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function given(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: only suites with test/support/global-setup.mjs have a database`);
  return value;
}
