import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EVENT_TYPES } from '../../../src/domain/events.js';
import {
  JOB_STATUSES,
  JOB_TRANSITIONS,
  type JobEvent,
  type JobStatus,
  OPEN_JOB_STATUSES,
} from '../../../src/domain/job-state.js';

const TRANSITIONS = Object.entries(JOB_TRANSITIONS) as [
  JobEvent,
  { from: readonly JobStatus[]; to: JobStatus },
][];
const isOpen = (status: JobStatus): boolean => (OPEN_JOB_STATUSES as readonly JobStatus[]).includes(status);

describe('The states of a job', () => {
  it('are all known to the table, and the table knows no other', () => {
    for (const [, { from, to }] of TRANSITIONS) {
      for (const status of [...from, to]) expect(JOB_STATUSES).toContain(status);
      expect(from).not.toContain(to);
    }
  });

  it('can all be reached from scheduled or queued, in which jobs are born', () => {
    const reached = new Set<JobStatus>(['scheduled', 'queued']);
    for (let size = 0; size !== reached.size;) {
      size = reached.size;
      for (const [, { from, to }] of TRANSITIONS)
        if (from.some((status) => reached.has(status))) reached.add(to);
    }
    expect([...reached].sort()).toEqual([...JOB_STATUSES].sort());
  });

  it('that are ended are left by a reopening only, and only failed is', () => {
    const leaving = TRANSITIONS.filter(([, { from }]) => from.some((status) => !isOpen(status)));
    expect(leaving.map(([event, { from }]) => [event, from])).toEqual([['reopen', ['failed']]]);
  });

  it('that are open can all be cancelled', () => {
    expect(new Set(JOB_TRANSITIONS.cancel.from)).toEqual(new Set(OPEN_JOB_STATUSES));
  });

  it('that are ended each have an event that tells of them', () => {
    for (const status of JOB_STATUSES.filter((one) => !isOpen(one)))
      expect(EVENT_TYPES).toContain(`job.${status}`);
  });

  it('end once between two reopenings, on every walk through the table', () => {
    const walks = fc.array(fc.constantFrom(...TRANSITIONS), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(fc.constantFrom<JobStatus>('scheduled', 'queued'), walks, (born, events) => {
        let status: JobStatus = born;
        let ends = 0;
        let reopenings = 0;
        for (const [event, { from, to }] of events) {
          if (!from.includes(status)) continue;
          status = to;
          if (event === 'reopen') reopenings += 1;
          else if (!isOpen(status)) ends += 1;
          expect(ends - reopenings).toBe(isOpen(status) ? 0 : 1);
        }
      }),
    );
  });
});
