import type { Json } from '../domain/json.js';
import type { Outcome } from '../domain/outcome.js';
import type { TaskType } from '../domain/task-spec.js';

/** Everything an executor needs to run one attempt; its templates are rendered already. */
export interface AttemptWork {
  /** Also the name of the attempt's directory: letters, digits, `.`, `_` and `-` only. */
  attemptId: string;
  runId: string;
  dagName: string;
  taskName: string;
  taskType: TaskType;
  /** Number of this dispatch, from 1. */
  attempt: number;
  config: { [key: string]: Json };
  params: Json;
  /** Outputs of the task's dependencies, by task name. */
  inputs: Record<string, Json>;
  /** RFC 3339; null for a job that no tick made. */
  scheduledFor: string | null;
  /** How long the attempt may take; the executor starts this clock itself. */
  timeoutSeconds: number;
}

/** Why a running attempt is stopped; travels as `AbortSignal.reason`. */
export type StopReason = (typeof STOP_REASONS)[number];
const STOP_REASONS = ['cancelled', 'timeout', 'shutdown', 'lease_lost'] as const;

/** Reads a signal's reason; a foreign one counts as a cancel. */
export function stopReasonOf(signal: AbortSignal): StopReason {
  return STOP_REASONS.find((reason) => reason === signal.reason) ?? 'cancelled';
}

/** Runs the attempts of one task type. */
export interface Executor {
  /**
   * Runs one attempt to its end. Never throws: whatever goes wrong is an outcome. Settles only when nothing of the
   * attempt is left running, also after `signal` aborts (its `reason` is a {@link StopReason}).
   */
  execute(work: AttemptWork, signal: AbortSignal): Promise<Outcome>;
}
