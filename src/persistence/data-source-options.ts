import type { DataSourceOptions } from 'typeorm';
import { boundedClients } from './bounded-client.js';
import { AttemptLogEntity } from './entities/attempt-log.entity.js';
import { AttemptEntity } from './entities/attempt.entity.js';
import { DagVersionEntity } from './entities/dag-version.entity.js';
import { DagEntity } from './entities/dag.entity.js';
import { DlqEntryEntity } from './entities/dlq-entry.entity.js';
import { EndedAttemptsEntity } from './entities/ended-attempts.entity.js';
import { DlqOperationEntity } from './entities/dlq-operation.entity.js';
import { EventEntity } from './entities/event.entity.js';
import { IdempotencyKeyEntity } from './entities/idempotency-key.entity.js';
import { JobEntity } from './entities/job.entity.js';
import { TaskEntity } from './entities/task.entity.js';
import { WorkerEntity } from './entities/worker.entity.js';
import { FirstSchema1764000000000 } from './migrations/1764000000000-first-schema.js';
import { IdempotencyKeys1764100000000 } from './migrations/1764100000000-idempotency-keys.js';
import { AttemptLogs1764300000000 } from './migrations/1764300000000-attempt-logs.js';
import { Lists1764400000000 } from './migrations/1764400000000-lists.js';
import { EventsByTime1764500000000 } from './migrations/1764500000000-events-by-time.js';
import { HistoryPartitions1764700000000 } from './migrations/1764700000000-history-partitions.js';
import { RerunsAndDlqOperations1764200000000 } from './migrations/1764200000000-reruns-and-dlq-operations.js';
import { CONNECTION_PATIENCE_MS, PATIENCE } from './patience.js';
import { READ_PLANNING } from './planning.js';
import { preparingClients } from './preparing-client.js';

export interface DataSourceSettings {
  url: string;
  /** Largest number of connections of this pool. */
  poolSize: number;
  applicationName: string;
  /**
   * Somebody waits for the answers: statements are prepared, and one that takes long is given up. Migrations have the time
   * they need.
   */
  isHasty?: boolean;
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
      AttemptLogEntity,
      EventEntity,
      DlqEntryEntity,
      EndedAttemptsEntity,
      DlqOperationEntity,
      WorkerEntity,
      IdempotencyKeyEntity,
    ],
    migrations: [
      FirstSchema1764000000000,
      IdempotencyKeys1764100000000,
      RerunsAndDlqOperations1764200000000,
      AttemptLogs1764300000000,
      Lists1764400000000,
      EventsByTime1764500000000,
      HistoryPartitions1764700000000,
    ],
    migrationsTableName: 'schema_migrations',
    synchronize: false,
    migrationsRun: false,
    // Otherwise every process runs CREATE EXTENSION at connect; we make our ids ourselves.
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    connectTimeoutMS: CONNECTION_PATIENCE_MS,
    extra: {
      idleTimeoutMillis: 30_000,
      ...(settings.isHasty === true
        ? { ...PATIENCE, Client: preparingClients(), options: READ_PLANNING }
        : { Client: boundedClients(), keepAlive: true }),
    },
  };
}
