import type { Fault } from '../domain/faults.js';
import type { Json } from '../domain/json.js';
import { MAX_OUTPUT_BYTES } from '../domain/outcome.js';

/** What is wrong with an output that a task is to count as succeeded with; undefined is none. */
export function outputFaults(output: Json | undefined): Fault[] {
  if (output === undefined || Buffer.byteLength(JSON.stringify(output)) <= MAX_OUTPUT_BYTES) return [];
  return [{ pointer: '/output', message: `An output has at most ${MAX_OUTPUT_BYTES} bytes of JSON.` }];
}
