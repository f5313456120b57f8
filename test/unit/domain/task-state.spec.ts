import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EVENT_TYPES } from '../../../src/domain/events.js';
import {
  OPEN_TASK_STATUSES,
  TASK_STATUSES,
  TASK_TRANSITIONS,
  type TaskEvent,
  type TaskStatus,
} from '../../../src/domain/task-state.js';

const TRANSITIONS = Object.entries(TASK_TRANSITIONS) as [
  TaskEvent,
  { from: readonly TaskStatus[]; to: TaskStatus },
][];
const isOpen = (status: TaskStatus): boolean =>
  (OPEN_TASK_STATUSES as readonly TaskStatus[]).includes(status);

/** The only events that leave a status in which a task has ended. */
const BACK: readonly TaskEvent[] = ['replay', 'resolve', 'revive'];
/** No event yet: the place of trigger rules. */
const UNREACHED: readonly TaskStatus[] = ['skipped'];

describe('The states of a task', () => {
  it('are all known to the table, and the table knows no other', () => {
    for (const [, { from, to }] of TRANSITIONS) {
      expect(from.length).toBeGreaterThan(0);
      for (const status of [...from, to]) expect(TASK_STATUSES).toContain(status);
      expect(new Set(from).size).toBe(from.length);
      expect(from).not.toContain(to);
    }
  });

  it('can all be reached from blocked', () => {
    const reached = new Set<TaskStatus>(['blocked']);
    for (let size = 0; size !== reached.size;) {
      size = reached.size;
      for (const [, { from, to }] of TRANSITIONS)
        if (from.some((status) => reached.has(status))) reached.add(to);
    }
    expect(TASK_STATUSES.filter((status) => !reached.has(status))).toEqual(UNREACHED);
  });

  it('that are ended are left only by replay, resolve and revive', () => {
    for (const [event, { from }] of TRANSITIONS) {
      expect(from.some((status) => !isOpen(status))).toBe(BACK.includes(event));
    }
  });

  it('that are open can all be cancelled, and no other', () => {
    expect(new Set(TASK_TRANSITIONS.cancel.from)).toEqual(new Set(OPEN_TASK_STATUSES));
  });

  it('begin to run by a claim only, which needs a queued task', () => {
    const toRunning = TRANSITIONS.filter(([, { to }]) => to === 'running').map(([event]) => event);
    expect(toRunning).toEqual(['claim']);
    expect(TASK_TRANSITIONS.claim.from).toEqual(['queued']);
  });

  it('each have an event that tells of them, but blocked, which is how tasks are born', () => {
    const name: Partial<Record<TaskStatus, string>> = { running: 'started' };
    for (const status of TASK_STATUSES.filter((one) => one !== 'blocked')) {
      expect(EVENT_TYPES).toContain(`task.${name[status] ?? status}`);
    }
  });

  it('obey the rules of a life on every walk through the table', () => {
    const walks = fc.array(fc.constantFrom(...TRANSITIONS), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(walks, (events) => {
        let status: TaskStatus = 'blocked';
        let claims = 0;
        let results = 0;
        for (const [event, { from, to }] of events) {
          if (!from.includes(status)) continue;
          if (!isOpen(status)) expect(BACK).toContain(event);
          if (status === 'succeeded' || status === 'cancelled') throw new Error(`${event} left ${status}`);
          if (event === 'claim') claims += 1;
          if (['succeed', 'retry', 'bury', 'requeue'].includes(event)) results += 1;
          status = to;
          // One attempt is open exactly while the task runs (a cancel takes it away without a result).
          if (event !== 'cancel') expect(claims - results).toBe(status === 'running' ? 1 : 0);
        }
      }),
    );
  });
});
