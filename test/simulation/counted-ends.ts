import { EndedTally } from '../../src/engine/ended-tally.js';

/** The tally of ended attempts without its timer: a number. */
export class CountedEnds extends EndedTally {
  readonly ends = { succeeded: 0, failed: 0 };

  constructor() {
    super({ add: async () => undefined } as never);
  }

  override count(outcome: 'succeeded' | 'failed'): void {
    this.ends[outcome] += 1;
  }
}
