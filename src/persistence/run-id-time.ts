/** The moment inside a run_id, in SQL: the first 48 bits of a UUID v7 are milliseconds since 1970. */

/** SQL that reads the moment a run_id was drawn. */
export function timeOfRunId(runId: string): string {
  return `to_timestamp(('x' || left(translate(${runId}::text, '-', ''), 12))::bit(48)::bigint / 1000.0)`;
}
