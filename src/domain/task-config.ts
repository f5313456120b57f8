/**
 * What a task's config must look like: the table of SPEC §6, one row per key, and the task's own numbers.
 *
 * Precondition of everything here: `jsonFaults(config)` found nothing.
 */
import { anything, boolean, integer, listOf, listOrObject, mapOfTexts, program } from './config-values.js';
import { seconds, text, textThat, valueThat } from './config-values.js';
import type { ValueCheck } from './config-values.js';
import { pointerTo, quoted } from './faults.js';
import type { Fault } from './faults.js';
import { isTaskType, TASK_TYPES } from './task-spec.js';
import type { TaskSpec, TaskType } from './task-spec.js';

/** Methods that an http task may use. Lower case is understood too. */
export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** Longest time one attempt, or one request of it, may be given: a week. */
export const MAX_TIMEOUT_SECONDS = 7 * 24 * 3_600;
/** Longest delay before a retry: 30 days. */
export const MAX_RETRY_DELAY_SECONDS = 30 * 24 * 3_600;
/** Most retries of one task. */
export const MAX_RETRIES = 1_000;
/** Largest answer that an http task may ask to be read. */
export const MAX_RESPONSE_BYTES = 64 * 1_048_576;
/** Environment variables with this prefix are ours: they carry the context of a shell task. */
const RESERVED_ENV_PREFIX = 'DTS_';

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const url = textThat('an absolute URL that begins with http:// or https://', isHttpUrl);
const method = textThat(`one of ${HTTP_METHODS.join(', ')}`, (value) =>
  (HTTP_METHODS as readonly string[]).includes(value.toUpperCase()),
);
const headers = mapOfTexts(
  (name) => (HEADER_NAME.test(name) ? null : `${quoted(name)} is not the name of a header.`),
  valueThat(
    'a text on one line, a number or a boolean',
    (value) => isScalar(value) && !/[\r\n]/.test(String(value)),
  ),
);
const env = mapOfTexts(envNameFault, valueThat('a text, a number or a boolean', isScalar));
const names = listOf(
  textThat('a text that is not empty', () => true),
  { expected: 'a list of texts', isEmptyAllowed: true },
);

interface Key {
  check: ValueCheck;
  isRequired?: true;
}

/** Keys of each type's config. A key that is not here is refused. */
const CONFIG_KEYS: { readonly [type in TaskType]: { readonly [key: string]: Key } } = {
  http: {
    url: { check: url, isRequired: true },
    method: { check: method },
    headers: { check: headers },
    body: { check: anything },
    timeout_seconds: { check: seconds(MAX_TIMEOUT_SECONDS) },
    expected_status: {
      check: listOf(integer(100, 599), { expected: 'a list of one status or more', isEmptyAllowed: false }),
    },
    max_response_bytes: { check: integer(1, MAX_RESPONSE_BYTES) },
    follow_redirects: { check: boolean },
  },
  python: {
    code: { check: program, isRequired: true },
    args: { check: listOrObject },
    env: { check: env },
    non_retryable_exceptions: { check: names },
  },
  shell: {
    command: { check: program, isRequired: true },
    env: { check: env },
    cwd: { check: textThat('a path', () => true) },
    stdin: { check: text },
    non_retryable_exit_codes: {
      check: listOf(integer(1, 255), { expected: 'a list of exit codes', isEmptyAllowed: true }),
    },
  },
  noop: {},
};

/** All faults of a task's type and config, with pointers below `taskPointer`. */
export function validateTaskConfig(
  task: Pick<TaskSpec, 'task_type' | 'config'>,
  taskPointer: string,
): Fault[] {
  if (!isTaskType(task.task_type)) {
    const message = `${quoted(String(task.task_type))} is not a task type: expected ${TASK_TYPES.join(', ')}.`;
    return [{ pointer: pointerTo(taskPointer, 'task_type'), message }];
  }
  const keys = CONFIG_KEYS[task.task_type];
  const pointer = pointerTo(taskPointer, 'config');
  const faults: Fault[] = [];
  for (const [key, { isRequired }] of Object.entries(keys)) {
    if (isRequired === true && !Object.hasOwn(task.config, key)) {
      faults.push({ pointer, message: `A task of type ${task.task_type} needs ${quoted(key)}.` });
    }
  }
  for (const [key, value] of Object.entries(task.config)) {
    const at = pointerTo(pointer, key);
    if (Object.hasOwn(keys, key)) faults.push(...keys[key].check(value, at));
    else faults.push({ pointer: at, message: unknownKeyMessage(task.task_type, key) });
  }
  return faults;
}

const retryDelay = valueThat(
  `a number of seconds from 0 to ${MAX_RETRY_DELAY_SECONDS}`,
  (value) => typeof value === 'number' && value >= 0 && value <= MAX_RETRY_DELAY_SECONDS,
);
const POLICY_CHECKS = [
  ['max_retries', integer(0, MAX_RETRIES)],
  ['retry_base_delay', retryDelay],
  ['retry_max_delay', retryDelay],
  ['timeout_seconds', seconds(MAX_TIMEOUT_SECONDS)],
] as const;

/** All faults of a task's own numbers: retries and timeout. */
export function validateTaskPolicy(task: TaskSpec, taskPointer: string): Fault[] {
  const faults: Fault[] = [];
  for (const [field, check] of POLICY_CHECKS) {
    const value = task[field];
    if (value !== null) faults.push(...check(value, pointerTo(taskPointer, field)));
  }
  const { retry_base_delay: base, retry_max_delay: max } = task;
  if (faults.length === 0 && base !== null && max !== null && base > max) {
    const message = `The first delay (${base} s) is longer than the longest (${max} s).`;
    faults.push({ pointer: pointerTo(taskPointer, 'retry_base_delay'), message });
  }
  return faults;
}

function unknownKeyMessage(taskType: TaskType, key: string): string {
  const known = Object.keys(CONFIG_KEYS[taskType]);
  const offer = known.length === 0 ? 'takes no config' : `takes ${known.join(', ')}`;
  return `Unknown key ${quoted(key)}: a task of type ${taskType} ${offer}.`;
}

function envNameFault(name: string): string | null {
  if (!ENV_NAME.test(name)) return `${quoted(name)} is not the name of an environment variable.`;
  return name.startsWith(RESERVED_ENV_PREFIX)
    ? `Names that begin with ${RESERVED_ENV_PREFIX} are reserved.`
    : null;
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isHttpUrl(value: string): boolean {
  return /^https?:\/\//i.test(value) && URL.canParse(value);
}
