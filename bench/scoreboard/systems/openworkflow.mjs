import { setTimeout as sleep } from 'node:timers/promises';
import { OpenWorkflow } from 'openworkflow';
import { BackendPostgres } from 'openworkflow/postgres';
import pg from 'pg';
import { until } from '../clock.mjs';
import { Executions } from '../executions.mjs';
import { storedSince } from '../stored-since.mjs';

/** Its worker asks ever more seldom while there is nothing to do, down to once a second; after this it has got there. */
const SETTLED_AFTER_MS = 1_500;

/**
 * openworkflow as its documentation and its own benchmark have it: `defineWorkflow` with `step.run` for each task, one
 * worker of concurrency 100 on the PostgreSQL backend, defaults otherwise. Its handle asks for the result once a second, so
 * the end of a run is read from the `finished_at` that its database says.
 *
 * The worker stands still while other systems are measured: idle it sends a query a second for each of its 100 slots.
 */
export async function open({ postgresUrl }) {
  const executions = new Executions();
  const backend = await BackendPostgres.connect(postgresUrl);
  const client = new OpenWorkflow({ backend });
  const chain = client.defineWorkflow({ name: 'chain' }, async ({ input: { first, length }, step }) => {
    for (let i = 0; i < length; i += 1)
      await step.run({ name: `task-${i}` }, () => {
        executions.record(first + i);
      });
  });
  const worker = client.newWorker({ concurrency: 100 });
  const database = new pg.Client({ connectionString: postgresUrl });
  await database.connect();
  const runs = 'openworkflow.workflow_runs';
  const stored = await storedSince(database, {
    runs: `SELECT count(*)::int FROM ${runs} WHERE status = 'completed'`,
    'runs in another state': `SELECT count(*)::int FROM ${runs} WHERE status <> 'completed'`,
    steps: `SELECT count(*)::int FROM openworkflow.step_attempts WHERE status = 'completed'`,
    'steps in another state': `SELECT count(*)::int FROM openworkflow.step_attempts WHERE status <> 'completed'`,
  });
  let [accepted, looks] = [0, 0];
  const unfinished = async () => {
    looks += 1;
    const text = `SELECT count(*)::int AS n FROM ${runs} WHERE status IN ('pending', 'running')`;
    return (await database.query({ name: 'unfinished', text })).rows[0].n;
  };
  const submit = async (length) => {
    const handle = await chain.run({ first: executions.take(length), length });
    accepted += 1;
    return handle.workflowRun.id;
  };

  return {
    submit,
    async ended(ids) {
      await until(async () => (await unfinished()) === 0, { everyMs: 40 });
      const text = `SELECT id, extract(epoch FROM finished_at)::float8 * 1000 AS at FROM ${runs} WHERE id = ANY ($1)`;
      const { rows } = await database.query(text, [ids]);
      const ends = new Map(rows.map(({ id, at }) => [id, at]));
      return ids.map((id) => ends.get(id));
    },
    feed: (count) => Promise.all(Array.from({ length: count }, () => submit(1))),
    done: async () => accepted - (await unfinished()),
    looks: () => looks,
    begin: async () => {
      await worker.start();
      await sleep(SETTLED_AFTER_MS);
    },
    end: () => worker.stop(),
    async check() {
      const { tasks, faults } = executions.check();
      const expected = {
        runs: accepted,
        'runs in another state': 0,
        steps: tasks,
        'steps in another state': 0,
      };
      accepted = 0;
      return { tasks, faults: [...faults, ...(await stored(expected))] };
    },
    close: async () => {
      await worker.stop();
      await backend.stop();
      await database.end();
    },
  };
}
