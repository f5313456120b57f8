/**
 * Priorities: four classes, each with a BullMQ queue of its own, served highest first.
 */

/** All priorities, highest first. The order is the order of service. */
export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;

/** Class of a job; its tasks inherit it. */
export type Priority = (typeof PRIORITIES)[number];

/** What a DAG or job gets when it names none. */
export const DEFAULT_PRIORITY: Priority = 'normal';

/** Whether a value names a priority. */
export function isPriority(value: unknown): value is Priority {
  return (PRIORITIES as readonly unknown[]).includes(value);
}
