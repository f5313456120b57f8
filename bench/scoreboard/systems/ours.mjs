import pg from 'pg';
import { Pool } from 'undici';
import { call, startApplication } from '../../application.mjs';
import { now, until } from '../clock.mjs';

/** Most jobs that one request may start. */
const MOST_AT_ONCE = 500;

const noop = (name, dependencies = []) => ({ name, task_type: 'noop', config: {}, dependencies });

/** The DAGs that the workloads need, by name. */
const DAGS = {
  chain: (length) => Array.from({ length }, (_, i) => noop(`t${i}`, i === 0 ? [] : [`t${i - 1}`])),
  fan: (width) => {
    const children = Array.from({ length: width }, (_, i) => noop(`c${i}`, ['root']));
    return [
      noop('root'),
      ...children,
      noop(
        'sink',
        children.map(({ name }) => name),
      ),
    ];
  },
  python: (count) => scripts(count, 'python', { code: 'def run(ctx):\n    pass' }),
  shell: (count) => scripts(count, 'shell', { command: ':' }),
};

function scripts(count, task_type, config) {
  return Array.from({ length: count }, (_, i) => ({ name: `s${i}`, task_type, config }));
}

/**
 * The whole product as it is built: one process of `ROLE=all`, 100 slots, queues in Redis, defaults otherwise. This process
 * is its client: jobs come by `POST /jobs` over kept connections, many at once by `POST /jobs/batch`; their ends are read from the database,
 * where the moment of the end is `finished_at`.
 */
export async function open({ postgresUrl, redisUrl }) {
  const application = await startApplication({
    DATABASE_URL: postgresUrl,
    REDIS_URL: redisUrl,
    QUEUE_BACKEND: 'redis',
    MAX_CONCURRENT_JOBS: '100',
  });
  const http = new Pool(application.url, { connections: 64, pipelining: 1 });
  const database = new pg.Client({ connectionString: postgresUrl });
  await database.connect();
  let looks = 0;
  const query = async (text, values) => {
    looks += 1;
    return (await database.query({ name: text.slice(0, 40), text, values })).rows;
  };

  /** Name → the DAG, or the promise of it: many submissions may want the same one first. */
  const dags = new Map();
  const dagOf = async (shape, size) => {
    const name = `${shape}-${size}`;
    if (!dags.has(name))
      dags.set(name, call(application.url, 'POST', '/dags', { name, tasks: DAGS[shape](size) }));
    return (await dags.get(name)).id;
  };

  /** What was accepted since the last check. */
  const accepted = { runIds: [], tasks: 0 };
  const send = async (path, body) => {
    const answer = await http.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const made = await answer.body.json();
    if (answer.statusCode !== 201)
      throw new Error(`POST ${path}: ${answer.statusCode} ${JSON.stringify(made)}`);
    return made;
  };
  const post = async (dagId, tasks) => {
    const { run_id } = await send('/jobs', { dag_id: dagId });
    accepted.runIds.push(run_id);
    accepted.tasks += tasks;
    return run_id;
  };
  /** As many jobs of one DAG, by requests of up to 500 at the same time. */
  const postMany = async (dagId, count, tasks) => {
    const sizes = Array.from({ length: Math.ceil(count / MOST_AT_ONCE) }, (_, i) =>
      Math.min(MOST_AT_ONCE, count - i * MOST_AT_ONCE),
    );
    const batches = await Promise.all(
      sizes.map((size) =>
        send('/jobs/batch', { jobs: Array.from({ length: size }, () => ({ dag_id: dagId })) }),
      ),
    );
    const runIds = batches.flatMap(({ items }) => items.map(({ run_id }) => run_id));
    accepted.runIds.push(...runIds);
    accepted.tasks += count * tasks;
    return runIds;
  };
  const unfinished = async () =>
    (await query(`SELECT count(*)::int AS n FROM jobs WHERE status IN ('scheduled', 'queued', 'running')`))[0]
      .n;
  const submit = async (length) => post(await dagOf('chain', length), length);
  const ended = async (runIds) => {
    await until(async () => (await unfinished()) === 0, { everyMs: 40 });
    const rows = await query(
      'SELECT run_id, extract(epoch FROM finished_at)::float8 * 1000 AS at FROM jobs WHERE run_id = ANY ($1)',
      [runIds],
    );
    const ends = new Map(rows.map(({ run_id, at }) => [run_id, at]));
    return runIds.map((id) => ends.get(id));
  };
  const one = async (shape, size, tasks) => {
    const dagId = await dagOf(shape, size);
    const startedAt = now();
    const runId = await post(dagId, tasks);
    const [endedAt] = await ended([runId]);
    return { runId, ms: endedAt - startedAt };
  };

  return {
    submit,
    ended,
    submitMany: async (count, length) => postMany(await dagOf('chain', length), count, length),
    feed: async (count) => postMany(await dagOf('chain', 1), count, 1),
    done: async () => accepted.runIds.length - (await unfinished()),
    looks: () => looks,
    async fan(width) {
      const { runId, ms } = await one('fan', width, width + 2);
      // The sink may be claimed by the very transaction in which the last child ends: its start is stored before that commit.
      // So its end is told as well, which no start can be behind.
      const [{ start, end }] = await query(
        `SELECT extract(epoch FROM (max(started_at) FILTER (WHERE name = 'sink')
                                  - max(finished_at) FILTER (WHERE name <> 'sink')))::float8 * 1000 AS start,
                extract(epoch FROM (max(finished_at) FILTER (WHERE name = 'sink')
                                  - max(finished_at) FILTER (WHERE name <> 'sink')))::float8 * 1000 AS end
         FROM tasks WHERE run_id = $1`,
        [runId],
      );
      return { ms, sinkMs: start, sinkEndMs: end };
    },
    async scripts({ language, tasks }) {
      const { runId, ms } = await one(language, tasks, tasks);
      const [{ p50 }] = await query(
        `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at))::float8 * 1000 AS p50
         FROM attempts WHERE run_id = $1`,
        [runId],
      );
      return { ms, p50, tasks };
    },
    async check() {
      const { runIds, tasks } = accepted;
      [accepted.runIds, accepted.tasks] = [[], 0];
      return { tasks, faults: await faultsOf(query, runIds, tasks) };
    },
    close: async () => {
      await http.close();
      await database.end();
      await application.stop();
    },
  };
}

/** Every job and every task succeeded, each task in its first attempt, and one row says so for each. */
async function faultsOf(query, runIds, tasks) {
  const [found] = await query(
    `SELECT (SELECT count(*)::int FROM jobs WHERE run_id = ANY ($1) AND status = 'succeeded') AS jobs,
            (SELECT count(*)::int FROM tasks WHERE run_id = ANY ($1)) AS tasks,
            (SELECT count(*)::int FROM tasks WHERE run_id = ANY ($1) AND status = 'succeeded' AND attempt = 1) AS "tasks in attempt 1",
            (SELECT count(*)::int FROM attempts WHERE run_id = ANY ($1)) AS attempts,
            (SELECT count(*)::int FROM attempts WHERE run_id = ANY ($1) AND outcome = 'succeeded' AND attempt = 1) AS "attempts that succeeded"`,
    [runIds],
  );
  const expected = (name) => (name === 'jobs' ? runIds.length : tasks);
  return Object.entries(found)
    .filter(([name, count]) => count !== expected(name))
    .map(([name, count]) => `${name}: ${expected(name)} expected, ${count} stored`);
}
