/**
 * Retries: whether a failed attempt is followed by another, and when.
 *
 * The delay is drawn once, when the failure is recorded, and stored; nobody computes it again.
 */

/** Share of the delay by which jitter may move it either way. */
const JITTER = 0.1;

/** What a delay is made from. */
interface RetryDelayInput {
  /** Which retry this is, from 1. */
  retryNumber: number;
  baseSeconds: number;
  maxSeconds: number;
  /** A number from 0 (included) to 1 (excluded), like Math.random. */
  random: () => number;
  /** What the other side asked for; it can lengthen the delay up to maxSeconds, never shorten it. */
  retryAfterMs?: number;
}

/**
 * Whole milliseconds to wait before retry n: `min(base · 2^(n−1), max)` seconds, then ±10 % jitter (SPEC §4), so that
 * tasks that failed together do not come back together.
 */
export function retryDelayMs(input: RetryDelayInput): number {
  const { retryNumber, baseSeconds, maxSeconds, random, retryAfterMs = 0 } = input;
  // 2 ** 1100 is Infinity: fine with min, but not with a base of 0.
  const exponential = baseSeconds === 0 ? 0 : baseSeconds * 2 ** (Math.max(1, retryNumber) - 1);
  const clampedMs = Math.min(exponential, maxSeconds) * 1_000;
  const jitteredMs = clampedMs * (1 + JITTER * (2 * random() - 1));
  const askedMs = Number.isNaN(retryAfterMs) ? 0 : Math.min(retryAfterMs, maxSeconds * 1_000);
  return Math.round(Math.max(0, jitteredMs, askedMs));
}

/** What decides about a failed attempt. */
interface FailureInput extends Omit<RetryDelayInput, 'retryNumber'> {
  /** Attempts charged to the task so far, this one included. */
  charged: number;
  /** Retries after the first attempt; 0 means one attempt. */
  maxRetries: number;
  /** False when the error says that trying again cannot help. */
  retryable: boolean;
}

/** What follows a failed attempt: another one later, or the end of the task (and, with the DLQ on, an entry there). */
type AfterFailure =
  | { kind: 'retry'; retryNumber: number; delayMs: number }
  | { kind: 'bury'; reason: 'exhausted' | 'not_retryable' };

/** Decides what follows a failed attempt. Attempts lost with their worker are not charged and do not come here. */
export function afterFailure(input: FailureInput): AfterFailure {
  if (!input.retryable) return { kind: 'bury', reason: 'not_retryable' };
  if (input.charged > input.maxRetries) return { kind: 'bury', reason: 'exhausted' };
  const retryNumber = Math.max(1, input.charged);
  return { kind: 'retry', retryNumber, delayMs: retryDelayMs({ ...input, retryNumber }) };
}
