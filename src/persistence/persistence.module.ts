import { Inject, Injectable, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { AttemptInputStore } from './attempt-input.store.js';
import { DagCreationStore } from './dag-creation.store.js';
import { AttemptLogStore } from './attempt-log.store.js';
import { DagStore } from './dag.store.js';
import { isDatabaseAway } from './database-faults.js';
import { dataSourceOptions } from './data-source-options.js';
import { DispatchStore } from './dispatch.store.js';
import { DlqBatchStore } from './dlq-batch.store.js';
import { DlqOperationStore } from './dlq-operation.store.js';
import { DlqQueryStore } from './dlq-query.store.js';
import { EndedAttemptsStore } from './ended-attempts.store.js';
import { EventStore } from './event.store.js';
import { HistoryPartitionsStore } from './history-partitions.store.js';
import { IdempotencyKeyStore } from './idempotency-key.store.js';
import { JobQueryStore } from './job-query.store.js';
import { LogQueryStore } from './log-query.store.js';
import { PingStore } from './ping.store.js';
import { SqlDatabase } from './sql-database.js';
import { TickStore } from './tick.store.js';
import { WorkerLeaseStore } from './worker-lease.store.js';
import { WorkerQueryStore } from './worker-query.store.js';

/** The stores of the engine and the runtime, all on the hot path's pool. */
const HOT_STORES = [
  AttemptInputStore,
  AttemptLogStore,
  DispatchStore,
  DlqBatchStore,
  IdempotencyKeyStore,
  EndedAttemptsStore,
  PingStore,
  TickStore,
  WorkerLeaseStore,
] as const;

/** The stores of the API, and of what changes the schema, on TypeORM's pool. */
const API_STORES = [
  DagStore,
  DagCreationStore,
  DlqQueryStore,
  EventStore,
  HistoryPartitionsStore,
  JobQueryStore,
  LogQueryStore,
  DlqOperationStore,
  WorkerQueryStore,
] as const;

function urlOf(config: Config): string {
  if (config.database.url === null)
    throw new Error('The embedded PostgreSQL must be started before the application');
  return config.database.url;
}

/** Half of the connections serve the API's reads (TypeORM), half the engine; each side needs at least one. */
function halfOf(config: Config): number {
  return Math.max(1, Math.floor(config.database.poolSize / 2));
}

/** Closes the hot path's pool last of all: what is handed back during shutdown still needs it. */
@Injectable()
class PoolShutdown implements OnApplicationShutdown {
  constructor(@Inject(SqlDatabase) private readonly database: SqlDatabase) {}

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}

/** The only way to PostgreSQL. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [CONFIG],
      useFactory: (config: Config) => ({
        ...dataSourceOptions({
          url: urlOf(config),
          poolSize: halfOf(config),
          applicationName: `dts-${config.role}`,
          isHasty: true,
        }),
        // One that goes away while we start is waited for as ever; whatever else is wrong is told at once.
        retryAttempts: Number.MAX_SAFE_INTEGER,
        retryDelay: 500,
        toRetry: isDatabaseAway,
      }),
    }),
  ],
  providers: [
    {
      provide: SqlDatabase,
      inject: [CONFIG],
      useFactory: (config: Config) => {
        const logger = new Logger('Database');
        return new SqlDatabase({
          url: urlOf(config),
          poolSize: halfOf(config),
          applicationName: `dts-${config.role}-engine`,
          onConnectionError: (error) =>
            logger.warn(`A connection broke (${error.message}); the pool replaces it.`),
        });
      },
    },
    ...HOT_STORES.map((store) => ({
      provide: store,
      inject: [SqlDatabase],
      useFactory: (database: SqlDatabase) => new store(database),
    })),
    ...API_STORES,
    PoolShutdown,
  ],
  exports: [TypeOrmModule, SqlDatabase, ...HOT_STORES, ...API_STORES],
})
export class PersistenceModule {}
