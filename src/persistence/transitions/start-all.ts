import {
  type IdempotencyKey,
  KEPT_KEYS,
  type KeyRow,
  type KeyVerdict,
  verdictOf,
} from '../idempotency-key.store.js';
import type { SqlDatabase, Statement } from '../sql-database.js';
import {
  gather,
  type RetryDefaults,
  type Started,
  type StartInput,
  type StartParts,
  type StartRow,
  startParams,
  startText,
} from './start.js';

/**
 * The condition of a batch: it starts whole or not at all. It is looked at where the DAGs are locked, so it holds for the
 * very versions that start, whatever they were before.
 */
const WHOLE = `weighed AS MATERIALIZED (
    SELECT count(*) AS jobs, coalesce(sum(size), 0)::int AS tasks FROM wanted
  ), whole AS MATERIALIZED (
    SELECT tasks, jobs = cardinality($1::uuid[]) AND tasks <= $11::int AS is_whole FROM weighed
  ), `;

const WEIGHT = `
  UNION ALL SELECT 'weight', NULL, NULL, NULL, NULL, NULL, NULL, NULL, json_build_object('tasks', tasks) FROM whole`;

const WITHOUT_KEY: StartParts = {
  columns: '',
  arrays: '',
  kept: WHOLE,
  isNew: '(SELECT is_whole FROM whole)',
  answers: WEIGHT,
};

/** One key for all of them. Where they do not start it is only looked up, as in start.ts. */
const WITH_KEY: StartParts = {
  columns: '',
  arrays: '',
  kept: `${WHOLE}asked AS MATERIALIZED (
    SELECT $12::text AS route, $13::text AS caller, $14::bytea AS key_digest, $15::bytea AS fingerprint, $16::text AS resource
    FROM whole WHERE is_whole
  ), ${KEPT_KEYS}, known AS MATERIALIZED (
    SELECT k.resource, k.fingerprint = a.fingerprint AS is_same FROM asked a LEFT JOIN kept k ON true
    WHERE k.resource IS DISTINCT FROM a.resource
    UNION ALL
    SELECT k.resource, k.fingerprint = $15::bytea
    FROM whole w JOIN idempotency_keys k ON (k.route, k.caller, k.key_digest) = ($12::text, $13::text, $14::bytea)
    WHERE k.expires_at > now() AND NOT w.is_whole
  ), `,
  isNew: '(SELECT is_whole FROM whole) AND NOT EXISTS (SELECT FROM known)',
  answers: `${WEIGHT}
  UNION ALL SELECT 'key', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                   json_build_object('resource', resource, 'is_same', is_same) FROM known`,
};

const START_ALL: Statement = { name: 'start-all', text: startText(WITHOUT_KEY) };
const START_ALL_WITH_KEY: Statement = { name: 'start-all-with-key', text: startText(WITH_KEY) };

type Row = StartRow | { what: 'weight'; job: { tasks: number } } | { what: 'key'; job: KeyRow };

export interface StartedAll extends Started {
  /** Tasks of all jobs whose DAGs exist, together. */
  tasks: number;
  /** What became of the key, when it made nothing. */
  verdict: KeyVerdict | null;
}

/**
 * Starts all of them or, where one of their DAGs is not there (or not seen, see start.ts), where they have more than
 * `maxTasks` tasks, or where the key has been used, none.
 */
export async function startAllJobs(
  database: SqlDatabase,
  defaults: RetryDefaults,
  inputs: readonly StartInput[],
  maxTasks: number,
  key: IdempotencyKey | null,
): Promise<StartedAll> {
  const params = [...startParams(defaults, inputs), maxTasks];
  const rows =
    key === null
      ? await database.query<Row>(START_ALL, params)
      : await database.query<Row>(START_ALL_WITH_KEY, [
          ...params,
          key.route,
          key.caller,
          key.digest,
          key.fingerprint,
          resourceOf(inputs.map((input) => input.runId)),
        ]);
  const started: StartedAll = { effects: [], jobs: [], dagIds: new Set(), tasks: 0, verdict: null };
  for (const row of rows) {
    if (row.what === 'weight') started.tasks = row.job.tasks;
    else if (row.what === 'key') started.verdict = verdictOf(row.job);
    else gather(row, started);
  }
  return started;
}

/** What the key of a batch remembers: the ids of its jobs, in their order. */
function resourceOf(runIds: readonly string[]): string {
  return runIds.join(' ');
}

/** The other way round. */
export function runIdsOf(resource: string): string[] {
  return resource.split(' ');
}
