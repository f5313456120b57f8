import type { Transition } from './task-state.js';

/**
 * The life of one job, as data; see task-state.ts for how the table is used.
 *
 * scheduled   waits for `scheduled_for`; the scheduler's `release` moves it on
 * queued      has ready tasks, none has started; the first claim moves it on
 * running     at least one task has started; the end of its last open task moves it on
 * succeeded, failed, cancelled   ended; only a DLQ replay or resolve leaves `failed`
 */
export const JOB_STATUSES = ['scheduled', 'queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const JOB_TRIGGERS = ['manual', 'cron', 'backfill'] as const;
export type JobTrigger = (typeof JOB_TRIGGERS)[number];

export const JOB_TRANSITIONS = {
  release: { from: ['scheduled'], to: 'queued', when: 'its time came' },
  start: { from: ['queued'], to: 'running', when: 'its first task was claimed' },
  succeed: { from: ['running'], to: 'succeeded', when: 'its last open task ended and none failed' },
  fail: { from: ['running'], to: 'failed', when: 'its last open task ended and one failed' },
  cancel: { from: ['scheduled', 'queued', 'running'], to: 'cancelled', when: 'it was cancelled' },
  reopen: {
    from: ['failed'],
    to: 'running',
    when: 'a DLQ entry of it was replayed or resolved with an output',
  },
} as const satisfies Record<string, Transition<JobStatus>>;
export type JobEvent = keyof typeof JOB_TRANSITIONS;

/** States in which something of the job may still happen by itself. */
export const OPEN_JOB_STATUSES = ['scheduled', 'queued', 'running'] as const satisfies readonly JobStatus[];
