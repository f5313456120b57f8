import type { JournalLine } from './arena.js';

/** Which of the engine's statements came by, and at which a process crashed or lost an answer. */
export interface Coverage {
  /** Statements (and commit, enqueue, publish) that were run at all. */
  seen: string[];
  /** Statements that nobody ran. */
  unseen: string[];
  crashedBefore: Record<string, number>;
  crashedAfter: Record<string, number>;
  /** Errors and stalls, by `<action> <point>`. */
  others: Record<string, number>;
}

export function coverageOf(journal: readonly JournalLine[], statements: readonly string[]): Coverage {
  const coverage: Coverage = { seen: [], unseen: [], crashedBefore: {}, crashedAfter: {}, others: {} };
  const seen = new Set<string>();
  for (const { what, point } of journal) {
    const [side, name] = point.split(':');
    if (what === 'seen') seen.add(name);
    else if (what === 'kill') add(side === 'before' ? coverage.crashedBefore : coverage.crashedAfter, name);
    else add(coverage.others, `${what} ${point}`);
  }
  return {
    ...coverage,
    seen: [...seen].sort(),
    unseen: statements.filter((name) => !seen.has(name)),
  };
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
