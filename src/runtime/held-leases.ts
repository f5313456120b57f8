import { Injectable } from '@nestjs/common';
import { RequeueTasks } from '../engine/requeue-tasks.js';
import { type HeldLease, WorkerLeaseStore } from '../persistence/worker-lease.store.js';
import { AttemptRunner } from './attempt-runner.js';

/** An attempt given to us that we do not know after so long: the answer to its claim is lost. */
const UNKNOWN_AFTER_SECONDS = 10;

/** Sets right what the database and this process believe differently about who runs what. */
@Injectable()
export class HeldLeases {
  constructor(
    private readonly store: WorkerLeaseStore,
    private readonly runner: AttemptRunner,
    private readonly requeues: RequeueTasks,
  ) {}

  /** Stops what was taken away from this worker, and gives back what it was given without knowing. */
  async compare(workerId: string): Promise<void> {
    const held = this.runner.held();
    const revoked = await this.store.findRevoked(held);
    this.runner.stopLeases(
      revoked.map(({ lease }) => lease),
      'cancelled',
    );
    const known = held.map(({ lease }) => lease);
    await this.giveBack(await this.store.findUnknown(workerId, known, UNKNOWN_AFTER_SECONDS));
  }

  /** Uncharged, as nobody's fault; what is somebody else's by now is left alone. */
  async giveBack(leases: readonly HeldLease[]): Promise<void> {
    await this.requeues.requeue(leases.map((lease) => ({ ...lease, outcome: 'drained' })));
  }
}
