/**
 * Outcomes: how an attempt ended, as its executor reports it, made fit to be stored.
 *
 * PostgreSQL's jsonb takes neither NUL nor lone surrogates, and nothing that a task produced may grow a row
 * without bound. Whatever came from a task passes through here before it reaches the engine.
 */
import { isDeeperThan, MAX_JSON_DEPTH } from './json.js';
import type { Json } from './json.js';

/** Why an attempt failed. */
export interface TaskError {
  /** Stable snake_case word, e.g. `timeout`, `http_status`, `exit_code`, `output_too_large`. */
  code: string;
  /** For people; at most MAX_MESSAGE_BYTES. */
  message: string;
  /** False when trying again cannot help: the task fails at once. */
  retryable: boolean;
  /** Anything else worth keeping, e.g. a traceback; at most MAX_DETAILS_BYTES. */
  details?: Json;
}

/** How an attempt ended. `retryAfterMs` is what the other side asked for (`Retry-After`). */
export type Outcome =
  { kind: 'succeeded'; output: Json } | { kind: 'failed'; error: TaskError; retryAfterMs?: number };

/** Largest output of a task, as UTF-8 bytes of its JSON. */
export const MAX_OUTPUT_BYTES = 1_048_576;
/** Largest message of an error, in UTF-8 bytes. */
export const MAX_MESSAGE_BYTES = 1_024;
/** Largest details of an error, as UTF-8 bytes of their JSON. */
export const MAX_DETAILS_BYTES = 16_384;

const MAX_CODE_CHARACTERS = 64;
const CUT = '…';

/** Removes from text what PostgreSQL cannot store: NUL and lone surrogates. Valid text is returned as it is. */
export function cleanText(text: string): string {
  // Without the `u` flag a lone surrogate is a lone code unit: found by what does not stand beside it.
  return text.replace(/\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '');
}

/**
 * Removes NUL and lone surrogates from every string and key of a value; a value without any is returned as it is.
 * Precondition: not nested deeper than MAX_JSON_DEPTH.
 */
export function cleanJson<T extends Json>(value: T): T {
  // JSON.stringify writes NUL and lone surrogates, and no pair of surrogates, as \uXXXX: one look decides.
  const text = JSON.stringify(value);
  if (!/\\u(?:0000|d[89a-f])/.test(text)) return value;
  // The last alternative eats other escapes whole, so that the text `\\u0000` (a backslash, then u0000) is kept.
  const cleaned = text.replace(
    /\\(?:u(?:0000|d[89a-f][0-9a-f]{2})|(.))/g,
    (escape: string, other?: string) => (other === undefined ? '' : escape),
  );
  return JSON.parse(cleaned) as T;
}

/** Cuts text to so many UTF-8 bytes, between characters, with an ellipsis where something was cut. */
export function cutText(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const room = maxBytes - Buffer.byteLength(CUT);
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(Math.max(0, room)));
  return text.slice(0, read) + CUT;
}

/** Makes an error fit to be stored: clean text, capped sizes; details that do not fit are replaced by a note. */
export function cleanError(error: TaskError): TaskError {
  const cleaned: TaskError = {
    code: cutText(cleanText(error.code), MAX_CODE_CHARACTERS) || 'unknown',
    message: cutText(cleanText(error.message), MAX_MESSAGE_BYTES),
    retryable: error.retryable,
  };
  if (error.details !== undefined) cleaned.details = cleanDetails(error.details);
  return cleaned;
}

function cleanDetails(details: Json): Json {
  if (isDeeperThan(details, MAX_JSON_DEPTH)) return { omitted: 'nested too deeply' };
  const cleaned = cleanJson(details);
  const text = JSON.stringify(cleaned);
  if (Buffer.byteLength(text) <= MAX_DETAILS_BYTES) return cleaned;
  // The beginning of what was there is worth more than nothing. Half, because quoting it again makes it longer.
  return { omitted: 'too large', beginning: cutText(text, MAX_DETAILS_BYTES / 2) };
}

/**
 * Judges what a task produced: its clean output, or the failure `output_too_large` / `output_too_deep`, which is
 * not retryable, since the same work makes the same output.
 */
export function acceptOutput(output: Json): Outcome {
  if (isDeeperThan(output, MAX_JSON_DEPTH)) {
    return refuse('output_too_deep', `The output is nested deeper than ${MAX_JSON_DEPTH} levels.`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(output));
  if (bytes > MAX_OUTPUT_BYTES) {
    return refuse(
      'output_too_large',
      `The output has ${bytes} bytes of JSON; at most ${MAX_OUTPUT_BYTES} are kept.`,
    );
  }
  return { kind: 'succeeded', output: cleanJson(output) };
}

function refuse(code: string, message: string): Outcome {
  return { kind: 'failed', error: { code, message, retryable: false } };
}
