/**
 * Faults: what is wrong with a request, all of it at once.
 *
 * A check never throws and never stops at the first fault; it returns a list, empty when all is well.
 */

/** One thing wrong with a request body. */
export interface Fault {
  /** Where: an RFC 6901 JSON pointer into the body, e.g. `/tasks/3/dependencies/0`; `''` is the whole body. */
  pointer: string;
  /** What is wrong and what was expected, as a sentence for the person who sent it. */
  message: string;
}

/** Appends reference tokens to a JSON pointer, escaped as RFC 6901 §3 says (`~` → `~0`, `/` → `~1`). */
export function pointerTo(base: string, ...tokens: readonly (string | number)[]): string {
  let pointer = base;
  for (const token of tokens) pointer += `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return pointer;
}

const MAX_QUOTED_CHARACTERS = 80;

/** Quotes text of a user inside a message; long text is cut, so that a message stays a sentence. */
export function quoted(text: string): string {
  return JSON.stringify(
    text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text,
  );
}
