/**
 * What the worker and its task host say to each other over the IPC channel.
 *
 * The host is a small Node process that starts, watches and kills the processes of shell and python attempts. It acts
 * by itself when the worker cannot: when the channel closes (worker dead) or the trusted time runs out (worker
 * stopped, or cut off from the database), it kills everything and exits.
 */
import type { LogPiece } from '../../domain/log-piece.js';
import type { Outcome } from '../../domain/outcome.js';
import type { AttemptWork, StopReason } from '../executor.js';

export interface HostSettings {
  /** Names this host: its directory under the work directory, and the start of its attempts' cookies. */
  hostId: string;
  /** Absolute; holds one directory per attempt. Made and removed by the host. */
  directory: string;
  killGraceSeconds: number;
  /** The few variables every task process gets (PATH, LANG, TZ …). */
  environment: Record<string, string>;
  taskUser: { uid: number; gid: number } | null;
  /** Most bytes of one attempt's log; null when nobody keeps logs. */
  logMaxBytes: number | null;
}

/** A python attempt also needs the interpreter, which the worker finds once. */
export interface HostAttempt {
  work: AttemptWork;
  /** Absolute path of the interpreter; null for shell. */
  python: string | null;
}

export type ToHost =
  | { kind: 'settings'; settings: HostSettings }
  | { kind: 'run'; attempt: HostAttempt }
  | { kind: 'stop'; attemptId: string; reason: StopReason }
  /** The worker may be trusted until this moment of the machine's monotonic clock, in milliseconds. */
  | { kind: 'keepalive'; untilMs: number };

export type FromHost =
  | { kind: 'ready' }
  /** Lets the worker find the attempt's processes when the host dies. */
  | { kind: 'started'; attemptId: string; pid: number }
  /** What the attempt has written since the last one; all of it comes before `ended`. */
  | { kind: 'log'; attemptId: string; pieces: LogPiece[] }
  | { kind: 'ended'; attemptId: string; outcome: Outcome };

/** The variable by which the processes of an attempt are found again: `<hostId>/<attemptId>`. */
export const COOKIE_VARIABLE = 'DTS_COOKIE';

export function cookieOf(hostId: string, attemptId: string): string {
  return `${hostId}/${attemptId}`;
}
