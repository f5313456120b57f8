import { DBOS } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import { now } from '../clock.mjs';
import { Executions } from '../executions.mjs';
import { storedSince } from '../stored-since.mjs';

/**
 * DBOS as its documentation begins: functions registered as workflows, their tasks as steps (`DBOS.runStep`), started with
 * `DBOS.startWorkflow` in this process. That is its fastest way: no queue to poll, a step costs one write. A fan is
 * `Promise.all` over steps that start in a fixed order. Settings are its defaults.
 *
 * One-task jobs are started without a queue as well: its queue looks for work once a second, which would measure the
 * pause. So there is no backlog, and as many jobs are under way as the others execute at once.
 */
export async function open({ postgresUrl }) {
  const executions = new Executions();
  const step = (n) => DBOS.runStep(async () => executions.record(n), { name: 'task' });
  const chain = DBOS.registerWorkflow(
    async (first, length) => {
      for (let i = 0; i < length; i += 1) await step(first + i);
    },
    { name: 'chain' },
  );
  const sink = { lastChildAt: 0, startedAt: 0 };
  const fan = DBOS.registerWorkflow(
    async (first, width) => {
      await step(first);
      const child = async (i) => {
        executions.record(first + 1 + i);
        sink.lastChildAt = now();
      };
      await Promise.all(
        Array.from({ length: width }, (_, i) => DBOS.runStep(() => child(i), { name: 'child' })),
      );
      await DBOS.runStep(
        async () => {
          sink.startedAt = now();
          executions.record(first + 1 + width);
        },
        { name: 'sink' },
      );
    },
    { name: 'fan' },
  );
  DBOS.setConfig({ name: 'scoreboard', systemDatabaseUrl: postgresUrl, logLevel: 'error' });
  await DBOS.launch();
  const database = new pg.Client({ connectionString: postgresUrl });
  await database.connect();
  const stored = await storedSince(database, {
    workflows: `SELECT count(*)::int FROM dbos.workflow_status WHERE status = 'SUCCESS'`,
    'workflows in another state': `SELECT count(*)::int FROM dbos.workflow_status WHERE status <> 'SUCCESS'`,
    steps: 'SELECT count(*)::int FROM dbos.operation_outputs WHERE error IS NULL',
  });
  let [started, done] = [0, 0];
  const start = async (workflow, ...args) => {
    started += 1;
    const handle = await DBOS.startWorkflow(workflow)(...args);
    const end = handle.getResult().then(() => {
      done += 1;
      return now();
    });
    return { end };
  };
  const submit = (length) => start(chain, executions.take(length), length);

  return {
    submit,
    ended: (jobs) => Promise.all(jobs.map(({ end }) => end)),
    feed: (count) => Promise.all(Array.from({ length: count }, () => submit(1))),
    done: async () => done,
    deepest: 100,
    async fan(width) {
      const startedAt = now();
      const { end } = await start(fan, executions.take(width + 2), width);
      const endedAt = await end;
      return {
        ms: endedAt - startedAt,
        sinkMs: sink.startedAt - sink.lastChildAt,
        sinkEndMs: endedAt - sink.lastChildAt,
      };
    },
    async check() {
      const { tasks, faults } = executions.check();
      const expected = { workflows: started, 'workflows in another state': 0, steps: tasks };
      [started, done] = [0, 0];
      return { tasks, faults: [...faults, ...(await stored(expected))] };
    },
    close: async () => {
      await DBOS.shutdown();
      await database.end();
    },
  };
}
