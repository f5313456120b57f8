import type { DataSource } from 'typeorm';

/** A node of `EXPLAIN (ANALYZE, FORMAT JSON)`, as far as we look. */
interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
}

export interface Reads {
  /** Rows and index entries looked at, also those that were then left out. */
  rows: number;
  /** Tables read from end to end. */
  wholeTables: string[];
}

/**
 * A data source that also says what each statement reads: every one is explained beside its answer, with the plan it
 * gets.
 */
export function watched(source: DataSource): { source: DataSource; reads(): Reads } {
  let seen: Reads = { rows: 0, wholeTables: [] };
  const query = async (sql: string, params?: unknown[]): Promise<unknown> => {
    const [row] = await source.query<{ 'QUERY PLAN': { Plan: Plan }[] }[]>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      params,
    );
    addReads(row['QUERY PLAN'][0].Plan, seen);
    return await source.query(sql, params);
  };
  return {
    source: new Proxy(source, { get: (target, key) => (key === 'query' ? query : Reflect.get(target, key)) }),
    reads() {
      const answer = seen;
      seen = { rows: 0, wholeTables: [] };
      return answer;
    },
  };
}

function addReads(plan: Plan, reads: Reads): void {
  const removed = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  // Other scans read what the statement itself has made.
  if (plan['Relation Name'] !== undefined || plan['Node Type'] === 'Bitmap Index Scan')
    reads.rows += (plan['Actual Rows'] + removed) * plan['Actual Loops'];
  if (plan['Node Type'] === 'Seq Scan') reads.wholeTables.push(plan['Relation Name']!);
  for (const below of plan.Plans ?? []) addReads(below, reads);
}
