import type { Schemas } from '../../../client/index.js';
import type { Random } from '../random.js';
import type { RestlessClient } from './restless-client.js';

type Entry = Pick<Schemas['DlqEntry'], 'id' | 'run_id' | 'task_name' | 'dag_name'>;
type Deed = 'replay' | 'resolve' | 'close' | 'leave';

/** After so many replays of one task it is resolved or left, so that everything ends. */
const MAX_REPLAYS = 2;

/**
 * The people who look after the DLQ: each pending entry of the workload's DAGs is replayed, resolved with an output,
 * closed, or left, which follows from the seed and the id of the entry.
 */
export class DlqDesk {
  private readonly decided = new Set<number>();
  private readonly replays = new Map<string, number>();

  constructor(
    private readonly client: RestlessClient,
    private readonly random: Random,
    private readonly isOurs: (dagName: string) => boolean,
  ) {}

  /** Looks at what has come of late. @returns whether anything was done */
  async work(): Promise<boolean> {
    return await this.decideAll(await this.pending((page) => page.some((entry) => this.isFresh(entry))));
  }

  /** Looks at everything that is pending. @returns whether anything was done */
  async workThrough(): Promise<boolean> {
    return await this.decideAll(await this.pending(() => true));
  }

  private async decideAll(entries: readonly Entry[]): Promise<boolean> {
    const fresh = entries.filter((entry) => this.isFresh(entry));
    await Promise.all(fresh.map(async (entry) => await this.decide(entry)));
    return fresh.length > 0;
  }

  private isFresh(entry: Entry): boolean {
    return this.isOurs(entry.dag_name) && !this.decided.has(entry.id);
  }

  private async decide(entry: Entry): Promise<void> {
    const random = this.random.fork(`entry ${entry.id}`);
    const deed = this.deedFor(entry, random);
    if (deed !== 'leave') {
      const path = `/workers/dlq/${entry.id}/${deed === 'replay' ? 'replay' : 'resolve'}`;
      const body =
        deed === 'replay' ? undefined : { note: deed, ...(deed === 'resolve' ? { output: 'by hand' } : {}) };
      const act = async (): Promise<void> => {
        const { status } = await this.client.send({ method: 'POST', path, body }, 0.1);
        // 409: an earlier try whose answer was lost, the other one of two, or the job was cancelled meanwhile.
        if (status !== 200 && status !== 409) throw new Error(`POST ${path} answers ${status}`);
      };
      await Promise.all(random.chance(0.2) ? [act(), act()] : [act()]);
    }
    this.decided.add(entry.id);
  }

  private deedFor(entry: Entry, random: Random): Deed {
    const drawn = random.next();
    if (drawn < 0.55) {
      const task = `${entry.run_id} ${entry.task_name}`;
      const replays = (this.replays.get(task) ?? 0) + 1;
      this.replays.set(task, replays);
      if (replays <= MAX_REPLAYS) return 'replay';
    }
    if (drawn < 0.75) return 'resolve';
    return drawn < 0.85 ? 'close' : 'leave';
  }

  /** Newest first; after each page it is asked whether to go on. */
  private async pending(goesOn: (page: readonly Entry[]) => boolean): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (let cursor: string | null = null; ;) {
      const path = `/workers/dlq/entries?status=pending&limit=200${cursor === null ? '' : `&cursor=${cursor}`}`;
      const { status, body } = await this.client.send({ method: 'GET', path });
      if (status !== 200) throw new Error(`GET ${path} answers ${status}: ${JSON.stringify(body)}`);
      const page = body as Schemas['DlqPage'];
      entries.push(...page.items);
      if (page.next_cursor === null || !goesOn(page.items)) return entries;
      cursor = page.next_cursor;
    }
  }
}
