import { CONFIG_EXIT_CODE, ConfigError } from './config/config-error.js';
import { configOfThisProcess } from './config/load-config.js';
import { maskUrl } from './config/describe-config.js';
import { migrateDatabase } from './persistence/migrate.js';

/** `npm run migrate`: brings the schema at DATABASE_URL up to date and says what it did. */
async function main(): Promise<void> {
  const { config } = configOfThisProcess();
  const { url } = config.database;
  if (url === null) {
    throw new ConfigError([
      'DATABASE_URL: expected the URL of the database to migrate, got nothing (embedded mode migrates at start)',
    ]);
  }
  console.log(`Migrating ${maskUrl(url)} …`);
  const applied = await migrateDatabase(url);
  for (const name of applied) console.log(`  applied ${name}`);
  console.log(
    applied.length === 0 ? 'Nothing to do: the schema is up to date.' : 'The schema is up to date.',
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof ConfigError ? CONFIG_EXIT_CODE : 1;
});
