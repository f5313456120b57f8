import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds since 1970 with their fractions: comparable with the database's clock, which is this machine's. */
export function now() {
  return performance.timeOrigin + performance.now();
}

/** Asks every `everyMs` until the answer is truthy. */
export async function until(question, { everyMs = 20, withinMs = 300_000, what = 'the end' } = {}) {
  for (const deadline = now() + withinMs; ; await sleep(everyMs)) {
    if (await question()) return;
    if (now() > deadline) throw new Error(`${what} did not come within ${withinMs / 1_000} s`);
  }
}
