/**
 * An installation of several processes on a PostgreSQL (fsync on) and a Redis of its own: `ROLE=api`, `ROLE=scheduler`, and
 * as many of `ROLE=worker` as a turn wants. Says what each part has used up so far.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startEmbeddedPostgres } from '../dist/embedded/embedded-postgres.js';
import { findRedisProgram, startRedisServer } from '../test/support/redis-server.mjs';
import { startApplication } from './application.mjs';
import { cpuSeconds, ownCpuSeconds, parentOf } from './cpu-time.mjs';
import { Accounts } from './scoreboard/accounts.mjs';

/** What a script or a client asks of Redis; all other commands of the statistics are sent from inside scripts. */
const SCRIPTS = ['eval', 'evalsha'];

export async function startInstallation() {
  const program = findRedisProgram();
  if (!program) throw new Error('No redis-server or valkey-server on PATH');
  const directory = mkdtempSync(join(tmpdir(), 'dts-bench-pg-'));
  const postgres = await startEmbeddedPostgres({ dataDirectory: directory, log: () => undefined });
  const redisServer = await startRedisServer(program);
  const env = { DATABASE_URL: postgres.url, REDIS_URL: redisServer.url, QUEUE_BACKEND: 'redis' };
  // Other roles than `all` wait for the schema.
  const migrate = new URL('../dist/migrate.js', import.meta.url);
  execFileSync(process.execPath, [migrate.pathname], { env: { ...process.env, ...env }, stdio: 'ignore' });
  const database = new pg.Client({ connectionString: postgres.url });
  database.on('error', () => undefined);
  await database.connect();
  const backend = await database.query('SELECT pg_backend_pid() AS pid');
  const postmaster = parentOf(backend.rows[0].pid);
  const redis = new Redis(redisServer.url);
  const accounts = new Accounts(database);
  const running = new Set();

  /** Starts `count` processes of a role at once. */
  async function start(role, count = 1, settings = {}) {
    const starts = Array.from({ length: count }, () => startApplication({ ...env, ...settings, ROLE: role }));
    const results = await Promise.allSettled(starts);
    const started = results.flatMap(({ value }) => value ?? []);
    for (const application of started) running.add(application);
    for (const { reason } of results) if (reason) throw reason;
    return started;
  }

  async function stop(applications) {
    await Promise.all(applications.map((application) => application.stop()));
    for (const application of applications) running.delete(application);
  }

  /** Commands of Redis so far, those inside scripts included, how many of them were scripts, and its CPU seconds. */
  async function redisUsage() {
    const stats = await redis.info('commandstats');
    const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    const cpu = await redis.info('cpu');
    const seconds = ['user', 'sys'].map((kind) =>
      Number(new RegExp(`^used_cpu_${kind}:(\\S+)`, 'm').exec(cpu)[1]),
    );
    const sum = (some) => some.reduce((total, [, , count]) => total + Number(count), 0);
    return {
      commands: sum(calls),
      scripts: sum(calls.filter(([, name]) => SCRIPTS.includes(name))),
      seconds: seconds[0] + seconds[1],
    };
  }

  return {
    database,
    start,
    stop,
    /** CPU seconds of each part, what was written to PostgreSQL, and commands of Redis, all so far. */
    async usage(parts) {
      const { commands, scripts, seconds } = await redisUsage();
      const cpu = { postgres: cpuSeconds(postmaster), redis: seconds, client: ownCpuSeconds() };
      for (const [part, applications] of Object.entries(parts))
        cpu[part] = applications.map(({ pid }) => cpuSeconds(pid));
      return { at: performance.now(), cpu, commands, scripts, ...(await accounts.snapshot()) };
    },
    /** Commits of all sessions, late by as much as a second for those that are busy. */
    async commits() {
      const text =
        'SELECT xact_commit::float8 AS commits FROM pg_stat_database WHERE datname = current_database()';
      return (await database.query(text)).rows[0].commits;
    },
    /** Open connections to PostgreSQL by role. */
    async connections() {
      const { rows } = await database.query(
        `SELECT split_part(application_name, '-', 2) AS role, count(*)::int AS n FROM pg_stat_activity
         WHERE starts_with(application_name, 'dts-') GROUP BY 1`,
      );
      return Object.fromEntries(rows.map(({ role, n }) => [role, n]));
    },
    /** Open connections to Redis but our own. */
    async redisConnections() {
      return (await redis.client('LIST')).trim().split('\n').length - 1;
    },
    async close() {
      await stop([...running]).catch(() => undefined);
      redis.disconnect();
      await database.end().catch(() => undefined);
      await redisServer.stop();
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
