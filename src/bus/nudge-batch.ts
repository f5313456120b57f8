import type { Priority } from '../domain/priority.js';
import type { Nudge } from './bus.js';

type Events = Extract<Nudge, { kind: 'events' }>;

/**
 * Nudges on their way out, with what can be said in one said in one: priorities and attempt ids are united, and
 * ranges of events of a job that touch or overlap become one range.
 */
export class NudgeBatch {
  private readonly priorities = new Set<Priority>();
  private readonly bundles = new Set<Priority>();
  private readonly attemptIds = new Set<string>();
  private readonly ranges: Events[] = [];
  private readonly lastRange = new Map<string, Events>();
  private readonly others: Nudge[] = [];

  get size(): number {
    return (
      (this.priorities.size && 1) + (this.attemptIds.size && 1) + this.ranges.length + this.others.length
    );
  }

  /** Whether work waits for it, and not only somebody who watches. */
  get isUrgent(): boolean {
    return this.priorities.size > 0 || this.attemptIds.size > 0 || this.others.length > 0;
  }

  add(nudge: Nudge): void {
    switch (nudge.kind) {
      case 'ready':
        for (const priority of nudge.priorities) this.priorities.add(priority);
        for (const priority of nudge.bundles ?? []) this.bundles.add(priority);
        return;
      case 'stop':
        for (const attemptId of nudge.attemptIds) this.attemptIds.add(attemptId);
        return;
      case 'events':
        this.addRange(nudge);
        return;
      case 'worker':
        this.others.push(nudge);
        return;
    }
  }

  /** All of it: what wakes work first. */
  nudges(): Nudge[] {
    const all: Nudge[] = [];
    if (this.priorities.size > 0) {
      const bundles = this.bundles.size > 0 ? { bundles: [...this.bundles] } : {};
      all.push({ kind: 'ready', priorities: [...this.priorities], ...bundles });
    }
    if (this.attemptIds.size > 0) all.push({ kind: 'stop', attemptIds: [...this.attemptIds] });
    return [...all, ...this.ranges, ...this.others];
  }

  private addRange(nudge: Events): void {
    const last = this.lastRange.get(nudge.runId);
    if (last && nudge.from <= last.to + 1 && last.from <= nudge.to + 1) {
      last.from = Math.min(last.from, nudge.from);
      last.to = Math.max(last.to, nudge.to);
      return;
    }
    const range = { ...nudge };
    this.ranges.push(range);
    this.lastRange.set(nudge.runId, range);
  }
}
