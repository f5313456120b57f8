/**
 * The partitions of the tables that only grow. A run_id begins with its moment, so a span of time is a range of run_ids;
 * a job's events, attempts and logs lie together, in the partition of the moment the job was made, and go together.
 *
 * Spans begin and end at midnight, UTC. Each begins where the newest ends, so their lengths may differ, and schedulers that
 * are configured differently never make two that overlap. What no span holds is in the default partition.
 */
import { firstUuidOf, timeOfUuid } from './ids.js';

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Spans are made for so long ahead: how long all schedulers may be away before run_ids fall to the default partition. */
const AHEAD_MS = 7 * DAY_MS;
/** No run_id of a clock that is right comes to lie in a span while it is being made. */
const LEAD_MS = HOUR_MS;
const LONGEST_DAYS = 7;
/** Of the retention: so much longer than it history may stay, and so many partitions it takes. */
const SHARES = 8;

/** Run_ids from the first to before the second. */
export interface Span {
  from: string;
  to: string;
}

/** Days that a new partition spans. `retentionDays` 0: everything is kept. */
export function spanDays(retentionDays: number): number {
  if (retentionDays === 0) return LONGEST_DAYS;
  return Math.min(Math.max(Math.floor(retentionDays / SHARES), 1), LONGEST_DAYS);
}

/**
 * The spans that are still to be made, oldest first.
 *
 * @param newestEnd where the newest partition ends; null when there is none
 */
export function spansAhead(newestEnd: string | null, nowMs: number, days: number): Span[] {
  const spans: Span[] = [];
  const reached = newestEnd === null ? 0 : timeOfUuid(newestEnd);
  for (let from = Math.max(reached, nextMidnight(nowMs + LEAD_MS)); from < nowMs + AHEAD_MS;) {
    const to = from + days * DAY_MS;
    spans.push({ from: firstUuidOf(from), to: firstUuidOf(to) });
    from = to;
  }
  return spans;
}

/** What is left of a span behind a run_id that lies in it, from the next midnight on; null when that is nothing. */
export function spanBehind(runId: string, span: Span): Span | null {
  const from = firstUuidOf(nextMidnight(timeOfUuid(runId)));
  return from < span.to ? { from, to: span.to } : null;
}

/** The day of a boundary, as names of partitions carry it: `20261231`. */
export function dayOf(boundary: string): string {
  return new Date(timeOfUuid(boundary)).toISOString().slice(0, 10).replaceAll('-', '');
}

/** The first midnight behind a moment. */
function nextMidnight(ms: number): number {
  return (Math.floor(ms / DAY_MS) + 1) * DAY_MS;
}
