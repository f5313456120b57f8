import { PRIORITIES, type Priority } from '../../../src/domain/priority.js';
import type { Rule } from './case-file.js';
import type { Finding, History } from './history.js';

/**
 * So many claims of other classes may come in a row, and so much time go by, while a task of a class waits. Each worker
 * gives a class one of 16 fetches (see queue/slot-allocator.ts), but a slot may be kept for a chain of tasks, there are
 * several workers, and an emptied queue is filled again within seconds only.
 */
const MAX_PASSED_OVER = 500;
const MAX_PASSED_OVER_US = 20_000_000;

/** How long a class was passed over: claims of others between two of its own while a task of it waited. */
export interface PassedOver {
  priority: Priority;
  claims: number;
  forUs: number;
}

/** I14: every class moves, however busy the higher ones are. How long one task waits is a matter of the load. */
export const everyClassMoves: Rule = (history) =>
  passedOver(history)
    .filter(({ claims, forUs }) => claims > MAX_PASSED_OVER && forUs > MAX_PASSED_OVER_US)
    .map(({ priority, claims, forUs }): Finding => {
      const what = `tasks of class ${priority} waited for ${forUs} µs and ${claims} claims of other classes`;
      return { invariant: 'I14', runId: null, what };
    });

/** Of each class the time when most claims of others went before. */
export function passedOver(history: History): PassedOver[] {
  const classes = new Map(PRIORITIES.map((priority) => [priority, new WaitingClass(priority)]));
  const priorities = new Map(history.jobs.map((job) => [job.runId, job.priority]));
  const steps = history.attempts.flatMap(({ runId, queuedAt, startedAt }) => {
    const priority = priorities.get(runId) ?? 'normal';
    return [
      { at: queuedAt, isClaim: false, priority },
      { at: startedAt, isClaim: true, priority },
    ];
  });
  // What is queued at a moment goes before what is claimed at it.
  steps.sort((one, other) => one.at - other.at || Number(one.isClaim) - Number(other.isClaim));
  for (const { at, isClaim, priority } of steps) {
    if (!isClaim) classes.get(priority)!.queue(at);
    else for (const one of classes.values()) one.claim(at, priority);
  }
  return [...classes.values()].map((one) => one.worst);
}

class WaitingClass {
  readonly worst: PassedOver;
  private waiting = 0;
  private claims = 0;
  private since = 0;

  constructor(private readonly priority: Priority) {
    this.worst = { priority, claims: 0, forUs: 0 };
  }

  queue(at: number): void {
    if (this.waiting === 0) this.begin(at);
    this.waiting += 1;
  }

  claim(at: number, priority: Priority): void {
    if (priority === this.priority) {
      this.waiting -= 1;
      this.begin(at);
    } else if (this.waiting > 0) {
      this.claims += 1;
      if (this.claims > this.worst.claims)
        Object.assign(this.worst, { claims: this.claims, forUs: at - this.since });
    }
  }

  private begin(at: number): void {
    this.claims = 0;
    this.since = at;
  }
}
