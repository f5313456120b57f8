import { Redis } from 'ioredis';
import { median } from '../../measure.mjs';
import { timesOf } from '../times-of.mjs';

/** Redis alone: what any queue on it pays at least for each trip. */
export async function open({ redisUrl }) {
  const redis = new Redis(redisUrl);
  await redis.ping();
  return {
    async floor({ samples }) {
      const sets = await timesOf(samples, () => redis.set('scoreboard', 'x'));
      const pings = await timesOf(samples, () => redis.ping());
      return { ms: sets.sum, p50: median(sets.each), pingP50: median(pings.each), tasks: samples };
    },
    check: async () => ({ tasks: 0, faults: [] }),
    close: async () => redis.disconnect(),
  };
}
