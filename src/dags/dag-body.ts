/**
 * Reads the bodies that define a DAG and finds everything that is wrong with them in one go: the form of the fields
 * (class-validator), the structure of the tasks, and what it all means (domain).
 */
import { parseCron, isTimezone } from '../domain/schedule.js';
import { validateTasks } from '../domain/dag-faults.js';
import { type Fault, quoted } from '../domain/faults.js';
import type { DagLimits } from '../domain/graph.js';
import { isJsonObject } from '../domain/json.js';
import { DEFAULT_PRIORITY } from '../domain/priority.js';
import type { TaskSpec } from '../domain/task-spec.js';
import { checkBody } from '../http/validation.js';
import type { DagDefinition } from '../persistence/dag.store.js';
import { CreateDagDto, PatchDagDto } from './create-dag.dto.js';
import { readTasks } from './task-structure.js';

/** A whole definition. `definition` is complete, yet means something only where `faults` is empty. */
export function readDefinition(
  body: unknown,
  limits: DagLimits,
): { definition: DagDefinition; faults: Fault[] } {
  const { value, faults } = checkBody(CreateDagDto, body);
  if (body !== undefined && !isJsonObject(body)) return { definition: completed({}), faults };
  const tasks = checkTasks(value.tasks, limits);
  const all = [...faults, ...scheduleFaults(value), ...tasks.faults];
  return { definition: completed({ ...fieldsOf(value), tasks: tasks.tasks }), faults: all };
}

/** Any subset of a definition: only what the body names. */
export function readPatch(
  body: unknown,
  limits: DagLimits,
): { patch: Partial<DagDefinition>; faults: Fault[] } {
  const { value, faults } = checkBody(PatchDagDto, body);
  const all = [...faults, ...scheduleFaults(value)];
  if (value.tasks === undefined) return { patch: fieldsOf(value), faults: all };
  const tasks = checkTasks(value.tasks, limits);
  return { patch: { ...fieldsOf(value), tasks: tasks.tasks }, faults: [...all, ...tasks.faults] };
}

/** What null stands for, and in a new DAG also what is missing. */
const DEFAULTS = {
  description: '',
  cron_expression: null,
  timezone: 'UTC',
  priority: DEFAULT_PRIORITY,
  tags: [] as string[],
} satisfies Partial<DagDefinition>;

function fieldsOf(value: Partial<CreateDagDto>): Partial<DagDefinition> {
  const { tasks: _tasks, ...fields } = value;
  const named = Object.entries(fields).filter(([, item]) => item !== undefined);
  return Object.fromEntries(
    named.map(([field, item]) => [field, item ?? DEFAULTS[field as keyof typeof DEFAULTS]]),
  );
}

function completed(fields: Partial<DagDefinition>): DagDefinition {
  return { name: '', tasks: [], ...DEFAULTS, ...fields };
}

function scheduleFaults({ cron_expression: expression, timezone }: Partial<CreateDagDto>): Fault[] {
  const faults: Fault[] = [];
  if (typeof expression === 'string') {
    const parsed = parseCron(expression);
    if (!parsed.ok) faults.push({ pointer: '/cron_expression', message: parsed.message });
  }
  if (typeof timezone === 'string' && !isTimezone(timezone))
    faults.push({ pointer: '/timezone', message: `${quoted(timezone)} is not an IANA timezone.` });
  return faults;
}

function checkTasks(value: unknown, limits: DagLimits): { tasks: TaskSpec[]; faults: Fault[] } {
  if (value === undefined)
    return { tasks: [], faults: [{ pointer: '/tasks', message: 'tasks is required.' }] };
  const { tasks, faults } = readTasks(value, limits.maxTasks);
  if (tasks.length === 0 && faults.length > 0) return { tasks, faults };
  // Where the structure is at fault the domain looked at a stand-in: what it says there is about nothing the client wrote.
  const known = new Set(faults.map((fault) => fault.pointer));
  const meaning = validateTasks(tasks, limits).filter((fault) => !isCovered(fault.pointer, known));
  return { tasks, faults: [...faults, ...meaning] };
}

/** Whether a fault at a pointer, or at something above it, is known already. */
function isCovered(pointer: string, known: ReadonlySet<string>): boolean {
  for (let at = pointer; at !== '/tasks' && at !== ''; at = at.slice(0, at.lastIndexOf('/')))
    if (known.has(at)) return true;
  return false;
}
