import { FlowProducer, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { now } from '../clock.mjs';
import { Executions } from '../executions.mjs';

/**
 * BullMQ's own way to put jobs in order: FlowProducer, where a parent waits for its children. One process, one worker of
 * concurrency 100, no history kept, Redis without persistence: nothing of it is durable.
 *
 * A chain is a flow of one child each. A flow is a tree with its root last, so the fan's first task adds the flow of all
 * that come after it, as its documentation has it for work that is known at run time.
 */
export async function open({ redisUrl }) {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const executions = new Executions();
  const base = { connection, prefix: 'flow' };
  const producer = new FlowProducer(base);
  const opts = { removeOnComplete: true, removeOnFail: true };
  const node = (name, n, children, extra = {}) => ({
    name,
    queueName: 'tasks',
    data: { n, ...extra },
    opts,
    ...(children ? { children } : {}),
  });
  /** Number of a job's last task → what to call with the moment of its end. */
  const endings = new Map();
  const sink = { lastChildAt: 0, startedAt: 0 };
  const worker = new Worker(
    'tasks',
    async ({ name, data: { n, width } }) => {
      executions.record(n);
      if (name === 'sink') sink.startedAt = now();
      if (name === 'spread') {
        const children = Array.from({ length: width }, (_, i) => node('child', n + 1 + i));
        await producer.add(node('sink', n + 1 + width, children));
      }
      if (name === 'child') sink.lastChildAt = now();
    },
    { ...base, concurrency: 100 },
  );
  worker.on('completed', ({ data }) => {
    endings.get(data.n)?.(now());
    endings.delete(data.n);
  });
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
  const endOf = (n) => new Promise((resolve) => endings.set(n, resolve));

  const chain = (length) => {
    const first = executions.take(length);
    const end = endOf(first + length - 1);
    let flow = node('task', first);
    for (let i = 1; i < length; i += 1) flow = node('task', first + i, [flow]);
    return { flow, end };
  };

  return {
    async submit(length) {
      const { flow, end } = chain(length);
      await producer.add(flow);
      return { end };
    },
    async submitMany(count, length) {
      const chains = Array.from({ length: count }, () => chain(length));
      await producer.addBulk(chains.map(({ flow }) => flow));
      return chains.map(({ end }) => ({ end }));
    },
    ended: (jobs) => Promise.all(jobs.map(({ end }) => end)),
    async fan(width) {
      const first = executions.take(width + 2);
      const end = endOf(first + width + 1);
      const startedAt = now();
      await producer.add(node('spread', first, null, { width }));
      const endedAt = await end;
      return {
        ms: endedAt - startedAt,
        sinkMs: sink.startedAt - sink.lastChildAt,
        sinkEndMs: endedAt - sink.lastChildAt,
      };
    },
    check: async () => executions.check(),
    close: async () => {
      await worker.close();
      await producer.close();
      connection.disconnect();
    },
  };
}
