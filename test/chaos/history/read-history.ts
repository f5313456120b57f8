import pg from 'pg';
import { TASK_STATUSES } from '../../../src/domain/task-state.js';
import { DAG_PREFIX } from '../workload/random-dags.js';
import { readWitness } from '../witness.js';
import { findLeftovers } from './find-leftovers.js';
import type {
  AttemptRow,
  DagRow,
  EntryRow,
  EventRow,
  History,
  JobRow,
  TaskGraph,
  TaskRow,
} from './history.js';

export interface HistoryInput {
  /** Past every proxy, with all processes quiet. */
  databaseUrl: string;
  witnessDirectory: string;
  /** Run id by idempotency key. */
  accepted: ReadonlyMap<string, string>;
  /** Per worker. */
  slots: number;
  /** Where the workers' task hosts keep the directories of attempts; none: not looked at. */
  workDirectories?: readonly string[];
}

/** As a number, so that microseconds are kept: 2^53 of them are 285 years. */
const us = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::float8`;

const DAGS = `
  SELECT id, name LIKE '${DAG_PREFIX}%' AS "isOurs", cron_expression AS "cronExpression", timezone FROM dags ORDER BY id`;
const VERSIONS = `SELECT id, tasks FROM dag_versions`;
const JOBS = `
  SELECT run_id AS "runId", dag_id AS "dagId", dag_version_id AS "versionId", status, trigger, priority,
         params ->> 'key' AS key, rerun_of AS "rerunOf", ${us('tick_at')} AS "tickAt",
         coalesce((SELECT ${us('at')} FROM events e WHERE e.run_id = j.run_id AND e.seq = 1), 0) AS "createdAt",
         last_seq AS "lastSeq",
         json_build_object(${TASK_STATUSES.map((status) => `'${status}', tasks_${status}`).join(', ')}) AS counts
  FROM jobs j ORDER BY run_id`;
const TASKS = `
  SELECT run_id AS "runId", idx, name, task_type AS type, status, attempt, charged, lost_workers AS "lostWorkers",
         max_retries AS "maxRetries", output
  FROM tasks ORDER BY run_id, idx`;
const ATTEMPTS = `
  SELECT run_id AS "runId", idx, attempt, outcome, lease::text, worker_id AS "workerId", ${us('queued_at')} AS "queuedAt",
         ${us('started_at')} AS "startedAt", ${us('finished_at')} AS "finishedAt"
  FROM attempts ORDER BY run_id, idx, attempt`;
const EVENTS = `
  SELECT run_id AS "runId", seq, type, task, attempt, ${us('at')} AS at, data FROM events ORDER BY run_id, seq`;
const ENTRIES = `SELECT id, run_id AS "runId", idx, status FROM dlq_entries ORDER BY id`;
const KEYS = `SELECT resource FROM idempotency_keys`;

interface StoredTask {
  name: string;
  dependencies: string[];
}

/** All that the database and the witness say of a run that is at rest. */
export async function readHistory(input: HistoryInput): Promise<History> {
  const client = new pg.Client({ connectionString: input.databaseUrl, application_name: 'history checker' });
  await client.connect();
  try {
    const rows = async <Row extends object>(text: string): Promise<Row[]> =>
      (await client.query<Row>(text)).rows;
    // One snapshot, should something move after all.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const versions = await rows<{ id: number; tasks: StoredTask[] }>(VERSIONS);
    const jobs = await rows<JobRow>(JOBS);
    const keys = await rows<{ resource: string }>(KEYS);
    return {
      dags: await rows<DagRow>(DAGS),
      graphs: new Map(versions.map(({ id, tasks }) => [id, graphOf(tasks)])),
      jobs,
      tasks: await rows<TaskRow>(TASKS),
      attempts: await rows<AttemptRow>(ATTEMPTS),
      events: await rows<EventRow>(EVENTS),
      entries: await rows<EntryRow>(ENTRIES),
      keptKeys: keys.map(({ resource }) => resource),
      witness: readWitness(input.witnessDirectory),
      accepted: input.accepted,
      slots: input.slots,
      leftovers: findLeftovers(new Set(jobs.map((job) => job.runId)), input.workDirectories ?? []),
    };
  } finally {
    await client.end();
  }
}

function graphOf(tasks: readonly StoredTask[]): TaskGraph {
  const names = tasks.map((task) => task.name);
  const places = new Map(names.map((name, idx) => [name, idx]));
  return { names, parents: tasks.map((task) => task.dependencies.map((name) => places.get(name)!)) };
}
