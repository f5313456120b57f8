import type { Json } from './json.js';

/** Every type of event the product emits; the contract's list, in the order of a life. */
export const EVENT_TYPES = [
  'job.created',
  'job.started',
  'job.succeeded',
  'job.failed',
  'job.cancelled',
  'task.queued',
  'task.started',
  'task.succeeded',
  'task.retrying',
  'task.failed',
  'task.skipped',
  'task.upstream_failed',
  'task.cancelled',
  'dlq.added',
  'dlq.replayed',
  'dlq.resolved',
  'worker.online',
  'worker.draining',
  'worker.lost',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** The one envelope of every live stream and of the stored history; `seq` is gapless per job, from 1. */
export interface EventEnvelope {
  seq: number;
  type: EventType;
  run_id: string | null;
  dag_id: number | null;
  task: string | null;
  attempt: number | null;
  /** RFC 3339 UTC with milliseconds. */
  at: string;
  data: Json;
}

/** An event of a worker: belongs to no job, so it has no run and its `seq` is 0. */
export interface WorkerEvent extends EventEnvelope {
  type: 'worker.online' | 'worker.draining' | 'worker.lost';
  run_id: null;
  seq: 0;
}
