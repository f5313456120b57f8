/**
 * The list of jobs as SQL: which run_ids are on a page, found by reading little more than the page itself, whatever the
 * filter and however long the history.
 *
 * A job is of one of 72 kinds: (status, trigger, priority). Within a kind, and within a kind of one DAG, an index holds
 * the run_ids in order. So a page is the newest of what the kinds that match have to offer: each is asked for at most a
 * page, and the newest of those are the page. A kind without jobs costs one look; a filter that nothing matches costs
 * nothing but looks. Without a filter the primary key has the order.
 *
 * `created_at` is the moment inside the run_id, so a range of time is a range of run_ids, exactly.
 */
import { firstUuidOf } from '../domain/ids.js';
import { JOB_STATUSES, JOB_TRIGGERS, type JobStatus, type JobTrigger } from '../domain/job-state.js';
import { PRIORITIES, type Priority } from '../domain/priority.js';

export interface JobFilter {
  statuses?: readonly JobStatus[];
  dagId?: number;
  trigger?: JobTrigger;
  priority?: Priority;
  /** Both ends are outside. */
  createdAfter?: Date;
  createdBefore?: Date;
}

const FIRST_UUID = '00000000-0000-0000-0000-000000000000';
const LAST_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** $1, $2: the run_ids from the first to before the second; $3: how many. */
const OF_ALL = `SELECT run_id FROM jobs WHERE run_id >= $1::uuid AND run_id < $2::uuid ORDER BY run_id DESC LIMIT $3`;

const OF_KINDS = ofKinds('', '');
const OF_KINDS_OF_DAG = ofKinds('dag_id', '$7::int');

/**
 * $4, $5, $6: the kinds, column by column. Written as ranges of whole index entries and sorted by them, not as equalities:
 * those leave the planner the choice to walk the primary key instead, which it takes where the statistics call a kind
 * common, and then a kind without jobs costs the whole history.
 */
function ofKinds(column: string, value: string): string {
  const columns = [column, 'status', 'trigger', 'priority', 'run_id']
    .filter(Boolean)
    .map((name) => `j.${name}`);
  const kind = [value, 'kind.status', 'kind.trigger', 'kind.priority'].filter(Boolean).join(', ');
  const entry = columns.join(', ');
  return `SELECT newest.run_id
    FROM unnest($4::text[], $5::text[], $6::text[]) AS kind (status, trigger, priority)
    CROSS JOIN LATERAL (
      SELECT j.run_id FROM jobs j
      WHERE (${entry}) >= (${kind}, $1::uuid) AND (${entry}) < (${kind}, $2::uuid)
      ORDER BY ${columns.map((name) => `${name} DESC`).join(', ')} LIMIT $3
    ) AS newest
    ORDER BY newest.run_id DESC LIMIT $3`;
}

/**
 * SQL that answers the run_ids of a page, newest first.
 *
 * @param before the run_id of the last job already seen
 */
export function jobListPage(
  filter: JobFilter,
  before: string | undefined,
  limit: number,
): { text: string; params: unknown[] } {
  const { dagId } = filter;
  const params: unknown[] = [...rangeOf(filter, before), limit];
  const isOfAll = [filter.statuses, dagId, filter.trigger, filter.priority].every(
    (value) => value === undefined,
  );
  if (isOfAll) return { text: OF_ALL, params };
  const kinds = kindsOf(filter);
  params.push(
    kinds.map((kind) => kind.status),
    kinds.map((kind) => kind.trigger),
    kinds.map((kind) => kind.priority),
  );
  if (dagId === undefined) return { text: OF_KINDS, params };
  return { text: OF_KINDS_OF_DAG, params: [...params, dagId] };
}

/** The run_ids a job of the page may have: from the first to before the second. */
function rangeOf({ createdAfter, createdBefore }: JobFilter, before: string | undefined): [string, string] {
  const from = createdAfter === undefined ? FIRST_UUID : firstUuidOf(createdAfter.getTime() + 1);
  const ends = [LAST_UUID];
  if (createdBefore !== undefined) ends.push(firstUuidOf(createdBefore.getTime()));
  if (before !== undefined) ends.push(before.toLowerCase());
  return [from, ends.reduce((least, end) => (end < least ? end : least))];
}

function kindsOf(filter: JobFilter): { status: JobStatus; trigger: JobTrigger; priority: Priority }[] {
  // A status given twice is one.
  const statuses = JOB_STATUSES.filter((status) => filter.statuses?.includes(status) ?? true);
  const triggers = filter.trigger === undefined ? JOB_TRIGGERS : [filter.trigger];
  const priorities = filter.priority === undefined ? PRIORITIES : [filter.priority];
  return statuses.flatMap((status) =>
    triggers.flatMap((trigger) => priorities.map((priority) => ({ status, trigger, priority }))),
  );
}
