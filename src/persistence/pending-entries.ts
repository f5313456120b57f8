import { Conditions } from './rows.js';

/** Which pending entries a bulk operation is meant for: those that fit every field. Never empty. */
export interface PendingFilter {
  dag_id?: number;
  error_code?: string;
  task_name?: string;
  /** RFC 3339. */
  created_before?: string;
}

/**
 * The WHERE clause for pending entries `e` that fit, with their parameters. The state is a literal, as in the partial
 * indexes that serve this.
 */
export function pendingEntries(filter: PendingFilter): { where: string; conditions: Conditions } {
  const conditions = new Conditions()
    .add('e.dag_id = ?', filter.dag_id)
    .add(`e.error ->> 'code' = ?`, filter.error_code)
    .add('e.task_name = ?', filter.task_name)
    .add('e.created_at < ?', filter.created_before);
  return { where: `${conditions.where} AND e.status = 'pending'`, conditions };
}
