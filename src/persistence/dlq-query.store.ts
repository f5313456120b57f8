import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TaskError } from '../domain/outcome.js';
import type { TaskType } from '../domain/task-spec.js';
import { Conditions, isoTime, queryRows } from './rows.js';

export const DLQ_STATUSES = ['pending', 'replayed', 'resolved'] as const;
export type DlqStatus = (typeof DLQ_STATUSES)[number];

/** A DLQ entry, in the form of the API. */
export interface DlqEntryView {
  id: number;
  run_id: string;
  dag_id: number;
  dag_name: string;
  task_name: string;
  task_type: TaskType;
  attempts: number;
  error: TaskError;
  status: DlqStatus;
  created_at: string;
  resolved_at: string | null;
  resolved_by: string | null;
  note: string | null;
}

export interface DlqFilter {
  status?: DlqStatus;
  dagId?: number;
  errorCode?: string;
}

const LARGEST_ID = 2_147_483_647;

/** Entries `e` in the form of the API, of what a FROM clause says. The name by a look-up of its own: a join of few entries with few DAGs would read all of those. */
export const SELECT_ENTRIES = `SELECT e.id, e.run_id, e.dag_id, (SELECT d.name FROM dags d WHERE d.id = e.dag_id) AS dag_name, e.task_name,
  e.task_type, e.attempts, e.error, e.status, ${isoTime('e.created_at')} AS created_at,
  ${isoTime('e.resolved_at')} AS resolved_at, e.resolved_by, e.note`;

/** What the API reads of the DLQ. */
@Injectable()
export class DlqQueryStore {
  constructor(private readonly source: DataSource) {}

  /**
   * Newest first. `before` is the id of the last entry already seen. Whatever is filtered by, an index holds the entries
   * of each status in order: the page is the newest of what the statuses have to offer. Written as ranges of index entries
   * for the reason given in job-list.
   */
  async list(filter: DlqFilter, before: number | undefined, limit: number): Promise<DlqEntryView[]> {
    const page = new Conditions();
    const ofStatus = page.param(filter.status === undefined ? DLQ_STATUSES : [filter.status]);
    const most = page.param(limit);
    const end = page.param(before ?? LARGEST_ID);
    // The columns of an index, and what each must be.
    const columns: [string, string][] = [];
    if (filter.dagId !== undefined) columns.push(['e.dag_id', `${page.param(filter.dagId)}::int`]);
    if (filter.errorCode !== undefined)
      columns.push([`(e.error ->> 'code')`, `${page.param(filter.errorCode)}::text`]);
    columns.push(['e.status', 'of_status.status']);
    const entry = [...columns.map(([column]) => column), 'e.id'];
    const wanted = columns.map(([, value]) => value).join(', ');
    const sql = `WITH page AS MATERIALIZED (
        SELECT newest.* FROM unnest(${ofStatus}::text[]) AS of_status (status) CROSS JOIN LATERAL (
          SELECT e.* FROM dlq_entries e
          WHERE (${entry.join(', ')}) >= (${wanted}, 0) AND (${entry.join(', ')}) < (${wanted}, ${end}::int)
          ORDER BY ${entry.map((column) => `${column} DESC`).join(', ')} LIMIT ${most}
        ) AS newest
        ORDER BY newest.id DESC LIMIT ${most}
      )
      ${SELECT_ENTRIES} FROM page e ORDER BY e.id DESC`;
    return await queryRows<DlqEntryView>(this.source, sql, page.params);
  }

  async find(id: number): Promise<DlqEntryView | null> {
    const [entry] = await queryRows<DlqEntryView>(
      this.source,
      `${SELECT_ENTRIES} FROM dlq_entries e WHERE e.id = $1`,
      [id],
    );
    return entry ?? null;
  }
}
