/**
 * The structure of a DAG's tasks: are they objects with the right fields of the right types?
 *
 * By hand and not with nested DTO decorators: class-validator takes seconds for 10,000 nested objects, this
 * milliseconds. What the values mean is the domain's question (domain/dag-faults.ts); for it every task is completed
 * with stand-ins, so that one wrong field does not hide the faults of all others.
 */
import { type Fault, pointerTo, quoted } from '../domain/faults.js';
import { tooManyTasks } from '../domain/graph.js';
import { isJsonObject, type JsonObject } from '../domain/json.js';
import type { TaskSpec, TaskType } from '../domain/task-spec.js';

const FIELDS = new Set<string>([
  'name',
  'task_type',
  'config',
  'dependencies',
  'max_retries',
  'retry_base_delay',
  'retry_max_delay',
  'timeout_seconds',
] satisfies (keyof TaskSpec)[]);

/** The tasks a body holds, complete with defaults and stand-ins, and all faults of their structure. */
export function readTasks(value: unknown, maxTasks: number): { tasks: TaskSpec[]; faults: Fault[] } {
  if (!Array.isArray(value))
    return { tasks: [], faults: [{ pointer: '/tasks', message: 'tasks must be an array.' }] };
  const faults: Fault[] = [];
  // A body of a million tasks is refused for their number: looking into each would answer with a million faults.
  const looked = value.length > maxTasks ? [] : (value as unknown[]);
  if (value.length > maxTasks) faults.push(tooManyTasks(value.length, maxTasks));
  return { tasks: looked.map((task, index) => readTask(task, pointerTo('/tasks', index), faults)), faults };
}

function readTask(value: unknown, pointer: string, faults: Fault[]): TaskSpec {
  if (!isJsonObject(value)) {
    faults.push({ pointer, message: 'A task must be an object.' });
    return { ...NOTHING, name: '' };
  }
  for (const key of Object.keys(value))
    if (!FIELDS.has(key))
      faults.push({ pointer: pointerTo(pointer, key), message: `Unknown field ${quoted(key)}.` });

  const fault = (field: keyof TaskSpec, message: string): void => {
    faults.push({ pointer: pointerTo(pointer, field), message });
  };
  return {
    name: readText(value, 'name', fault),
    task_type: readText(value, 'task_type', fault) as TaskType,
    config: readConfig(value.config, fault),
    dependencies: readDependencies(value.dependencies, pointer, faults),
    max_retries: readNumber(value, 'max_retries', fault),
    retry_base_delay: readNumber(value, 'retry_base_delay', fault),
    retry_max_delay: readNumber(value, 'retry_max_delay', fault),
    timeout_seconds: readNumber(value, 'timeout_seconds', fault),
  };
}

const NOTHING: TaskSpec = {
  name: '',
  task_type: 'noop',
  config: {},
  dependencies: [],
  max_retries: null,
  retry_base_delay: null,
  retry_max_delay: null,
  timeout_seconds: null,
};

type Report = (field: keyof TaskSpec, message: string) => void;

function readText(task: JsonObject, field: 'name' | 'task_type', fault: Report): string {
  const value = task[field];
  if (typeof value === 'string') return value;
  fault(field, value === undefined ? `${field} is required.` : `${field} must be a string.`);
  return '';
}

/** May be left out, as `noop` needs none; for other types the missing keys are then the faults. */
function readConfig(value: unknown, fault: Report): JsonObject {
  if (value === undefined) return {};
  if (isJsonObject(value)) return value;
  fault('config', 'config must be an object.');
  return {};
}

function readDependencies(value: unknown, pointer: string, faults: Fault[]): string[] {
  if (value === undefined) return [];
  const at = pointerTo(pointer, 'dependencies');
  if (!Array.isArray(value)) {
    faults.push({ pointer: at, message: 'dependencies must be an array of task names.' });
    return [];
  }
  return (value as unknown[]).map((name, place) => {
    if (typeof name === 'string') return name;
    faults.push({ pointer: pointerTo(at, place), message: 'A dependency must be the name of a task.' });
    return '';
  });
}

/** Missing and null are the same: as the environment says. */
function readNumber(
  task: JsonObject,
  field: 'max_retries' | 'retry_base_delay' | 'retry_max_delay' | 'timeout_seconds',
  fault: Report,
): number | null {
  const value = task[field];
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return value;
  fault(field, `${field} must be a number.`);
  return null;
}
