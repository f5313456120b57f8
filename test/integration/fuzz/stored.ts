/** Looks through everything that is stored when the run is over: by the API's own lists, and in the database. */
import pg from 'pg';
import type { Accepted } from './accepted.js';
import type { Driver } from './driver.js';
import type { Operation } from './document.js';

const MAX_PAGES = 100;
const LOOKED_AT = 300;

/** Reads every list that needs no id to its end; each page is held to the document on its way through the driver. */
export async function readLists(
  driver: Driver,
  operations: readonly Operation[],
): Promise<Map<string, number>> {
  const lengths = new Map<string, number>();
  for (const { id, method, path, parameters } of operations) {
    if (method !== 'GET' || path.includes('{') || !parameters.some((one) => one.name === 'limit')) continue;
    lengths.set(id, (await readList(driver, path)).length);
  }
  return lengths;
}

async function readList(driver: Driver, path: string): Promise<unknown[]> {
  const items: unknown[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`;
    const body = (await get(driver, `${path}?limit=200${more}`)) as Page | undefined;
    items.push(...(body?.items ?? []));
    cursor = body?.next_cursor ?? null;
    if (cursor === null) break;
  }
  return items;
}

interface Page {
  items: unknown[];
  next_cursor: string | null;
}

/** What was accepted is read again: the versions of DAGs and the params of jobs, which nothing may change. */
export async function readAgain(driver: Driver, accepted: Accepted): Promise<void> {
  for (const [id, versions] of lastOf(accepted.versions)) {
    // Those of a deleted DAG are not shown.
    const stored = (await readList(driver, `/dags/${id}/versions`)) as { version: number; tasks: unknown }[];
    const byNumber = new Map(stored.map(({ version, tasks }) => [version, tasks]));
    for (const [version, tasks] of stored.length === 0 ? [] : versions)
      accepted.expectSame(`tasks of version ${version} of DAG ${id}`, tasks, byNumber.get(version));
  }
  for (const [runId, params] of lastOf(accepted.params)) {
    const job = (await get(driver, `/jobs/${runId}`)) as { params?: unknown } | undefined;
    accepted.expectSame(`params of job ${runId}`, params, job?.params);
  }
}

function lastOf<Key, Value>(map: ReadonlyMap<Key, Value>): [Key, Value][] {
  return [...map].slice(-LOOKED_AT);
}

async function get(driver: Driver, target: string): Promise<unknown> {
  const answer = await driver.exchange({ method: 'GET', target, headers: [], body: null });
  return answer?.status === 200 ? JSON.parse(answer.text) : undefined;
}

const STATUSES = [
  'blocked',
  'queued',
  'running',
  'retrying',
  'succeeded',
  'failed',
  'skipped',
  'upstream_failed',
  'cancelled',
];

/** Each finds rows that must not be. */
const QUESTIONS: Record<string, string> = {
  'jobs whose counts are not those of their tasks': `
    SELECT run_id FROM jobs j WHERE ${STATUSES.map(
      (status) =>
        `tasks_${status} <> (SELECT count(*) FROM tasks t WHERE t.run_id = j.run_id AND t.status = '${status}')`,
    ).join(' OR ')}`,
  'jobs with a gap in their events': `
    SELECT run_id FROM jobs j
    WHERE last_seq <> (SELECT count(*) FROM events e WHERE e.run_id = j.run_id)
       OR last_seq <> (SELECT coalesce(max(seq), 0) FROM events e WHERE e.run_id = j.run_id)`,
  'DAGs whose newest version is missing': `
    SELECT id FROM dags d WHERE NOT EXISTS (SELECT FROM dag_versions v WHERE v.dag_id = d.id AND v.version = d.version)`,
  'pending DLQ entries of tasks that have not failed': `
    SELECT e.id FROM dlq_entries e JOIN tasks t ON t.run_id = e.run_id AND t.idx = e.idx
    WHERE e.status = 'pending' AND t.status <> 'failed'`,
  'DAGs that are deleted and have open jobs': `
    SELECT d.id FROM dags d JOIN jobs j ON j.dag_id = d.id
    WHERE d.deleted_at IS NOT NULL AND j.status IN ('scheduled', 'queued', 'running')`,
};

/** What of the above there is. */
export async function brokenInvariants(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const broken: string[] = [];
    for (const [what, question] of Object.entries(QUESTIONS)) {
      const { rowCount, rows } = await client.query(question);
      if (rowCount !== 0) broken.push(`${rowCount} ${what}, like ${JSON.stringify(rows[0])}`);
    }
    return broken;
  } finally {
    await client.end();
  }
}
