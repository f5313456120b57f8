import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../dist/embedded/embedded-postgres.js';
import { findRedisProgram, startRedisServer } from '../../test/support/redis-server.mjs';

/** One PostgreSQL as the product brings it (fsync on), one Redis without persistence, for all systems. */
export async function startServers() {
  const program = findRedisProgram();
  if (!program) throw new Error('No redis-server or valkey-server on PATH');
  const directory = mkdtempSync(join(tmpdir(), 'dts-scoreboard-'));
  const postgres = await startEmbeddedPostgres({ dataDirectory: directory, log: () => undefined });
  const redis = await startRedisServer(program);
  const client = new pg.Client({ connectionString: postgres.url });
  client.on('error', () => undefined);
  await client.connect();
  return {
    client,
    redisUrl: redis.url,
    /** A new database of the system's own: its commits are counted apart. */
    async databaseOf(name) {
      await client.query(`CREATE DATABASE scoreboard_${name}`);
      const url = new URL(postgres.url);
      url.pathname = `/scoreboard_${name}`;
      return url.href;
    },
    async stop() {
      await client.end().catch(() => undefined);
      await redis.stop();
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
