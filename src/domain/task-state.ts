/**
 * The life of one task inside one job, as data.
 *
 * `from` is the only place that says which states an event may leave: the SQL guards, the diagram in the docs and the
 * test that tries every (state, event) pair against the database are all made from this table.
 *
 * blocked          waits for its upstream tasks; the last of them moves it on
 * queued           ready; has (or is owed, see the sweep) a message; a worker's claim moves it on
 * running          held by one lease; its worker's result, a cancel, or the reaper moves it on
 * retrying         failed, waits for `next_retry_at` without a slot; the scheduler's `wake` moves it on
 * succeeded, failed, skipped, upstream_failed, cancelled   ended; only a replay or resolve from the DLQ leaves them
 */
export const TASK_STATUSES = [
  'blocked',
  'queued',
  'running',
  'retrying',
  'succeeded',
  'failed',
  'skipped',
  'upstream_failed',
  'cancelled',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** States in which a task keeps its job open. */
export const OPEN_TASK_STATUSES = [
  'blocked',
  'queued',
  'running',
  'retrying',
] as const satisfies readonly TaskStatus[];

export interface Transition<Status extends string> {
  readonly from: readonly Status[];
  readonly to: Status;
  /** What happened, in the words of the docs. */
  readonly when: string;
}

export const TASK_TRANSITIONS = {
  queue: { from: ['blocked'], to: 'queued', when: 'its last open upstream succeeded, or its job started' },
  claim: { from: ['queued'], to: 'running', when: 'a worker took it and drew a lease' },
  succeed: { from: ['running'], to: 'succeeded', when: 'the holder of the lease reported success' },
  retry: { from: ['running'], to: 'retrying', when: 'the attempt failed and retries are left' },
  wake: { from: ['retrying'], to: 'queued', when: 'the stored retry time came' },
  requeue: { from: ['running'], to: 'queued', when: 'its worker died or drained; not charged' },
  bury: { from: ['running'], to: 'failed', when: 'attempts used up, or the error is not retryable' },
  doom: { from: ['blocked'], to: 'upstream_failed', when: 'a task above it failed' },
  cancel: {
    from: ['blocked', 'queued', 'running', 'retrying'],
    to: 'cancelled',
    when: 'its job was cancelled',
  },
  replay: { from: ['failed'], to: 'queued', when: 'its DLQ entry was replayed' },
  resolve: { from: ['failed'], to: 'succeeded', when: 'its DLQ entry was resolved with an output' },
  revive: {
    from: ['upstream_failed'],
    to: 'blocked',
    when: 'the failed task above it was replayed or resolved',
  },
} as const satisfies Record<string, Transition<TaskStatus>>;
export type TaskEvent = keyof typeof TASK_TRANSITIONS;
