import { randomBytes } from 'node:crypto';
import { findRedisProgram, startRedisServer } from './redis-server.mjs';

/** The Redis of this run; null when the machine has none (the setup has said so loudly). */
export function testRedisUrl(): string | null {
  return process.env.DTS_TEST_REDIS_URL || null;
}

/** A `describe` that is skipped where there is no Redis. Under CI=true another test fails then. */
export function describeWithRedis(name: string, body: (redisUrl: string) => void): void {
  const url = testRedisUrl();
  if (url) describe(name, () => body(url));
  else describe.skip(name, () => body('redis://127.0.0.1:1'));
}

/** A queue prefix nobody else uses: the suites share one Redis. */
export function uniquePrefix(): string {
  return `t-${randomBytes(6).toString('hex')}`;
}

/** A Redis that may be stopped, emptied and started again without disturbing other suites. */
export interface OwnRedis {
  url: string;
  /** Kills it: its memory is lost. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

/** @returns null where no Redis server program is on PATH. */
export async function startOwnRedis(): Promise<OwnRedis | null> {
  const program = findRedisProgram();
  if (!program) return null;
  let server = await startRedisServer(program);
  const { url, port } = server;
  return {
    url,
    stop: () => server.stop(),
    start: async () => {
      server = await startRedisServer(program, port);
    },
  };
}
