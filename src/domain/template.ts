/**
 * Templates: placeholders in the strings of a task's config, checked when the DAG is written and filled in when an
 * attempt begins.
 *
 * Filling in is a look-up of own properties and nothing else (SPEC §5): no evaluation, no inherited property, no
 * second pass over what was filled in. A path that leads nowhere is an error, never an empty string. A string that is one
 * whole placeholder takes the value itself; inside longer text strings appear as they are and all else as JSON.
 * Keys are not templates. Shell `command` and python `code` are never touched: text in a program would be code.
 *
 * Precondition throughout: values nest no deeper than MAX_JSON_DEPTH, so recursion is safe.
 */
import { pointerTo, quoted } from './faults.js';
import type { Fault } from './faults.js';
import type { Json, JsonObject } from './json.js';
import type { TaskType } from './task-spec.js';
import { mayHoldPlaceholder, parseTemplate } from './template-syntax.js';
import type { Reference } from './template-syntax.js';

/** What placeholders can see. `tasks` holds the outputs of upstream tasks by name. */
export interface TemplateScope {
  params: Json;
  tasks: { readonly [name: string]: { output: Json } };
  run: { id: string; scheduled_for: string | null };
}

/** A rendered value, or why there is none. */
type Rendered<T extends Json> = { ok: true; value: T } | { ok: false; message: string };

/** Most characters that placeholders may bring into one config, so that a small text cannot become a huge one. */
export const MAX_RENDERED_CHARACTERS = 8 * 1_048_576;

/** The one key of each type's config whose text is a program. */
const PROGRAM_KEY: { readonly [type in TaskType]?: string } = { shell: 'command', python: 'code' };

/** The config without the text of its program: what templates are looked for in. */
export function templatedConfig(taskType: TaskType, config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== PROGRAM_KEY[taskType]));
}

/** Faults of all templates in a value: bad syntax, and references to tasks that are not upstream. */
export function templateFaults(config: Json, upstream: ReadonlySet<string>, pointer: string): Fault[] {
  const faults: Fault[] = [];
  visitStrings(config, pointer, (text, at) => {
    const parsed = parseTemplate(text);
    if (!parsed.ok) {
      faults.push({ pointer: at, message: parsed.message });
      return;
    }
    for (const part of parsed.parts) {
      if (typeof part === 'string' || part.root !== 'tasks' || upstream.has(part.task)) continue;
      const message = `{{ ${quoted(part.text).slice(1, -1)} }} refers to ${quoted(part.task)}, which is not upstream of this task.`;
      faults.push({ pointer: at, message });
    }
  });
  return faults;
}

/** Names of the tasks whose outputs a value's templates refer to, each once. Bad templates are passed over. */
export function referencedTasks(config: Json): string[] {
  const names = new Set<string>();
  visitStrings(config, '', (text) => {
    const parsed = parseTemplate(text);
    if (!parsed.ok) return;
    for (const part of parsed.parts)
      if (typeof part !== 'string' && part.root === 'tasks') names.add(part.task);
  });
  return [...names];
}

/** Fills in every template of a value. The value itself is not changed. */
export function renderTemplates<T extends Json>(config: T, scope: TemplateScope): Rendered<T> {
  try {
    return { ok: true, value: new Renderer(scope).render(config) as T };
  } catch (error) {
    if (error instanceof TemplateError) return { ok: false, message: error.message };
    throw error;
  }
}

/** Fills in the templates of a task's config, leaving the text of its program alone. */
export function renderTaskConfig(
  taskType: TaskType,
  config: JsonObject,
  scope: TemplateScope,
): Rendered<JsonObject> {
  const rendered = renderTemplates(templatedConfig(taskType, config), scope);
  return rendered.ok ? { ok: true, value: { ...config, ...rendered.value } } : rendered;
}

/** A value as text: strings as they are, everything else as JSON. */
export function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Leaves the recursion of Renderer; never leaves this file. */
class TemplateError extends Error {}

class Renderer {
  private characters = 0;
  /** A path that is used often is looked up and measured once. */
  private readonly found = new Map<string, { value: Json; text: string }>();

  constructor(private readonly scope: TemplateScope) {}

  render(value: Json): Json {
    if (typeof value === 'string') return mayHoldPlaceholder(value) ? this.renderText(value) : value;
    if (Array.isArray(value)) return value.map((item) => this.render(item));
    if (typeof value !== 'object' || value === null) return value;
    // fromEntries defines own properties, so even a key `__proto__` stays a key.
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.render(item)]));
  }

  private renderText(text: string): Json {
    const parsed = parseTemplate(text);
    if (!parsed.ok) throw new TemplateError(parsed.message);
    const [only] = parsed.parts;
    if (parsed.parts.length === 1 && typeof only === 'object') return this.lookUp(only).value;
    return parsed.parts.map((part) => (typeof part === 'string' ? part : this.lookUp(part).text)).join('');
  }

  private lookUp(reference: Reference): { value: Json; text: string } {
    let found = this.found.get(reference.text);
    if (found === undefined) {
      const value = this.valueOf(reference);
      found = { value, text: textOf(value) };
      this.found.set(reference.text, found);
    }
    this.characters += found.text.length;
    if (this.characters > MAX_RENDERED_CHARACTERS) {
      throw new TemplateError(`The templates bring in more than ${MAX_RENDERED_CHARACTERS} characters.`);
    }
    return found;
  }

  private valueOf(reference: Reference): Json {
    switch (reference.root) {
      case 'run':
        return this.scope.run[reference.field];
      case 'params':
        return follow(this.scope.params, reference.path, 'params', reference);
      case 'tasks': {
        const task = Object.hasOwn(this.scope.tasks, reference.task)
          ? this.scope.tasks[reference.task]
          : undefined;
        if (task === undefined)
          throw missing(reference, `there is no output of a task ${quoted(reference.task)}`);
        return follow(task.output, reference.path, `tasks.${reference.task}.output`, reference);
      }
    }
  }
}

const INDEX = /^(?:0|[1-9]\d*)$/;

/** Follows a path through own properties of objects and elements of arrays. */
function follow(start: Json, path: readonly string[], name: string, reference: Reference): Json {
  let value = start;
  let reached = name;
  for (const segment of path) {
    const isThere = Array.isArray(value)
      ? INDEX.test(segment) && Number(segment) < value.length
      : typeof value === 'object' && value !== null && Object.hasOwn(value, segment);
    if (!isThere) throw missing(reference, `${reached} has no ${quoted(segment)}`);
    value = (value as JsonObject)[segment];
    reached += `.${segment}`;
  }
  return value;
}

function missing(reference: Reference, reason: string): TemplateError {
  return new TemplateError(`{{ ${reference.text} }}: ${reason}.`);
}

/** Calls `visit` for every string value that may hold a placeholder, with its pointer. */
function visitStrings(value: Json, pointer: string, visit: (text: string, pointer: string) => void): void {
  if (typeof value === 'string') {
    if (mayHoldPlaceholder(value)) visit(value, pointer);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) visitStrings(item, pointerTo(pointer, key), visit);
  }
}
