import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import request from 'supertest';
import { Executors } from '../../../src/executors/executors.js';
import { HealthModule } from '../../../src/health/health.module.js';
import { TaskConsumer } from '../../../src/queue/task-consumer.js';
import { WorkerRuntimeModule } from '../../../src/runtime/worker-runtime.module.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { type CompiledExecutors, compileExecutors } from '../executors/compiled-executors.js';

let worker: ApiApplication;
let consumer: TaskConsumer;
let compiled: CompiledExecutors;
let workDirectory: string;

beforeAll(async () => {
  compiled = await compileExecutors();
  workDirectory = await mkdtemp(join(tmpdir(), 'dts-liveness-'));
  const executors = new Executors({
    workDirectory,
    killGraceSeconds: 1,
    allowPrivate: true,
    environment: process.env,
    hostEntry: compiled.hostEntry,
  });
  worker = await startApi([HealthModule, WorkerRuntimeModule], { ROLE: 'worker' }, (builder) =>
    builder.overrideProvider(Executors).useValue(executors),
  );
  consumer = worker.app.get(TaskConsumer, { strict: false });
});

afterAll(async () => {
  await worker.close();
  await compiled.remove();
  await rm(workDirectory, { recursive: true, force: true });
});

const http = () => request(worker.app.getHttpServer());

test('a worker whose fetch loop is stuck is not live, until the loop turns again', async () => {
  await http().get('/health/live').expect(200);

  // Every fetch has a deadline, so a real loop stands still only by a fault that nobody knows yet.
  Object.defineProperty(consumer, 'lastProgressAt', {
    configurable: true,
    value: performance.now() - 31_000,
  });
  const live = await http().get('/health/live').expect(503);
  const loops = { status: 'failed', detail: 'No progress: worker-fetch.', latency_ms: 0 };
  expect(live.body).toMatchObject({ status: 'failed', role: 'worker', checks: { loops } });
  const health = await http().get('/health').expect(503);
  expect(health.body.checks).toMatchObject({ loops, database: { status: 'ok' } });

  Reflect.deleteProperty(consumer, 'lastProgressAt');
  await http().get('/health/live').expect(200);
});

test('a worker that has stopped fetching, as it is leaving, is live', async () => {
  await consumer.stopFetching();
  expect(consumer.lastProgressAt).toBeNull();
  await http().get('/health/live').expect(200);
});
