import type { Json } from '../domain/json.js';
import type { TaskSpec } from '../domain/task-spec.js';
import type { SqlDatabase, Statement } from './sql-database.js';

/** What a job gives each of its attempts; fixed when the job starts. */
export interface JobContext {
  runId: string;
  dagName: string;
  params: Json;
  scheduledFor: string | null;
}

const VERSION: Statement = { name: 'dag-version', text: 'SELECT tasks FROM dag_versions WHERE id = $1' };

const CONTEXT: Statement = {
  name: 'job-context',
  text: `SELECT j.run_id, d.name, j.params, j.scheduled_for FROM jobs j JOIN dags d ON d.id = j.dag_id
         WHERE j.run_id = ANY ($1::uuid[])`,
};

const OUTPUTS: Statement = {
  name: 'task-outputs',
  text: 'SELECT idx, output FROM tasks WHERE run_id = $1 AND idx = ANY ($2::int[])',
};

/** What an attempt needs to know beyond its claim. */
export class AttemptInputStore {
  constructor(private readonly database: SqlDatabase) {}

  async findVersionTasks(dagVersionId: number): Promise<TaskSpec[] | null> {
    const [row] = await this.database.query<{ tasks: TaskSpec[] }>(VERSION, [dagVersionId]);
    return row?.tasks ?? null;
  }

  async findContexts(runIds: readonly string[]): Promise<JobContext[]> {
    const rows = await this.database.query<{
      run_id: string;
      name: string;
      params: Json;
      scheduled_for: Date | null;
    }>(CONTEXT, [runIds]);
    return rows.map((row) => ({
      runId: row.run_id,
      dagName: row.name,
      params: row.params,
      scheduledFor: row.scheduled_for?.toISOString() ?? null,
    }));
  }

  /** Outputs by task index; null where a task has none. */
  async findOutputs(runId: string, idxs: readonly number[]): Promise<Map<number, Json>> {
    const rows = await this.database.query<{ idx: number; output: Json }>(OUTPUTS, [runId, idxs]);
    return new Map(rows.map((row) => [row.idx, row.output]));
  }
}
