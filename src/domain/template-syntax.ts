/**
 * The syntax of placeholders: `{{ params.x }}`, `{{ tasks.NAME.output.a.b }}`, `{{ run.id }}`,
 * `{{ run.scheduled_for }}`.
 *
 * A placeholder is a path, never an expression. Segments are letters, digits, `_`, `-`, `$` and `@`; a segment of digits
 * is an index where it meets an array. `{{{{` writes `{{`; a `}}` outside a placeholder is plain text. One pass
 * from left to right, no backtracking.
 */
import { quoted } from './faults.js';

/** A path into what a task may see. `text` is the path as written, without the braces. */
export type Reference =
  | { root: 'params'; path: readonly string[]; text: string }
  | { root: 'tasks'; task: string; path: readonly string[]; text: string }
  | { root: 'run'; field: 'id' | 'scheduled_for'; text: string };

/** A template cut into plain text and references, in order. */
type Parts = readonly (string | Reference)[];

/** What parsing gives. */
type ParsedTemplate = { ok: true; parts: Parts } | { ok: false; message: string };

const OPEN = '{{';
const CLOSE = '}}';
const SEGMENT = /^[\p{L}\p{N}_$@-]+$/u;

/** Whether text can hold a placeholder or an escape at all: spares most strings the parser. */
export function mayHoldPlaceholder(text: string): boolean {
  return text.includes(OPEN);
}

/** Cuts a string into its parts; the message of a refusal says what is wrong with the first bad placeholder. */
export function parseTemplate(text: string): ParsedTemplate {
  const parts: (string | Reference)[] = [];
  let plain = '';
  let place = 0;
  for (;;) {
    const open = text.indexOf(OPEN, place);
    if (open === -1) break;
    plain += text.slice(place, open);
    if (text.startsWith(OPEN + OPEN, open)) {
      plain += OPEN;
      place = open + OPEN.length * 2;
      continue;
    }
    const close = text.indexOf(CLOSE, open + OPEN.length);
    if (close === -1)
      return { ok: false, message: 'A placeholder begins with "{{" and never ends ("{{{{" writes "{{").' };
    const reference = parseReference(text.slice(open + OPEN.length, close).trim());
    if (typeof reference === 'string') return { ok: false, message: reference };
    if (plain !== '') parts.push(plain);
    plain = '';
    parts.push(reference);
    place = close + CLOSE.length;
  }
  plain += text.slice(place);
  if (plain !== '') parts.push(plain);
  return { ok: true, parts };
}

/** Whether a string is one placeholder and nothing else, so that it takes the type of what it refers to. */
export function isWholePlaceholder(text: string): boolean {
  if (!mayHoldPlaceholder(text)) return false;
  const parsed = parseTemplate(text);
  return parsed.ok && parsed.parts.length === 1 && typeof parsed.parts[0] !== 'string';
}

/** Reads what stands between the braces; a string says what is wrong with it. */
function parseReference(text: string): Reference | string {
  const segments = text.split('.');
  if (!segments.every((segment) => SEGMENT.test(segment))) {
    return `${quoted(`{{ ${text} }}`)} is not a path of names with dots between them; placeholders only look values up.`;
  }
  const [root, ...path] = segments;
  if (root === 'params') return { root, path, text };
  if (root === 'tasks') {
    const [task, output, ...rest] = path;
    if (task !== undefined && output === 'output') return { root, task, path: rest, text };
    return `${quoted(`{{ ${text} }}`)} should be {{ tasks.NAME.output }} or a path below it.`;
  }
  if (root === 'run') {
    const [field] = path;
    if (path.length === 1 && (field === 'id' || field === 'scheduled_for')) return { root, field, text };
    return `${quoted(`{{ ${text} }}`)} should be {{ run.id }} or {{ run.scheduled_for }}.`;
  }
  return `${quoted(`{{ ${text} }}`)} should begin with params, tasks or run.`;
}
