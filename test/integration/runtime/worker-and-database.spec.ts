import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { Executors } from '../../../src/executors/executors.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { WorkerRuntimeModule } from '../../../src/runtime/worker-runtime.module.js';
import { SchedulerModule } from '../../../src/scheduler/scheduler.module.js';
import { eventually } from '../../support/eventually.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { type CompiledExecutors, compileExecutors } from '../executors/compiled-executors.js';
import { type CuttableProxy, cuttableProxy } from '../queue/cuttable-proxy.js';

/** Enough for a machine that is busy with other tests; each test lasts for two of them. */
const LEASE_SECONDS = 5;
const PATIENCE = { timeoutMs: 30_000 };

let compiled: CompiledExecutors;
let folder: string;
let worker: ApiApplication;
/** Between the worker and the database. */
let cable: CuttableProxy;
/** Looks at the database past the cable. */
let admin: pg.Client;
let gates = 0;

beforeAll(async () => {
  compiled = await compileExecutors();
  folder = await mkdtemp(join(tmpdir(), 'dts-worker-database-'));
  const executors = new Executors({
    workDirectory: join(folder, 'work'),
    killGraceSeconds: 1,
    allowPrivate: true,
    environment: process.env,
    hostEntry: compiled.hostEntry,
  });
  worker = await startApi(
    [DagsModule, JobsModule, SchedulerModule, WorkerRuntimeModule],
    {
      ROLE: 'worker',
      LEASE_SECONDS: String(LEASE_SECONDS),
      HEARTBEAT_SECONDS: '1',
      DATABASE_POOL_SIZE: '8',
      KILL_GRACE_SECONDS: '1',
    },
    (builder) => builder.overrideProvider(Executors).useValue(executors),
    async (url) => {
      cable = await cuttableProxy(url);
      return cable.url;
    },
  );
  admin = new pg.Client({ connectionString: worker.database.url });
  await admin.connect();
});

afterEach(async () => {
  await cable.mend();
});

afterAll(async () => {
  await admin.end();
  await worker.close();
  await cable.close();
  await compiled.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Starts a task that runs until it is let go, and waits until it runs. */
async function startHeld(): Promise<{ runId: string; letGo: () => Promise<void> }> {
  const gate = join(folder, `gate-${++gates}`);
  const command = `until test -e '${gate}'; do sleep 0.05; done`;
  const dag = await request(worker.app.getHttpServer())
    .post('/dags')
    .send({ name: `held-${gates}`, tasks: [{ name: 'held', task_type: 'shell', config: { command } }] })
    .expect(201);
  const job = await request(worker.app.getHttpServer())
    .post('/jobs')
    .send({ dag_id: dag.body.id })
    .expect(201);
  const runId = job.body.run_id as string;
  await eventually(async () => expect(await taskOf(runId)).toMatchObject({ status: 'running' }), PATIENCE);
  return { runId, letGo: async () => await writeFile(gate, '') };
}

async function taskOf(runId: string): Promise<Record<string, unknown>> {
  const { rows } = await admin.query<Record<string, unknown>>(
    'SELECT status, error, attempt, charged, lost_workers, worker_id FROM tasks WHERE run_id = $1',
    [runId],
  );
  return rows[0];
}

async function outcomesOf(runId: string): Promise<string[]> {
  const { rows } = await admin.query<{ outcome: string }>(
    'SELECT outcome FROM attempts WHERE run_id = $1 ORDER BY attempt',
    [runId],
  );
  return rows.map(({ outcome }) => outcome);
}

/** Of a task that runs through all of this: the attempt that was begun is the one that succeeds. */
async function expectToKeepBoth(ordeal: () => Promise<void>): Promise<void> {
  const { runId, letGo } = await startHeld();
  const before = await taskOf(runId);
  await ordeal();
  await letGo();
  await eventually(async () => expect(await taskOf(runId)).toMatchObject({ status: 'succeeded' }), PATIENCE);
  expect(await taskOf(runId)).toEqual({ ...before, status: 'succeeded' });
}

describe('A worker', () => {
  it('keeps its lease and its attempt when its connections fall silent, as new ones work', async () => {
    await expectToKeepBoth(async () => {
      cable.freezeExisting();
      await sleep(2 * LEASE_SECONDS * 1_000);
    });
  });

  it('keeps both while the database answers later than a heartbeat', async () => {
    await expectToKeepBoth(async () => {
      cable.slow(1_300);
      await sleep(2 * LEASE_SECONDS * 1_000);
    });
  });

  it('keeps both though every session of the database is ended each second', async () => {
    await expectToKeepBoth(async () => {
      for (let second = 1; second <= 2 * LEASE_SECONDS; second += 1) {
        await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                           WHERE datname = current_database() AND pid <> pg_backend_pid()`);
        await sleep(1_000);
      }
    });
  });

  describe('that is cut off from the database for longer than its lease', () => {
    it('stops its attempts and hands them back when it is over: nobody is counted lost', async () => {
      const { runId, letGo } = await startHeld();
      const first = await taskOf(runId);
      await cable.cut();
      await sleep((LEASE_SECONDS + 1) * 1_000);
      await cable.mend();
      await eventually(
        async () => expect(await taskOf(runId)).toMatchObject({ status: 'running', attempt: 2 }),
        PATIENCE,
      );
      await letGo();
      await eventually(
        async () => expect(await taskOf(runId)).toMatchObject({ status: 'succeeded' }),
        PATIENCE,
      );
      expect(await taskOf(runId)).toMatchObject({ attempt: 2, charged: 0, lost_workers: 0 });
      expect(await outcomesOf(runId)).toEqual(['drained', 'succeeded']);
      const second = await taskOf(runId);
      expect(second.worker_id).not.toBe(first.worker_id);
      // Its old identity is the reaper's all the same.
      await eventually(async () => {
        const { rows } = await admin.query('SELECT status FROM workers WHERE id = $1', [first.worker_id]);
        expect(rows).toEqual([{ status: 'lost' }]);
      }, PATIENCE);
    });
  });
});
