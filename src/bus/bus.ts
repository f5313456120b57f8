import type { WorkerEvent } from '../domain/events.js';
import type { Priority } from '../domain/priority.js';

/** Something other processes may want to look at now. Always after the commit, never the only copy of anything. */
export type Nudge =
  /** Messages were enqueued in these classes; and in these of them, in bundles as well. */
  | { kind: 'ready'; priorities: Priority[]; bundles?: Priority[] }
  /** The events `from` to `to` (inclusive) of a job are committed. */
  | { kind: 'events'; runId: string; dagId: number; from: number; to: number }
  /** Running attempts whose lease was taken away. */
  | { kind: 'stop'; attemptIds: string[] }
  /** A worker came, drains or is lost. */
  | { kind: 'worker'; event: WorkerEvent };

/**
 * Nudges between all processes of an installation: fast, coalesced, and lossy. Whoever listens must be able to
 * find out from PostgreSQL what a nudge would have told; `onReconnect` says when to do so.
 */
export abstract class Bus {
  /** Never throws, never blocks. This process hears it in a microtask, the others within milliseconds. */
  abstract publish(nudges: readonly Nudge[]): void;
  /** Calls the listener with every nudge, of this process or another; returns how to end that. */
  abstract subscribe(listener: (nudge: Nudge) => void): () => void;
  /**
   * Calls the listener whenever nudges of others may have been missed: each time this process's subscription is
   * made (also the first time), and when a peer could not publish for a while. Returns how to end that.
   */
  abstract onReconnect(listener: () => void): () => void;
}
