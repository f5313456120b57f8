import { execFileSync } from 'node:child_process';
import { cpus, platform, release, totalmem } from 'node:os';
import type { Arena } from './arena.js';
import { withRedis } from './faults/redis-faults.js';

export interface Machine {
  cores: number;
  processor: string;
  memoryGiB: number;
  system: string;
  node: string;
  postgres: string;
  redis: string | null;
}

/** On what, and of what, a run was made. */
export async function machine(arena: Arena): Promise<{ commit: string; machine: Machine }> {
  const [{ server_version: postgres }] = await arena.postgres.sql<{ server_version: string }>(
    'SHOW server_version',
  );
  return {
    commit: commit(),
    machine: {
      cores: cpus().length,
      processor: cpus()[0]?.model ?? 'unknown',
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${platform()} ${release()}`,
      node: process.version,
      postgres,
      redis: arena.redis === null ? null : await redisVersion(arena.redis),
    },
  };
}

/** With `+` behind it when the working tree has changes that no commit has. */
function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

async function redisVersion(redis: NonNullable<Arena['redis']>): Promise<string> {
  const info = await withRedis(redis, async (client) => await client.info('server'));
  return /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown';
}
