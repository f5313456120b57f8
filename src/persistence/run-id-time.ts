/** The moment inside a run_id, in SQL: the first 48 bits of a UUID v7 are milliseconds since 1970. */

/** SQL that reads the moment a run_id was drawn. */
export function timeOfRunId(runId: string): string {
  return `to_timestamp(('x' || left(translate(${runId}::text, '-', ''), 12))::bit(48)::bigint / 1000.0)`;
}

/** SQL of the smallest UUID whose moment is that of `time`: every run_id drawn then or later is as large or larger. */
export function firstRunIdAt(time: string): string {
  return `(lpad(to_hex(floor(extract(epoch FROM ${time}) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;
}
