/*
 * What Redis holds for attempts that wait: bytes of ATTEMPTS (default 100,000) in messages of their own, and in bundles of
 * eight, as the product enqueues them.
 *
 *   npm run build && node bench/backlog-memory.mjs     (ATTEMPTS=100000)
 */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { formatAttemptId } from '../dist/domain/attempt-id.js';
import { PRIORITIES } from '../dist/domain/priority.js';
import { BullmqTaskQueue } from '../dist/queue/bullmq-task-queue.js';
import { BackedQueue } from '../dist/queue/queue-backend.js';
import { bundleQueueName, queueName } from '../dist/queue/queue-names.js';
import { RedisBackend } from '../dist/queue/redis-backend.js';
import { findRedisProgram, startRedisServer } from '../test/support/redis-server.mjs';
import { table } from './measure.mjs';

const ATTEMPTS = Number(process.env.ATTEMPTS ?? 100_000);
/** What is enqueued in one call, as a DAG that fans out does. */
const AT_ONCE = 1_000;

const runId = randomUUID();
const messages = Array.from({ length: ATTEMPTS }, (_, idx) => ({
  attemptId: formatAttemptId({ runId, idx, attempt: 1 }),
  priority: 'normal',
}));

/** @returns bytes of one attempt */
async function measure(program, verb) {
  const server = await startRedisServer(program);
  const backend = new RedisBackend(server.url, console);
  const make = (name) => new BackedQueue(name, backend.queueOptions());
  const queues = Object.fromEntries(PRIORITIES.map((one) => [one, make(queueName('bench', one))]));
  const bundles = Object.fromEntries(PRIORITIES.map((one) => [one, make(bundleQueueName('bench', one))]));
  const queue = new BullmqTaskQueue(queues, bundles, backend);
  const redis = new Redis(server.url);
  /** Without the streams of events, which are cut at a fixed length, whatever waits. */
  const used = async () => {
    for (const one of [queues.normal, bundles.normal]) await one.trimEvents(0);
    return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))[1]);
  };
  try {
    // The scripts and the queue's own keys.
    await queue[verb](messages.slice(0, AT_ONCE));
    const before = await used();
    for (let from = AT_ONCE; from < ATTEMPTS; from += AT_ONCE)
      await queue[verb](messages.slice(from, from + AT_ONCE));
    return ((await used()) - before) / (ATTEMPTS - AT_ONCE);
  } finally {
    redis.disconnect();
    await backend.close();
    await server.stop();
  }
}

const program = findRedisProgram();
if (!program) throw new Error('No redis-server or valkey-server on PATH');
const rows = [];
for (const [how, verb] of [
  ['a message each', 'enqueue'],
  ['in bundles of eight', 'enqueueInBundles'],
])
  rows.push([how, (await measure(program, verb)).toFixed(0)]);
console.log(table([`${ATTEMPTS} waiting attempts`, 'bytes of each'], rows));
