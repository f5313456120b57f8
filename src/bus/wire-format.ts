/**
 * What travels between processes: JSON `{ "o": origin, "n": [nudge, …], "m": 1? }`, where `m` says that earlier
 * nudges of this origin were lost.
 */
import { isPriority } from '../domain/priority.js';
import type { Nudge } from './bus.js';

export interface WireMessage {
  origin: string;
  nudges: Nudge[];
  /** Earlier nudges of this origin did not get out. */
  missed: boolean;
}

/** Attempt ids per nudge, so that one always fits into a payload of PostgreSQL. */
const IDS_PER_NUDGE = 100;

/** The message as payloads of at most `maxBytes` each; `oversized` are nudges that fit into none. */
export function encode(message: WireMessage, maxBytes: number): { payloads: string[]; oversized: Nudge[] } {
  const head = `{"o":${JSON.stringify(message.origin)},${message.missed ? '"m":1,' : ''}"n":[`;
  const tail = ']}';
  const room = maxBytes - Buffer.byteLength(head) - tail.length;
  const payloads: string[] = [];
  const oversized: Nudge[] = [];
  let parts: string[] = [];
  let used = 0;
  const close = () => {
    payloads.push(head + parts.join(',') + tail);
    parts = [];
    used = 0;
  };
  for (const nudge of message.nudges.flatMap(inPieces)) {
    const text = JSON.stringify(nudge);
    const bytes = Buffer.byteLength(text);
    if (bytes > room) {
      oversized.push(nudge);
      continue;
    }
    if (parts.length > 0 && used + 1 + bytes > room) close();
    used += bytes + (parts.length > 0 ? 1 : 0);
    parts.push(text);
  }
  if (parts.length > 0 || (message.missed && payloads.length === 0)) close();
  return { payloads, oversized };
}

/** The message of a payload; nudges of a kind or shape not known here are left out. @throws on anything else */
export function decode(payload: string): WireMessage {
  const value: unknown = JSON.parse(payload);
  if (!isRecord(value) || typeof value['o'] !== 'string' || !Array.isArray(value['n']))
    throw new Error('not a message of the bus');
  const nudges = (value['n'] as unknown[]).filter(isNudge);
  return { origin: value['o'], nudges, missed: value['m'] === 1 };
}

function inPieces(nudge: Nudge): Nudge[] {
  if (nudge.kind !== 'stop') return [nudge];
  const pieces: Nudge[] = [];
  for (let from = 0; from < nudge.attemptIds.length; from += IDS_PER_NUDGE)
    pieces.push({ kind: 'stop', attemptIds: nudge.attemptIds.slice(from, from + IDS_PER_NUDGE) });
  return pieces;
}

function isNudge(value: unknown): value is Nudge {
  if (!isRecord(value)) return false;
  switch (value['kind']) {
    case 'ready':
      return [value['priorities'], value['bundles'] ?? []].every(
        (list) => Array.isArray(list) && list.every(isPriority),
      );
    case 'events':
      return (
        typeof value['runId'] === 'string' &&
        [value['dagId'], value['from'], value['to']].every((number) => Number.isSafeInteger(number))
      );
    case 'stop':
      return Array.isArray(value['attemptIds']) && value['attemptIds'].every((id) => typeof id === 'string');
    case 'worker':
      return isRecord(value['event']) && typeof value['event']['type'] === 'string';
    default:
      return false;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
