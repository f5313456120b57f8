import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { DlqModule } from '../../../src/dlq/dlq.module.js';
import { Executors } from '../../../src/executors/executors.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { WorkerRuntimeModule } from '../../../src/runtime/worker-runtime.module.js';
import { SchedulerModule } from '../../../src/scheduler/scheduler.module.js';
import { eventually } from '../../support/eventually.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { type CompiledExecutors, compileExecutors } from '../executors/compiled-executors.js';

const PATIENCE = { timeoutMs: 60_000 };

let compiled: CompiledExecutors;
let workDirectory: string;
let all: ApiApplication;

beforeAll(async () => {
  compiled = await compileExecutors();
  workDirectory = await mkdtemp(join(tmpdir(), 'dts-smallest-pool-'));
  const executors = new Executors({
    workDirectory,
    killGraceSeconds: 1,
    allowPrivate: true,
    environment: process.env,
    hostEntry: compiled.hostEntry,
  });
  // One connection for the engine and one for the API: a transaction that took a second one would wait for itself.
  all = await startApi(
    [DagsModule, JobsModule, DlqModule, SchedulerModule, WorkerRuntimeModule],
    { ROLE: 'all', DATABASE_POOL_SIZE: '2' },
    (builder) => builder.overrideProvider(Executors).useValue(executors),
  );
});

afterAll(async () => {
  await all.close();
  await compiled.remove();
  await rm(workDirectory, { recursive: true, force: true });
});

const http = () => request(all.app.getHttpServer());

async function start(name: string, tasks: object[]): Promise<string> {
  const dag = await http().post('/dags').send({ name, tasks }).expect(201);
  const job = await http().post('/jobs').send({ dag_id: dag.body.id }).expect(201);
  return job.body.run_id as string;
}

async function whenIts(runId: string, status: string): Promise<Record<string, Record<string, number>>> {
  return await eventually(async () => {
    const { body } = await http().get(`/jobs/${runId}`).expect(200);
    expect(body).toMatchObject({ status });
    return body;
  }, PATIENCE);
}

test('two connections are enough for retries, a replay and a cancellation at once', async () => {
  const fails = (name: string, retries: number) => ({
    name,
    task_type: 'shell',
    config: { command: `test "$DTS_ATTEMPT" -gt ${retries + 1}` },
    max_retries: retries,
    retry_base_delay: 0.1,
    retry_max_delay: 0.1,
  });
  const many = Array.from({ length: 48 }, (_, index) => ({ name: `t${index}`, task_type: 'noop' }));
  const below = {
    name: 'below',
    task_type: 'noop',
    dependencies: ['fails', ...many.map(({ name }) => name)],
  };
  const [runId, held] = await Promise.all([
    start('fifty', [...many, fails('fails', 1), below]),
    start('held', [{ name: 'sleep', task_type: 'shell', config: { command: 'sleep 300' } }]),
  ]);

  const failed = await whenIts(runId, 'failed');
  expect(failed.task_counts).toMatchObject({ succeeded: 48, failed: 1, upstream_failed: 1 });
  const { body: entries } = await http().get('/workers/dlq/entries').expect(200);
  expect(entries.items).toEqual([expect.objectContaining({ run_id: runId, attempts: 2 })]);
  const [replay, cancel] = await Promise.all([
    http().post(`/workers/dlq/${entries.items[0].id}/replay`),
    http().post(`/jobs/${held}/cancel`),
  ]);
  expect([replay.status, cancel.status]).toEqual([200, 200]);
  const succeeded = await whenIts(runId, 'succeeded');
  expect(succeeded.task_counts).toMatchObject({ succeeded: 50 });
  await whenIts(held, 'cancelled');
}, 120_000);
