import type { TaskSpec } from '../../../src/domain/task-spec.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { RecordingBus, RecordingQueue, verbsOver } from '../../support/engine.js';
import { CountedEnds } from '../counted-ends.js';
import { MemoryDatabase } from '../memory-database.js';
import type { Installation } from './side.js';

/** A new installation in memory. */
export function memoryInstallation(env: Record<string, string>): Installation {
  const memory = new MemoryDatabase();
  const { tables } = memory;
  const database = memory.asSqlDatabase();
  const queue = new RecordingQueue();
  const bus = new RecordingBus();
  const config = loadConfig({ DATABASE_URL: 'postgres://nowhere', ...env });
  return {
    database,
    verbs: verbsOver(database, queue, bus, new CountedEnds(), config),
    queue,
    bus,
    nowMs: () => tables.now,
    age: async (ms) => {
      tables.now += ms;
    },
    createDag: async (tasks, nextRunAt) => addDag(memory, tasks, nextRunAt.getTime()),
    deleteDag: async (id) => {
      tables.dags.change(tables.dags.get(id)!, { deleted_at: tables.now });
    },
    written: async () => ({
      dags: tables.dags.all(),
      jobs: tables.jobs.all(),
      tasks: tables.tasks.all(),
      attempts: tables.attempts.all(),
      events: tables.events.all(),
      entries: tables.entries.all(),
      workers: tables.workers.all(),
    }),
    clear: async () => undefined,
  };
}

/** A DAG with its first version. @returns its id */
export function addDag({ tables }: MemoryDatabase, tasks: TaskSpec[], nextRunAt: number | null): number {
  const id = tables.dags.all().length + 1;
  tables.dags.add({
    id,
    name: `dag-${id}`,
    priority: 'normal',
    version: 1,
    cron_expression: nextRunAt === null ? null : '*/30 * * * * *',
    timezone: 'UTC',
    is_paused: false,
    next_run_at: nextRunAt,
    deleted_at: null,
  });
  tables.versions.add({ id, dag_id: id, version: 1, tasks });
  return id;
}
