/**
 * Marks in generated requests for what only the moment of sending knows (ids that exist) and for what JavaScript cannot
 * hold or would write differently (numbers beyond a double, `__proto__` as a key, the same key twice).
 */
import type { Pools } from './pools.js';

/** An existing value of a pool. */
export function pooled(pool: string, pick: number): string {
  return `@@pool:${pool}:${pick}@@`;
}

/** Text that stands in JSON as it is, without quotes. */
export function verbatim(text: string): string {
  return `@@text:${Buffer.from(text).toString('hex')}@@`;
}

/** Deep nesting, written out only when it is sent. */
export function nested(depth: number): string {
  return `@@deep:${depth}@@`;
}

export const PROTO_KEY = '@@proto@@';
/** Two keys whose numbers differ are different for JavaScript and the same when sent. */
export function twin(key: string, copy: number): string {
  return `@@twin:${copy}@@${key}`;
}

/** JSON text with its marks filled in. */
export function fillJson(text: string, pools: Pools): string {
  return text
    .replace(/"@@pool:(\w+):(\d+)@@"/g, (_all, pool: string, pick: string) =>
      JSON.stringify(pools.pick(pool, Number(pick))),
    )
    .replace(/"@@text:([0-9a-f]*)@@"/g, (_all, hex: string) => Buffer.from(hex, 'hex').toString())
    .replace(
      /"@@deep:(\d+)@@"/g,
      (_all, depth: string) => '['.repeat(Number(depth)) + ']'.repeat(Number(depth)),
    )
    .replace(/@@proto@@/g, '__proto__')
    .replace(/@@twin:\d+@@/g, '');
}

/** Text of a path, a query or a header with its marks filled in. */
export function fillText(text: string, pools: Pools): string {
  return text.replace(/@@pool:(\w+):(\d+)@@/g, (_all, pool: string, pick: string) =>
    String(pools.pick(pool, Number(pick))),
  );
}
