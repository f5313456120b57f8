import { setTimeout as sleep } from 'node:timers/promises';
import { isRetryable } from './database-faults.js';

/** How often a transaction that lost a deadlock is tried again before the caller hears of it. */
const TRIES = 5;

/** Runs one transaction, again when the server undid it because of others; each time after a longer, random pause. */
export async function repeatConflicts<Result>(transaction: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (tries >= TRIES || !isRetryable(error)) throw error;
      await sleep(Math.random() * 20 * tries);
    }
  }
}
