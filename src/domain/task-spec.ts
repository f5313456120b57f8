/**
 * A task as the DAG's author wrote it: the form of the API and the form that is stored, hence snake_case.
 */
import type { JsonObject } from './json.js';

/** All task types. */
export const TASK_TYPES = ['http', 'python', 'shell', 'noop'] as const;

/** What kind of work a task is. */
export type TaskType = (typeof TASK_TYPES)[number];

/** Whether a value names a task type. */
export function isTaskType(value: unknown): value is TaskType {
  return (TASK_TYPES as readonly unknown[]).includes(value);
}

/** One task of a DAG version. A null number means: as the environment says when the attempt is made. */
export interface TaskSpec {
  /** Unique within the DAG, see TASK_NAME_PATTERN. */
  name: string;
  task_type: TaskType;
  /** What the type needs, see task-config.ts. */
  config: JsonObject;
  /** Names of the tasks that must end before this one may start. */
  dependencies: string[];
  /** Retries after the first attempt; 0 means one attempt. */
  max_retries: number | null;
  /** Seconds before the first retry. */
  retry_base_delay: number | null;
  /** Longest delay before any retry, in seconds. */
  retry_max_delay: number | null;
  /** Longest time one attempt may run, in seconds. */
  timeout_seconds: number | null;
}

/**
 * Task names: ASCII letters, digits, `_` and `-`, at most 100 characters. They stand in URLs, in environment
 * variables' values, in message texts and in `{{ tasks.NAME.output }}`, hence no dot, no space, no slash.
 */
export const TASK_NAME_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/;

/** Whether text can be a task's name. `__proto__` cannot: outputs are handed to tasks as objects keyed by name. */
export function isTaskName(text: string): boolean {
  return TASK_NAME_PATTERN.test(text) && text !== '__proto__';
}
