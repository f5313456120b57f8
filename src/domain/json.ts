/**
 * JSON values, and the two things that must be known of one before it is stored: that it is not nested too
 * deeply, and that an object is read by its own keys only.
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/**
 * Deepest nesting that is accepted anywhere. `JSON.stringify` and PostgreSQL's jsonb both recurse and fail at a
 * few thousand levels; far below that nobody is limited, and everything here may recurse without fear.
 */
export const MAX_JSON_DEPTH = 200;

/** Whether a value is a JSON object: neither null nor an array nor a scalar. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value nests deeper than `maxDepth` (a scalar has depth 0, `[]` has 1). Iterative: any depth is safe. */
export function isDeeperThan(value: unknown, maxDepth: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; ; depth += 1) {
    const next: unknown[] = [];
    let containers = 0;
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      containers += 1;
      // A loop, not push(...values): a long array would not fit into the arguments of one call.
      for (const inner of Array.isArray(item) ? (item as unknown[]) : Object.values(item)) next.push(inner);
    }
    if (containers === 0) return false;
    if (depth === maxDepth) return true;
    level = next;
  }
}
