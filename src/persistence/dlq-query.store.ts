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

const SELECT = `SELECT e.id, e.run_id, e.dag_id, d.name AS dag_name, e.task_name, e.task_type, e.attempts, e.error, e.status,
    ${isoTime('e.created_at')} AS created_at, ${isoTime('e.resolved_at')} AS resolved_at, e.resolved_by, e.note
  FROM dlq_entries e JOIN dags d ON d.id = e.dag_id`;

/** What the API reads of the DLQ. */
@Injectable()
export class DlqQueryStore {
  constructor(private readonly source: DataSource) {}

  /** Newest first. `before` is the id of the last entry already seen. */
  async list(filter: DlqFilter, before: number | undefined, limit: number): Promise<DlqEntryView[]> {
    const conditions = new Conditions()
      .add('e.id < ?', before)
      .add('e.status = ?', filter.status)
      .add('e.dag_id = ?', filter.dagId)
      .add(`e.error ->> 'code' = ?`, filter.errorCode);
    const sql = `${SELECT} ${conditions.where} ORDER BY e.id DESC LIMIT ${conditions.param(limit)}`;
    return await queryRows<DlqEntryView>(this.source, sql, conditions.params);
  }

  async find(id: number): Promise<DlqEntryView | null> {
    const [entry] = await queryRows<DlqEntryView>(this.source, `${SELECT} WHERE e.id = $1`, [id]);
    return entry ?? null;
  }
}
