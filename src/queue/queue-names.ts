import type { Priority } from '../domain/priority.js';

/** What messages are called; BullMQ wants a name, nothing reads it. */
export const MESSAGE_NAME = 'attempt';
export const BUNDLE_NAME = 'bundle';

/** The BullMQ queue of a priority class. Carries the installation's prefix, since on PostgreSQL nothing else does. */
export function queueName(prefix: string, priority: Priority): string {
  return `${prefix}-${priority}`;
}

/** The BullMQ queue of a class for what travels in bundles. */
export function bundleQueueName(prefix: string, priority: Priority): string {
  return `${queueName(prefix, priority)}-bundles`;
}

/** The name under which Nest knows the queue of a class, whatever the installation's prefix is. */
export function queueToken(priority: Priority): string {
  return `attempts-${priority}`;
}

export function bundleQueueToken(priority: Priority): string {
  return `bundles-${priority}`;
}
