import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { peerVersions } from './peers.mjs';

const SETTINGS = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'data_checksums',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
  'autovacuum_naptime',
  'max_connections',
  'jit',
];

/** All that a reader needs to judge the figures or to repeat them. */
export async function describeRun(project, servers, options, workloads) {
  const git = (...args) => execFileSync('git', args, { cwd: project, encoding: 'utf8' }).trim();
  const { rows } = await servers.client.query(
    'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) name',
    [SETTINGS],
  );
  const redis = new Redis(servers.redisUrl);
  const info = await redis.info('server');
  redis.disconnect();
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  const rootVersion = (name) =>
    JSON.parse(readFileSync(join(project, 'node_modules', name, 'package.json'), 'utf8')).version;
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: git('rev-parse', '--short', 'HEAD'),
    hasLocalChanges: git('status', '--porcelain') !== '',
    machine: {
      cpu: cpus()[0].model.trim(),
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${type()} ${/^\d+\.\d+/.exec(release())?.[0] ?? release()}`,
    },
    versions: {
      ours: version,
      node: process.versions.node,
      postgresql: (await servers.client.query('SHOW server_version')).rows[0].server_version,
      redis: /redis_version:(\S+)/.exec(info)[1],
      bullmq: rootVersion('bullmq'),
      ioredis: rootVersion('ioredis'),
      pg: rootVersion('pg'),
      ...peerVersions(),
    },
    postgresSettings: Object.fromEntries(rows.map(({ name, value }) => [name, value])),
    options: {
      repeats: options.repeats,
      warmRounds: options.warmRounds,
      drainSeconds: options.drainSeconds,
      rungSeconds: options.rungSeconds,
    },
    workloads: Object.fromEntries(workloads.map(({ id, size, systems }) => [id, { size, systems }])),
  };
}
