import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from '../support/eventually.js';
import { runToEnd, type RunningProcess } from '../support/processes.js';
import { type OwnRedis, startOwnRedis } from '../support/redis.js';
import { Client, PATIENCE, type TaskOfDag, taskOf } from './client.js';
import { describeOnBothBackends, describeWithOwnRedis, Installation } from './installation.js';
import { brokenRules } from './integrity.js';
import { type OwnPostgres, startOwnPostgres } from './own-postgres.js';

/** Of tasks that had their message lost: two sweeps, and what a loaded machine adds. */
const SWEPT_WITHIN_MS = 20_000;

/** Of the processes of an installation. */
const SESSIONS = `FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'the test'`;

const shell = (name: string, command: string, dependencies: string[] = []): TaskOfDag => ({
  name,
  task_type: 'shell',
  max_retries: 0,
  dependencies,
  config: { command },
});

const untilFile = (file: string) => `until test -e '${file}'; do sleep 0.05; done`;

/** One process of each role; they answer for themselves whether they are still the ones that were started. */
async function startRoles(installation: Installation): Promise<{ client: Client; all: RunningProcess[] }> {
  const all = await Promise.all([
    installation.start('api'),
    installation.start('worker'),
    installation.start('scheduler'),
  ]);
  return { client: new Client(all[0].url), all };
}

async function succeededTasks(client: Client, runId: string): Promise<number> {
  return (await client.job(runId)).task_counts.succeeded;
}

/** Ids of the processes that ended, of those that should not. */
function gone(processes: RunningProcess[]): number[] {
  return processes.map(({ pid }) => pid).filter((pid) => !isAlive(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describeOnBothBackends('an installation whose servers fail', (backend) => {
  let postgres: OwnPostgres;
  /** null: not on Redis, or on one that is not ours to stop. */
  let redis: OwnRedis | null;
  let installation: Installation;
  let client: Client;
  let all: RunningProcess[];

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startOwnPostgres(), backend === 'redis' ? startOwnRedis() : null]);
    const url = await postgres.createDatabase('failing');
    const migration = await runToEnd(['dist/migrate.js'], { DATABASE_URL: url, QUEUE_BACKEND: backend });
    expect(migration).toMatchObject({ code: 0 });
    const database = { url, drop: async () => await postgres.close() };
    const place = { database, ...(redis === null ? {} : { redisUrl: redis.url }) };
    installation = await Installation.create(backend, { MAX_CONCURRENT_JOBS: '4' }, place);
    ({ client, all } = await startRoles(installation));
  });

  afterAll(async () => {
    await installation.close();
    await redis?.stop();
  });

  if (backend === 'redis')
    describeWithOwnRedis('its Redis', () => {
      it('ends a job of 200 tasks although every key is lost in the middle of it', async () => {
        const tasks = Array.from({ length: 200 }, (_, index) => shell(`t${index}`, 'sleep 0.05'));
        const { run_id: runId } = await client.startJob(await client.createDag('flushed', tasks));
        await eventually(
          async () => expect(await succeededTasks(client, runId)).toBeGreaterThan(20),
          PATIENCE,
        );

        const connection = new Redis(redis!.url);
        const [[, keys]] = (await connection.multi().dbsize().flushall().exec())!;
        const before = await succeededTasks(client, runId);
        connection.disconnect();
        // A key for each message, and a few more.
        expect(keys).toBeGreaterThan(20);
        expect(before).toBeLessThan(200);

        // What was fetched before ends, then nothing is left to fetch until the sweep has sent the messages again.
        await eventually(
          async () => expect(await succeededTasks(client, runId)).toBeGreaterThan(before + 2 * 4),
          { timeoutMs: SWEPT_WITHIN_MS, everyMs: 50 },
        );
        const job = await client.jobWhen(runId, 'succeeded');
        expect(job.task_counts.succeeded).toBe(200);
        expect(new Set(job.tasks.map(({ attempt }) => attempt))).toEqual(new Set([1]));
      });

      it('accepts jobs while Redis is stopped, says so in its health, and runs them when it is back', async () => {
        const dagId = await client.createDag('accepted', [
          { name: 'one', task_type: 'noop' },
          { name: 'two', task_type: 'noop', dependencies: ['one'] },
        ]);
        await redis!.stop();

        const accepted = [
          await client.startJob(dagId),
          await client.startJob(dagId, { priority: 'critical' }),
        ];
        expect(await client.job(accepted[0].run_id)).toMatchObject({ status: 'queued' });
        expect(await client.jobsOf(dagId)).toHaveLength(2);
        expect(await client.send('GET', '/health')).toMatchObject({
          status: 503,
          body: { status: 'failed', checks: { queue: { status: 'failed' }, database: { status: 'ok' } } },
        });
        expect((await client.send('GET', '/health/ready')).status).toBe(200);
        expect((await client.send('GET', '/health/live')).status).toBe(200);
        const stats = await client.send('GET', '/jobs/queue/stats');
        expect(stats).toMatchObject({ status: 503, body: { code: 'queue_unavailable' } });
        expect(Number(stats.headers.get('retry-after'))).toBeGreaterThan(0);

        await redis!.start();
        for (const { run_id: runId } of accepted) await client.jobWhen(runId, 'succeeded');
        await eventually(
          async () => expect((await client.send('GET', '/health')).status).toBe(200),
          PATIENCE,
        );
        expect(gone(all)).toEqual([]);
      });
    });

  it('accepts one result of each task, however often all its sessions are cut', async () => {
    const layers = Array.from({ length: 10 }, (_, layer) =>
      Array.from({ length: 8 }, (_, index) =>
        shell(
          `l${layer}t${index}`,
          'sleep 0.1',
          layer === 0 ? [] : Array.from({ length: 8 }, (_, upstream) => `l${layer - 1}t${upstream}`),
        ),
      ),
    );
    const { run_id: runId } = await client.startJob(await client.createDag('cut', layers.flat()));

    for (const progress of [4, 16, 28, 40, 52, 64]) {
      await eventually(
        async () => expect(await succeededTasks(client, runId)).toBeGreaterThanOrEqual(progress),
        PATIENCE,
      );
      // After the last cut a process connects again when it has something to say.
      await eventually(async () => {
        const sessions = await installation.sql(`SELECT ${SESSIONS}`);
        expect(sessions.length).toBeGreaterThan(all.length);
      }, PATIENCE);
      await installation.sql(`SELECT pg_terminate_backend(pid) ${SESSIONS}`);
    }

    const job = await client.jobWhen(runId, 'succeeded', 75_000);
    expect(job.task_counts.succeeded).toBe(80);
    expect(gone(all)).toEqual([]);
    expect(await brokenRules(installation)).toEqual([]);
  }, 180_000);

  it('answers 503 while the server is down, loses no process, and ends everything afterwards', async () => {
    const gate = join(installation.folder, 'gate');
    const many = Array.from({ length: 12 }, (_, index) => shell(`t${index}`, 'sleep 0.2'));
    const dagId = await client.createDag('down', [
      shell('held', untilFile(gate)),
      { name: 'after', task_type: 'noop', dependencies: ['held'] },
      ...many,
    ]);
    const { run_id: runId } = await client.startJob(dagId);
    await eventually(
      async () => expect(taskOf(await client.job(runId), 'held').status).toBe('running'),
      PATIENCE,
    );

    await postgres.stop();
    for (const [method, path, body] of [
      ['GET', `/jobs/${runId}`],
      ['GET', '/dags'],
      ['POST', '/jobs', { dag_id: dagId }],
      ['POST', `/jobs/${runId}/cancel`],
    ] as const) {
      const answer = await client.send(method, path, body);
      expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable', status: 503 } });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    }
    for (const { url } of all) {
      const one = new Client(url);
      expect(await one.send('GET', '/health')).toMatchObject({
        status: 503,
        body: { checks: { database: { status: 'failed' } } },
      });
      expect((await one.send('GET', '/health/ready')).status).toBe(503);
      expect((await one.send('GET', '/health/live')).status).toBe(200);
    }
    // Its result has to wait for the database.
    writeFileSync(gate, '');

    await postgres.start();
    const job = await client.jobWhen(runId, 'succeeded', 75_000);
    expect(job.task_counts.succeeded).toBe(many.length + 2);
    for (const { url } of all)
      await eventually(
        async () => expect((await new Client(url).send('GET', '/health')).status).toBe(200),
        PATIENCE,
      );
    expect(gone(all)).toEqual([]);
    const next = await client.startJob(dagId);
    await client.jobWhen(next.run_id, 'succeeded');
    expect(await brokenRules(installation)).toEqual([]);
  }, 180_000);
});
