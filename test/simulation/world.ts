import type fc from 'fast-check';
import type { Config } from '../../src/config/config.js';
import type { TaskSpec } from '../../src/domain/task-spec.js';
import type { Claim } from '../../src/engine/claim-tasks.js';
import type { Statement } from '../../src/persistence/sql-database.js';
import { Chance } from './chance.js';
import { MemoryDatabase, type MemoryTransaction } from './memory-database.js';
import { addDag } from './model/memory-installation.js';
import { SimulatedProcess } from './simulated-process.js';
import { SimulatedQueue } from './simulated-queue.js';
import { Violation, Witness } from './witness.js';

/** What of the course of things is drawn besides the order of events. */
export interface Weather {
  seed: number;
  /** How likely a call fails. */
  faults: number;
  /** How likely a message is lost, or comes twice. */
  unreliability: number;
  /** Whether the first task of the last DAG kills whoever runs it. */
  hasPoison: boolean;
}

export type Fault = 'none' | 'refused' | 'answer lost';

/** Ticks of the DAGs that have any: one each so many milliseconds. */
export const TICK_MS = 30_000;

/**
 * A whole installation on one clock: a database, a queue and several processes, whose every call waits for the
 * scheduler of fast-check to say that it arrives. Nothing here depends on time or chance that is not drawn from a seed.
 */
export class World {
  readonly memory = new MemoryDatabase();
  readonly witness = new Witness();
  readonly queue: SimulatedQueue;
  readonly processes: SimulatedProcess[] = [];
  private readonly chance: Chance;
  private faults: number;
  /** What is under way, and what of it failed in a way that nobody expects. */
  private readonly underWay = new Set<Promise<void>>();
  private failure: Error | null = null;
  private births = 0;
  private readonly poisonedDag: number;

  constructor(
    readonly scheduler: fc.Scheduler,
    readonly config: Config,
    dags: readonly TaskSpec[][],
    weather: Weather,
  ) {
    this.chance = new Chance(weather.seed);
    this.faults = weather.faults;
    this.queue = new SimulatedQueue(this.chance);
    this.queue.unreliability = weather.unreliability;
    this.poisonedDag = weather.hasPoison ? dags.length : 0;
    dags.forEach((tasks, place) => {
      const firstTick = place === 0 ? this.memory.tables.now + TICK_MS : null;
      addDag(this.memory, tasks, firstTick);
    });
    for (const name of ['api', 'scheduler 1', 'scheduler 2', 'worker 1', 'worker 2', 'worker 3'])
      this.processes.push(new SimulatedProcess(name, this));
  }

  /** The next number of the world's chance, for what in the engine is left to chance. */
  random(): number {
    return this.chance.next();
  }

  drawFault(): Fault {
    if (!this.chance.happens(this.faults)) return 'none';
    return this.chance.happens(0.5) ? 'refused' : 'answer lost';
  }

  /** From here on every call arrives. */
  calm(): void {
    this.faults = 0;
    this.queue.unreliability = 0;
  }

  async execute(
    statement: Statement,
    params: readonly unknown[],
    transaction: MemoryTransaction | null,
  ): Promise<object[]> {
    const rows = await this.memory.run(statement, params, transaction);
    if (statement.name === 'dag-advance' && rows.length > 0 && params[2] instanceof Date)
      this.witness.cursors.push({ dagId: params[0] as number, to: params[2].getTime() });
    return rows;
  }

  /** Whether this task kills the process that runs it. */
  isPoison({ dagVersionId, idx }: Claim): boolean {
    return dagVersionId === this.poisonedDag && idx === 0;
  }

  /** A process ends from one moment to the next, and another takes its place. */
  crash(process: SimulatedProcess): void {
    process.crash();
    this.restart(this.processes.indexOf(process));
  }

  /** Puts a new process in the place of one that is gone. */
  private restart(place: number): void {
    this.births += 1;
    const { name } = this.processes[place];
    this.processes[place] = new SimulatedProcess(
      `${name.replace(/ again.*/, '')} again ${this.births}`,
      this,
    );
  }

  /**
   * Lets a process do something meanwhile. What fails for want of the database or the queue was tried, and that is all;
   * anything else is a fault.
   */
  begin(work: () => Promise<unknown>): void {
    const tracked: Promise<void> = work()
      .catch((error: unknown) => {
        const isExpected =
          error instanceof Error && /Connection terminated|queue is away/.test(error.message);
        if (!isExpected) this.failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .then(() => void this.underWay.delete(tracked));
    this.underWay.add(tracked);
  }

  /** Lets so many calls or answers arrive, in an order that the scheduler draws. */
  async goOn(arrivals: number): Promise<void> {
    for (let left = arrivals; left > 0 && (await this.isBusy()); left -= 1) await this.scheduler.waitNext(1);
    await this.isBusy();
  }

  /** Until nothing is on its way any more. */
  async comeToRest(): Promise<void> {
    for (let arrivals = 0; await this.isBusy(); arrivals += 1) {
      if (arrivals > 50_000) throw new Violation('The processes do not come to rest');
      await this.scheduler.waitNext(1);
    }
  }

  /** Lets everybody do what they do at once. @returns whether any call is on its way */
  private async isBusy(): Promise<boolean> {
    // A batcher takes a turn of the loop to gather, which may end behind ours.
    for (let turns = 0; turns < 2; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.failure !== null) throw this.failure;
      if (this.scheduler.count() > 0) return true;
    }
    return false;
  }
}
