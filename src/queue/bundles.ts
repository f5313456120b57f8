/**
 * A deep backlog travels in bundles: messages of queues of their own, each of which stands for exactly BUNDLE_SIZE
 * attempts of one class. Exactly, so that counting messages counts attempts. A bundle is as little binding as a message: who
 * fetches it and has no slot for some of its attempts gives each of those a message of its own.
 */
import type { Message } from './task-queue.js';

/** Attempts of one bundle. Below the slots that a worker has by default, so that an idle one has room for all of it. */
export const BUNDLE_SIZE = 8;

/** Longer than any attempt id. */
const MAX_ID_LENGTH = 100;

/** The data of a bundle's message. */
export interface BundleData {
  attempts: string[];
}

/** The messages, all of one class, as bundles, and those that are too few for one more. */
export function inBundles(messages: readonly Message[]): { bundles: string[][]; rest: Message[] } {
  const bundles: string[][] = [];
  let from = 0;
  for (; from + BUNDLE_SIZE <= messages.length; from += BUNDLE_SIZE)
    bundles.push(messages.slice(from, from + BUNDLE_SIZE).map(({ attemptId }) => attemptId));
  return { bundles, rest: messages.slice(from) };
}

/** The id of a bundle's message: that of its first attempt, so that the same bundle sent again is dropped. */
export function bundleId(attemptIds: readonly string[]): string {
  return `bundle.${attemptIds[0]}`;
}

/** What a bundle's message names, whoever wrote it; null when it is none of ours. */
export function attemptsOf(data: unknown): string[] | null {
  if (typeof data !== 'object' || data === null || !('attempts' in data)) return null;
  const { attempts } = data;
  if (!Array.isArray(attempts) || attempts.length === 0 || attempts.length > BUNDLE_SIZE) return null;
  const isId = (id: unknown): id is string => typeof id === 'string' && id.length <= MAX_ID_LENGTH;
  return attempts.every(isId) ? attempts : null;
}
