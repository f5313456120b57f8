import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import type { Json } from '../../../src/domain/json.js';
import type { Outcome } from '../../../src/domain/outcome.js';
import { ClaimTasks } from '../../../src/engine/claim-tasks.js';
import { FinishTasks } from '../../../src/engine/finish-tasks.js';
import { WorkerLeaseStore } from '../../../src/persistence/worker-lease.store.js';

/** Claims and ends attempts through the engine, as a worker would, at the test's word. */
export class StandInWorker {
  readonly id = randomUUID();

  private constructor(private readonly app: INestApplication) {}

  static async register(app: INestApplication, slots = 10): Promise<StandInWorker> {
    const worker = new StandInWorker(app);
    const leases = app.get(WorkerLeaseStore, { strict: false });
    // Nobody renews it, so it has to last as long as the slowest suite.
    await leases.register({ id: worker.id, hostname: 'here', pid: 1, slots, version: '0' }, 3_600);
    return worker;
  }

  /** Takes an attempt of a task, given by its place in the DAG, and returns how to end it. */
  async claim(runId: string, idx: number, attempt = 1): Promise<(outcome: Outcome) => Promise<void>> {
    const claim = await this.app.get(ClaimTasks, { strict: false }).claim({ runId, idx, attempt }, this.id);
    if (claim === null) throw new Error(`attempt ${runId}.${idx}.${attempt} is not to be had`);
    return async (outcome) => {
      const answer = await this.app.get(FinishTasks, { strict: false }).finish(claim, outcome);
      if (answer !== 'accepted') throw new Error(`the outcome was not accepted: ${answer}`);
    };
  }

  async succeed(runId: string, idx: number, output: Json = null, attempt = 1): Promise<void> {
    await (
      await this.claim(runId, idx, attempt)
    )({ kind: 'succeeded', output });
  }

  /** Ends an attempt so that nothing tries again. */
  async fail(runId: string, idx: number, code = 'exit_code'): Promise<void> {
    await (
      await this.claim(runId, idx)
    )({
      kind: 'failed',
      error: { code, message: 'exit 1', retryable: false },
    });
  }
}
