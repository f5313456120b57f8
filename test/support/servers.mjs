// The process that owns the servers of one run of the suites: one PostgreSQL with a migrated template, one Redis.
// It prints one line of JSON when both are ready and takes everything down when its standard input closes, which
// happens at the teardown as well as when Jest is killed: a run leaves nothing behind.
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findOrInstallRedisProgram, NO_REDIS, startRedisServer } from './redis-server.mjs';

const TEMPLATE = 'dts_template';
const source = (path) => new URL(`../../src/${path}`, import.meta.url);

const folder = mkdtempSync(join(tmpdir(), 'dts-test-postgres-'));
// Root lends PostgreSQL another user, who must be able to pass here.
chmodSync(folder, 0o711);

const stopAll = [];
let leaving = null;
function leave() {
  leaving ??= (async () => {
    for (const stop of stopAll.reverse()) await stop().catch((error) => console.error(error));
    rmSync(folder, { recursive: true, force: true });
    process.exit();
  })();
}

// A Ctrl-C reaches the whole group; Jest decides, we follow it.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', leave);
process.stdin.once('close', leave).resume();

try {
  const { startEmbeddedPostgres } = await import(source('embedded/embedded-postgres.ts'));
  const postgres = await startEmbeddedPostgres({
    dataDirectory: folder,
    log: () => undefined,
    // Nothing here has to survive a power cut.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '400' },
  });
  stopAll.push(() => postgres.stop());
  await makeTemplate(postgres.url);

  const redisUrl = process.env.TEST_REDIS_URL || (await ownRedis());
  if (!leaving)
    process.stdout.write(`${JSON.stringify({ postgresUrl: postgres.url, template: TEMPLATE, redisUrl })}\n`);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
  leave();
}

async function makeTemplate(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${TEMPLATE}`);
  await client.end();
  const migrate = source('persistence/migrate.ts');
  if (!existsSync(migrate)) return;
  const { migrateDatabase } = await import(migrate);
  const templateUrl = new URL(url);
  templateUrl.pathname = `/${TEMPLATE}`;
  await migrateDatabase(templateUrl.href);
}

async function ownRedis() {
  const program = findOrInstallRedisProgram();
  if (!program) {
    console.error(NO_REDIS);
    return null;
  }
  const redis = await startRedisServer(program);
  stopAll.push(() => redis.stop());
  return redis.url;
}
