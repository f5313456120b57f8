import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { median } from '../../measure.mjs';
import { now, until } from '../clock.mjs';
import { Executions } from '../executions.mjs';

/** Raw BullMQ: one process, one worker of concurrency 100, no history kept, many jobs added by `addBulk`. */
export async function open({ redisUrl }) {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const executions = new Executions();
  const options = { connection, prefix: 'raw' };
  const queue = new Queue('jobs', {
    ...options,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  let completed = 0;
  let started = () => undefined;
  const worker = new Worker(
    'jobs',
    async (job) => {
      started();
      executions.record(job.data.n);
    },
    { ...options, concurrency: 100 },
  );
  worker.on('completed', () => (completed += 1));
  worker.on('error', () => undefined);
  await worker.waitUntilReady();

  const feed = async (count) => {
    const first = executions.take(count);
    await queue.addBulk(Array.from({ length: count }, (_, i) => ({ name: 'job', data: { n: first + i } })));
  };
  return {
    feed,
    done: async () => completed,
    async floor({ samples }) {
      const each = [];
      for (let i = 0; i < samples; i += 1) {
        const before = completed;
        const addedAt = now();
        const startedAt = new Promise((resolve) => (started = () => resolve(now())));
        await queue.add('job', { n: executions.take(1) });
        each.push((await startedAt) - addedAt);
        await until(() => completed > before, { everyMs: 1 });
      }
      started = () => undefined;
      return { ms: each.reduce((sum, ms) => sum + ms, 0), p50: median(each), tasks: samples };
    },
    async noop({ jobs }) {
      await worker.pause();
      for (let left = jobs; left > 0; left -= 1_000) await feed(Math.min(1_000, left));
      const before = completed;
      const isDone = new Promise((resolve) => {
        const count = () => completed === before + jobs && resolve(worker.off('completed', count));
        worker.on('completed', count);
      });
      const startedAt = now();
      worker.resume();
      await isDone;
      const ms = now() - startedAt;
      return { ms, perSecond: (jobs * 1_000) / ms, tasks: jobs };
    },
    check: async () => {
      completed = 0;
      return executions.check();
    },
    close: async () => {
      await worker.close();
      await queue.close();
      connection.disconnect();
    },
  };
}
