import { escapeLiteral } from 'pg';
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
 * gets as a prepared statement, in a session like those of the data source.
 */
export function watched(source: DataSource): { source: DataSource; reads(): Reads } {
  let seen: Reads = { rows: 0, wholeTables: [] };
  const query = async (sql: string, params: unknown[] = []): Promise<unknown> => {
    const session = source.createQueryRunner();
    try {
      await session.query(`PREPARE watched AS ${sql}`);
      const values = params.length === 0 ? '' : `(${params.map(literal).join(', ')})`;
      const [row] = (await session.query(`EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE watched ${values}`)) as {
        'QUERY PLAN': { Plan: Plan }[];
      }[];
      await session.query('DEALLOCATE watched');
      addReads(row['QUERY PLAN'][0].Plan, seen);
    } finally {
      await session.release();
    }
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

/** A parameter as EXECUTE takes it; of what the statements of the API have. */
function literal(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return escapeLiteral(`{${value.join(',')}}`);
  return escapeLiteral(String(value));
}
