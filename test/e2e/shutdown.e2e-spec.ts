import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { launchProcess, type RunningProcess, runToEnd } from '../support/processes.js';
import { Client, PATIENCE, taskOf } from './client.js';
import { describeOnBothBackends, Installation } from './installation.js';
import { brokenRules } from './integrity.js';
import { processesWith, uniqueMark } from './process-marks.js';
import { readRaw, readSocketIo } from './socket-readers.js';

const CLEAN = { code: 0, signal: null };
const GRACE_SECONDS = 4;

/** Only the first attempt takes long: whoever takes over is done at once. */
const LONG_ONCE = 'if [ "$DTS_ATTEMPT" = 1 ]; then setsid sleep 300 & sleep 300; fi';

describeOnBothBackends('a process that is told to stop', (backend) => {
  let installation: Installation;
  let client: Client;
  let api: RunningProcess;
  let scheduler: RunningProcess;
  let worker: RunningProcess;

  beforeAll(async () => {
    installation = await Installation.create(backend, {
      SHUTDOWN_GRACE_SECONDS: String(GRACE_SECONDS),
      KILL_GRACE_SECONDS: '1',
    });
    [api, worker, scheduler] = await Promise.all([
      installation.start('api'),
      installation.start('worker'),
      installation.start('scheduler'),
    ]);
    client = new Client(api.url);
  });

  afterAll(async () => {
    await installation.close();
  });

  // What has nothing to do with the queue need not be waited for twice.
  const itOnce = (name: string, body: () => Promise<void>) => {
    if (backend === 'postgres') it(name, body);
  };

  const workerWith = async (pid: number) => (await client.workers()).find((one) => one.pid === pid);

  it('finishes what is short, hands back what is long, uncharged, and leaves nothing behind', async () => {
    const mark = uniqueMark();
    const gate = join(installation.folder, 'gate');
    const env = { MARK: mark };
    const { run_id: runId } = await client.startJob(
      await client.createDag('short-and-long', [
        {
          name: 'short',
          task_type: 'shell',
          max_retries: 0,
          config: { command: `until test -e '${gate}'; do sleep 0.05; done`, env },
        },
        { name: 'long', task_type: 'shell', max_retries: 0, config: { command: LONG_ONCE, env } },
        { name: 'after', task_type: 'noop', dependencies: ['short', 'long'] },
      ]),
    );
    await eventually(() => expect(processesWith(mark).length).toBeGreaterThanOrEqual(4), PATIENCE);
    const leaving = (await workerWith(worker.pid))!;
    const other = await installation.start('worker');

    worker.signal('SIGTERM');
    await eventually(
      async () => expect(await workerWith(worker.pid)).toMatchObject({ status: 'draining' }),
      PATIENCE,
    );
    writeFileSync(gate, '');

    expect(await worker.exited).toEqual(CLEAN);
    expect(processesWith(mark, 'DTS_ATTEMPT=1')).toEqual([]);
    expect(await workerWith(worker.pid)).toBeUndefined();
    const job = await client.jobWhen(runId, 'succeeded');
    expect(await client.attempts(runId, 'short')).toMatchObject([
      { attempt: 1, status: 'succeeded', worker_id: leaving.id },
    ]);
    expect(await client.attempts(runId, 'long')).toMatchObject([
      { attempt: 1, status: 'drained', worker_id: leaving.id },
      { attempt: 2, status: 'succeeded', worker_id: taskOf(job, 'long').worker_id },
    ]);
    expect(taskOf(job, 'long').worker_id).toBe((await workerWith(other.pid))!.id);
    const charged = await installation.sql('SELECT sum(charged)::int AS charged FROM tasks');
    expect(charged).toEqual([{ charged: 0 }]);
    worker = other;
  });

  itOnce('closes its sockets with 1001 and ends, when it is an API', async () => {
    const leaving = await installation.start('api');
    const { run_id: runId } = await client.startJob(
      await client.createDag('followed', [{ name: 'only', task_type: 'noop' }]),
    );
    const [ofAll, ofOne, socketIo] = await Promise.all([
      readRaw(leaving.url, '/ws/jobs'),
      readRaw(leaving.url, `/ws/job/${runId}`),
      readSocketIo(leaving.url),
    ]);
    await socketIo.subscribe();
    // A keep-alive connection that nobody uses must not hold it up either.
    expect((await new Client(leaving.url).send('GET', '/dags')).status).toBe(200);

    leaving.signal('SIGTERM');
    expect(await Promise.all([ofAll.closed, ofOne.closed])).toEqual([1001, 1001]);
    await socketIo.closed;
    expect(await leaving.exited).toEqual(CLEAN);
  });

  itOnce('stops at once at the second signal, and even then leaves no process of a task', async () => {
    const mark = uniqueMark();
    const impatient = await installation.start('worker', { SHUTDOWN_GRACE_SECONDS: '600' });
    // Both workers are filled, so some of it runs on the one that is to go.
    const tasks = Array.from({ length: 20 }, (_, index) => ({
      name: `t${index}`,
      task_type: 'shell' as const,
      config: { command: 'sleep 300', env: { MARK: mark } },
    }));
    const { run_id: runId } = await client.startJob(await client.createDag('forced', tasks));
    await eventually(
      async () => expect(await workerWith(impatient.pid)).toMatchObject({ running: 10 }),
      PATIENCE,
    );

    impatient.signal('SIGTERM');
    await eventually(
      async () => expect(await workerWith(impatient.pid)).toMatchObject({ status: 'draining' }),
      PATIENCE,
    );
    impatient.signal('SIGINT');
    expect(await impatient.exited).toEqual({ code: 1, signal: null });
    await client.cancel(runId);
    await eventually(() => expect(processesWith(mark)).toEqual([]), PATIENCE);
  });

  itOnce('ends in order with a code of its own when it gets nothing although messages wait', async () => {
    // Whoever is not deaf would take them.
    expect(await worker.stop()).toEqual(CLEAN);
    const dagId = await client.createDag('waits', [{ name: 'only', task_type: 'noop' }]);
    const { run_id: runId } = await client.startJob(dagId);
    const deaf = await launchProcess(installation.environment('worker', { PROGRESS_SECONDS: '1' }), [
      '--import',
      'test/support/deaf-worker.mjs',
      'dist/main.js',
    ]);
    expect(await deaf.exited).toEqual({ code: 75, signal: null });
    expect(deaf.output()).toMatch(/No progress: .* Its connection to the queue is renewed/);
    expect(deaf.output()).toMatch(/No progress: .* Stopping, to be started again \(exit code 75\)/);
    expect(await workerWith(deaf.pid)).toBeUndefined();
    await client.cancel(runId);
  });

  it('ends cleanly in every role, and leaves a state in which everything adds up', async () => {
    const left = backend === 'postgres' ? [scheduler, api] : [scheduler, worker, api];
    for (const one of left) expect(await one.stop()).toEqual(CLEAN);
    expect(await brokenRules(installation)).toEqual([]);
  });
});

describe('processes on a database without the schema', () => {
  let database: TestDatabase;
  let installation: Installation;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    installation = await Installation.create('postgres', {}, { database });
  });

  afterAll(async () => {
    await installation.close();
  });

  const untilItWaits = async (one: RunningProcess) =>
    await eventually(
      () => expect(one.output()).toMatch(/Waiting for the database schema: run `npm run migrate`/),
      PATIENCE,
    );

  it('end cleanly when they are stopped while they wait for it', async () => {
    await Promise.all(
      (['SIGTERM', 'SIGINT'] as const).map(async (signal) => {
        const worker = await launchProcess(installation.environment('worker'));
        await untilItWaits(worker);
        worker.signal(signal);
        expect([signal, await worker.exited]).toEqual([signal, CLEAN]);
      }),
    );
  });

  it('say that they wait, and work once it is migrated, however many migrate at once', async () => {
    const waiting = await Promise.all(
      (['api', 'scheduler', 'worker'] as const).map((role) => launchProcess(installation.environment(role))),
    );
    for (const one of waiting) await untilItWaits(one);

    const migrate = () => runToEnd(['dist/migrate.js'], installation.environment('all'));
    const migrations = await Promise.all([migrate(), migrate(), migrate()]);
    expect(migrations.map(({ code }) => code)).toEqual([0, 0, 0]);
    const applied = migrations.filter(({ output }) => /^ {2}applied /m.test(output));
    const idle = migrations.filter(({ output }) => output.includes('Nothing to do'));
    expect([applied.length, idle.length]).toEqual([1, 2]);

    const client = new Client(waiting[0].url);
    await eventually(async () => expect((await client.send('GET', '/health')).status).toBe(200), PATIENCE);
    const { run_id: runId } = await client.startJob(
      await client.createDag('after-the-migration', [
        { name: 'say', task_type: 'shell', config: { command: 'echo said' } },
      ]),
    );
    const job = await client.jobWhen(runId, 'succeeded');
    expect(taskOf(job, 'say').output).toMatchObject({ stdout: 'said\n' });
  });
});
