import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HealthModule } from '../../../src/health/health.module.js';
import { Executors } from '../../../src/executors/executors.js';
import { WorkerRuntimeModule } from '../../../src/runtime/worker-runtime.module.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { compileExecutors } from '../executors/compiled-executors.js';

/** Starts the worker role in this process, as often as asked for. */
export interface WorkerFactory {
  /** A worker of the installation whose database this is. */
  start(databaseUrl: string, environment: Record<string, string>): Promise<ApiApplication>;
  close(): Promise<void>;
}

export async function workerFactory(): Promise<WorkerFactory> {
  const compiled = await compileExecutors();
  const workDirectory = await mkdtemp(join(tmpdir(), 'dts-workers-'));
  return {
    start: async (databaseUrl, environment) => {
      const executors = new Executors({
        workDirectory,
        killGraceSeconds: Number(environment.KILL_GRACE_SECONDS ?? 1),
        allowPrivate: true,
        environment: process.env,
        hostEntry: compiled.hostEntry,
      });
      return await startApi(
        [HealthModule, WorkerRuntimeModule],
        { ROLE: 'worker', ...environment },
        (builder) => builder.overrideProvider(Executors).useValue(executors),
        async () => databaseUrl,
      );
    },
    close: async () => {
      await compiled.remove();
      await rm(workDirectory, { recursive: true, force: true });
    },
  };
}
