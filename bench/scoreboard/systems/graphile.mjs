import pg from 'pg';
import { now, until } from '../clock.mjs';
import { Executions } from '../executions.mjs';

/** What its documentation publishes its throughput and its latency with, batching included. */
const WORKER = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

/**
 * graphile-worker is a queue: a chain is a job that adds the next one (`helpers.addJob`) before it ends. Many jobs are added
 * with `addJobs`, as its documentation has it for bulk. It keeps no history: a job has ended when its row is gone from the
 * database. `job:complete` comes a little before that when completions are batched, so the last end of several is looked
 * for in the database; jobs per second count events, which over seconds is the same.
 */
export async function open({ postgresUrl }) {
  // As its own performance test: no line in the log for every job. It is read when the package is loaded.
  process.env.NO_LOG_SUCCESS = '1';
  const { Logger, makeWorkerUtils, run } = await import('graphile-worker');
  const executions = new Executions();
  const utils = await makeWorkerUtils({ connectionString: postgresUrl });
  await utils.migrate();
  /** Number of a job's last task → what to call with the moment of its end. */
  const endings = new Map();
  let done = 0;
  const runner = await run({
    preset: { worker: { ...WORKER, connectionString: postgresUrl } },
    noHandleSignals: true,
    taskList: {
      task: async ({ n, left }, helpers) => {
        executions.record(n);
        if (left > 0) await helpers.addJob('task', { n: n + 1, left: left - 1 });
      },
    },
    logger: new Logger(() => (level, text) => level === 'error' && console.error(text)),
  });
  runner.events.on('job:complete', ({ job, error }) => {
    if (error || job.payload.left > 0) return;
    done += 1;
    endings.get(job.payload.n)?.(now());
    endings.delete(job.payload.n);
  });
  const database = new pg.Client({ connectionString: postgresUrl });
  await database.connect();
  const LEFT = 'SELECT count(*)::int AS n FROM graphile_worker._private_jobs';
  let looks = 0;
  const isEmpty = async () => {
    looks += 1;
    return (await database.query(LEFT)).rows[0].n === 0;
  };

  return {
    async submit(length) {
      const n = executions.take(length);
      const end = new Promise((resolve) => endings.set(n + length - 1, resolve));
      await utils.addJob('task', { n, left: length - 1 });
      return { end };
    },
    async ended(jobs) {
      const ends = await Promise.all(jobs.map(({ end }) => end));
      await until(isEmpty, { everyMs: 1 });
      ends[ends.indexOf(Math.max(...ends))] = now();
      return ends;
    },
    feed: async (count) => {
      const first = executions.take(count);
      await utils.addJobs(
        Array.from({ length: count }, (_, i) => ({ identifier: 'task', payload: { n: first + i, left: 0 } })),
      );
    },
    done: async () => done,
    looks: () => looks,
    async check() {
      done = 0;
      await until(isEmpty, { what: 'The end of the last job' });
      return executions.check();
    },
    close: async () => {
      await runner.stop();
      await utils.release();
      await database.end();
    },
  };
}
