/**
 * Groups what arrives while a batch is on its way.
 *
 * States: idle → (add) → gathering for the rest of this turn of the event loop → running one batch → again while
 * anything waits → idle. One batch runs at a time, so there is no timer: an idle batcher adds no latency, a busy one
 * makes batches exactly as large as the database is slow.
 *
 * A batch that fails as a whole is split in halves until the culprit is alone, so that one bad item cannot fail its
 * neighbours; a fault that is not the items' own (`isShared`) is given to all of them at once.
 */
export interface BatcherSettings<Item, Answer> {
  /** Handles a batch; answers in the order of the items. */
  run: (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** Most items of one batch. */
  maxSize: number;
  /** Where items differ in size: what one weighs, and the weight at which a batch is closed. */
  weight?: { of: (item: Item) => number; max: number };
  /** True for faults that splitting cannot help, such as a database that is away. */
  isShared: (error: unknown) => boolean;
}

interface Waiting<Item, Answer> {
  item: Item;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

export class Batcher<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private working: Promise<void> | null = null;

  constructor(private readonly settings: BatcherSettings<Item, Answer>) {}

  /** Resolves with the item's own answer once the batch it went into is decided. */
  async add(item: Item): Promise<Answer> {
    return await new Promise<Answer>((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.working ??= this.work();
    });
  }

  /** Resolves when nothing is waiting or running. */
  async settle(): Promise<void> {
    while (this.working !== null) await this.working;
  }

  private async work(): Promise<void> {
    // What else arrives in this turn of the loop belongs to the first batch.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      await this.runBatch(this.waiting.splice(0, this.nextSize()));
    }
    this.working = null;
  }

  /** How many of those waiting go together; always at least one. */
  private nextSize(): number {
    const { maxSize, weight } = this.settings;
    if (weight === undefined) return maxSize;
    let size = 0;
    for (let total = 0; size < Math.min(maxSize, this.waiting.length) && total < weight.max; size += 1) {
      total += weight.of(this.waiting[size].item);
    }
    return size;
  }

  private async runBatch(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.settings.run(batch.map((entry) => entry.item));
      batch.forEach((entry, index) => entry.resolve(answers[index]));
    } catch (error) {
      if (batch.length === 1 || this.settings.isShared(error)) {
        for (const entry of batch) entry.reject(error);
        return;
      }
      const middle = batch.length >> 1;
      await this.runBatch(batch.slice(0, middle));
      await this.runBatch(batch.slice(middle));
    }
  }
}
