import { Redis } from 'ioredis';
import { formatAttemptId } from '../../../src/domain/attempt-id.js';
import { PRIORITIES, type Priority } from '../../../src/domain/priority.js';
import { attemptsOf } from '../../../src/queue/bundles.js';
import { bundleQueueName, queueName } from '../../../src/queue/queue-names.js';
import { eventually } from '../../support/eventually.js';
import { QUEUE_PREFIX } from '../arena.js';
import type { ArenaPostgres, ArenaRedis } from '../servers.js';

/** Redis' key of one thing of a queue, as BullMQ names it. */
const key = (priority: string, what: string, nameOf: NameOf = queueName) =>
  `bull:${nameOf(QUEUE_PREFIX, priority as never)}:${what}`;

/** The name of a class's queue of single messages, or of bundles. */
type NameOf = (prefix: string, priority: Priority) => string;

const UP_WITHIN_MS = 60_000;

/** As `withRedis`, but patient with a server that another fault has taken away at this moment. */
export async function surelyWithRedis<T>(redis: ArenaRedis, work: (client: Redis) => Promise<T>): Promise<T> {
  await eventually(async () => await withRedis(redis, async (client) => await client.ping()), {
    timeoutMs: UP_WITHIN_MS,
    everyMs: 50,
  });
  return await withRedis(redis, work);
}

/** One connection past the proxy, for one errand. */
export async function withRedis<T>(redis: ArenaRedis, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis.url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: null });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/**
 * Messages of attempts the queues do not hold any more, or hold already: of what is queued, runs or ended. They are added
 * as BullMQ would, past it, into a class drawn by the attempt, so that one attempt may stand in two.
 */
export async function addDuplicates(
  redis: ArenaRedis,
  postgres: ArenaPostgres,
  count: number,
): Promise<number> {
  const tasks = await postgres.surely<{ run_id: string; idx: number; attempt: number }>(
    `SELECT run_id, idx, attempt FROM tasks WHERE attempt > 0
     ORDER BY (status IN ('queued', 'running')) DESC, finished_at DESC NULLS LAST LIMIT $1`,
    [count],
  );
  await surelyWithRedis(redis, async (client) => {
    for (const [index, { run_id: runId, idx, attempt }] of tasks.entries()) {
      const id = formatAttemptId({ runId, idx, attempt });
      await addMessage(client, PRIORITIES[index % PRIORITIES.length], id, 'attempt');
    }
  });
  return tasks.length;
}

/** Messages nobody of ours wrote: other names, ids that are none, ids of jobs that do not exist, bundles of nothing. */
export async function addAliens(redis: ArenaRedis, count: number): Promise<void> {
  await surelyWithRedis(redis, async (client) => {
    for (let index = 0; index < count; index++) {
      const priority = PRIORITIES[index % PRIORITIES.length];
      const id = [
        `alien-${Date.now()}-${index}`,
        formatAttemptId({ runId: '00000000-0000-7000-8000-000000000000', idx: index, attempt: 1 }),
        `not an id ${'x'.repeat(300)} ${index}`,
      ][index % 3];
      await addMessage(client, priority, id, index % 2 === 0 ? 'attempt' : 'alien');
      await addMessage(client, priority, id, 'bundle', ALIEN_BUNDLES[index % 3], bundleQueueName);
    }
  });
}

/** Turns every queue round. */
export async function reverseQueues(redis: ArenaRedis): Promise<void> {
  const script = `local ids = redis.call('LRANGE', KEYS[1], 0, -1)
    redis.call('DEL', KEYS[1])
    for _, id in ipairs(ids) do redis.call('LPUSH', KEYS[1], id) end`;
  await surelyWithRedis(redis, async (client) => {
    for (const priority of PRIORITIES)
      for (const nameOf of [queueName, bundleQueueName])
        await client.eval(script, 1, key(priority, 'wait', nameOf));
  });
}

/** Of these attempts, those that have no message. */
export async function withoutMessage<T extends { id: string; priority: string }>(
  redis: ArenaRedis,
  attempts: readonly T[],
): Promise<T[]> {
  if (attempts.length === 0) return [];
  return await withRedis(redis, async (client) => {
    const pipeline = client.pipeline();
    for (const { id, priority } of attempts) pipeline.exists(key(priority, id));
    const answers = (await pipeline.exec()) ?? [];
    const lonely = attempts.filter((_, index) => answers[index]?.[1] === 0);
    const bundled = lonely.length > 0 ? await inBundles(client) : new Set<string>();
    return lonely.filter(({ id }) => !bundled.has(id));
  });
}

/** The attempts that bundles stand for, waiting or in hand. */
async function inBundles(client: Redis): Promise<Set<string>> {
  const attemptIds = new Set<string>();
  for (const priority of PRIORITIES)
    for (const list of ['wait', 'active'])
      for (const id of await client.lrange(key(priority, list, bundleQueueName), 0, -1)) {
        const data = await client.hget(key(priority, id, bundleQueueName), 'data');
        for (const attemptId of attemptsOf(JSON.parse(data ?? 'null')) ?? []) attemptIds.add(attemptId);
      }
  return attemptIds;
}

/** What the data of a bundle may be that is none. */
const ALIEN_BUNDLES = ['{}', '{"attempts":"all"}', '{"attempts":["no id","../../etc"]}'];

async function addMessage(
  client: Redis,
  priority: string,
  id: string,
  name: string,
  data = '{}',
  nameOf: NameOf = queueName,
): Promise<void> {
  await client
    .multi()
    .hset(key(priority, id, nameOf), {
      name,
      data,
      opts: '{"attempts":0}',
      timestamp: String(Date.now()),
      delay: '0',
      priority: '0',
    })
    .lpush(key(priority, 'wait', nameOf), id)
    .exec();
}
