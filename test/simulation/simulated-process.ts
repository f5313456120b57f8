import { randomUUID } from 'node:crypto';
import { parseAttemptId } from '../../src/domain/attempt-id.js';
import type { Outcome } from '../../src/domain/outcome.js';
import type { Claim } from '../../src/engine/claim-tasks.js';
import { TickStore } from '../../src/persistence/tick.store.js';
import { CronTicks } from '../../src/scheduler/cron-ticks.js';
import { type EngineVerbs, verbsOver } from '../support/engine.js';
import { CountedEnds } from './counted-ends.js';
import { ProcessDatabase } from './process-database.js';
import { DeafBus, ProcessQueue } from './simulated-queue.js';
import type { World } from './world.js';

const LEASE_SECONDS = 15;
const UNKNOWN_AFTER_SECONDS = 10;

/**
 * One process of the installation: the real engine with its batchers and caches, and a worker as src/runtime has it, but
 * for one thing: it never stops trusting itself. What protects against a zombie here is the database alone.
 */
export class SimulatedProcess {
  isDead = false;
  workerId: string | null = null;
  readonly verbs: EngineVerbs;
  readonly ticks: CronTicks;
  /** What it runs, by attempt. */
  readonly running = new Map<string, Claim>();
  private readonly database: ProcessDatabase;

  constructor(
    readonly name: string,
    private readonly world: World,
  ) {
    this.database = new ProcessDatabase(world, this);
    const database = this.database.asSqlDatabase();
    const queue = new ProcessQueue(world.queue, this, (attemptIds) =>
      world.witness.enqueued(attemptIds, world.memory.tables),
    );
    this.verbs = verbsOver(
      database,
      queue,
      new DeafBus(),
      new CountedEnds(),
      world.config,
      () => world.memory.tables.now,
    );
    this.ticks = new CronTicks(new TickStore(database), this.verbs.startJobs);
  }

  /** It is gone from one moment to the next. What it has sent may still arrive. */
  crash(): void {
    this.isDead = true;
    this.running.clear();
    this.database.hangUp();
  }

  /** One call over a network: there, carried out or not, and back. A process that is gone hears nothing any more. */
  async call<Result>(what: string, carryOut: () => Promise<Result>, away: () => Error): Promise<Result> {
    const { scheduler } = this.world;
    const fault = this.world.drawFault();
    try {
      await scheduler.schedule(Promise.resolve(), `${this.name} → ${what}`);
      if (fault === 'refused' || (this.isDead && fault === 'none')) throw away();
      const result = await carryOut();
      await scheduler.schedule(Promise.resolve(), `${this.name} ← ${what}`);
      if (fault === 'answer lost') throw away();
      return result;
    } finally {
      if (this.isDead) await new Promise(() => undefined);
    }
  }

  async register(): Promise<void> {
    const id = randomUUID();
    await this.verbs.leases.register(
      { id, hostname: this.name, pid: 1, slots: 10, version: '0' },
      LEASE_SECONDS,
    );
    this.workerId = id;
  }

  /** A message has come. */
  async deliver(attemptId: string): Promise<void> {
    if (this.workerId === null) return;
    const claim = await this.verbs.claimTasks.claim(parseAttemptId(attemptId)!, this.workerId);
    if (claim !== null) this.run(claim);
  }

  /** Reports the end of what it runs; what could not be reported is reported again later. */
  async finish(claim: Claim, outcome: Outcome, keepsSlot: boolean): Promise<void> {
    const keeper = keepsSlot ? claim.workerId : null;
    const { answer, next } = await this.verbs.finishTasks.finishAndKeep(claim, outcome, keeper);
    this.world.witness.reported(claim, outcome, answer);
    this.running.delete(claim.attemptId);
    if (next !== null) this.run(next);
  }

  /** Hands back what it runs, as a worker that stops does. */
  async handBack(claim: Claim): Promise<void> {
    await this.verbs.requeueTasks.requeue([{ ...claim, outcome: 'drained' }]);
    this.running.delete(claim.attemptId);
  }

  /** As Worker.heartbeat. */
  async heartbeat(): Promise<void> {
    const { leases, requeueTasks } = this.verbs;
    const id = this.workerId;
    if (id === null) return await this.register();
    if (!(await leases.renew(id, LEASE_SECONDS))) {
      this.workerId = null;
      this.running.clear();
      return await this.register();
    }
    const held = [...this.running.values()];
    const revoked = new Set((await leases.findRevoked(held)).map(({ lease }) => lease));
    for (const [attemptId, claim] of this.running)
      if (revoked.has(claim.lease)) this.running.delete(attemptId);
    const known = held.map(({ lease }) => lease);
    const unknown = await leases.findUnknown(id, known, UNKNOWN_AFTER_SECONDS);
    await requeueTasks.requeue(unknown.map((lease) => ({ ...lease, outcome: 'drained' })));
  }

  private run(claim: Claim): void {
    // Of several that it was given at once, the first may have killed it.
    if (this.isDead) return;
    this.world.witness.executed(claim, this.world.memory.tables);
    if (this.world.isPoison(claim)) this.world.crash(this);
    else this.running.set(claim.attemptId, claim);
  }
}
