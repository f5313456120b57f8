import type { DataSourceOptions } from 'typeorm';
import { AttemptEntity } from './entities/attempt.entity.js';
import { DagVersionEntity } from './entities/dag-version.entity.js';
import { DagEntity } from './entities/dag.entity.js';
import { DlqEntryEntity } from './entities/dlq-entry.entity.js';
import { EventEntity } from './entities/event.entity.js';
import { JobEntity } from './entities/job.entity.js';
import { TaskEntity } from './entities/task.entity.js';
import { WorkerEntity } from './entities/worker.entity.js';
import { FirstSchema1764000000000 } from './migrations/1764000000000-first-schema.js';

export interface DataSourceSettings {
  url: string;
  /** Largest number of connections of this pool. */
  poolSize: number;
  applicationName: string;
  /** After so long without an answer a statement is given up, and its connection with it; migrations wait. */
  queryTimeoutMs?: number;
}

/** What every user of TypeORM shares: the application, the migration runner and the migration CLI. */
export function dataSourceOptions(settings: DataSourceSettings): DataSourceOptions {
  return {
    type: 'postgres',
    url: settings.url,
    poolSize: settings.poolSize,
    applicationName: settings.applicationName,
    entities: [
      DagEntity,
      DagVersionEntity,
      JobEntity,
      TaskEntity,
      AttemptEntity,
      EventEntity,
      DlqEntryEntity,
      WorkerEntity,
    ],
    migrations: [FirstSchema1764000000000],
    migrationsTableName: 'schema_migrations',
    synchronize: false,
    migrationsRun: false,
    // Otherwise every process runs CREATE EXTENSION at connect; we make our ids ourselves.
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    connectTimeoutMS: 5_000,
    extra: {
      idleTimeoutMillis: 30_000,
      statement_timeout: 15_000,
      query_timeout: settings.queryTimeoutMs,
      keepAlive: true,
    },
  };
}
