import type { Priority } from '../domain/priority.js';

/** What every message is called; BullMQ wants a name, nothing reads it. */
export const MESSAGE_NAME = 'attempt';

/** The BullMQ queue of a priority class. Carries the installation's prefix, since on PostgreSQL nothing else does. */
export function queueName(prefix: string, priority: Priority): string {
  return `${prefix}-${priority}`;
}

/** The name under which Nest knows the queue of a class, whatever the installation's prefix is. */
export function queueToken(priority: Priority): string {
  return `attempts-${priority}`;
}
