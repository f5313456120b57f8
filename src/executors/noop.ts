import type { Executor } from './executor.js';

/** Tasks of type `noop` end at once, with null. */
export const noopExecutor: Executor = {
  execute: () => Promise.resolve({ kind: 'succeeded', output: null }),
};
