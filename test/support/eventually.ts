import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits for what comes by itself: runs the probe until it neither throws nor rejects, and returns its value.
 * When the time is up it throws what the probe threw last, so an `expect` inside reads as usual.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 25 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await pause(everyMs);
  }
}
