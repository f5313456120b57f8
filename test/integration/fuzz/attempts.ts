/** Ends attempts of the jobs the fuzzer starts, so that there are jobs in every state and DLQ entries to work with. */
import type { INestApplication } from '@nestjs/common';
import type { Json } from '../../../src/domain/json.js';
import { StandInWorker } from '../api/stand-in-worker.js';

const OUTPUTS: Json[] = [null, 0, 'text', [], { rows: [1, { a: null }] }, { constructor: 1 }];

export class Attempts {
  /** Settles when everything begun has ended. */
  private last: Promise<void> = Promise.resolve();
  private count = 0;

  private constructor(private readonly worker: StandInWorker) {}

  static async of(app: INestApplication): Promise<Attempts> {
    return new Attempts(await StandInWorker.register(app, 1_000));
  }

  /** Of every four jobs two fail, one goes on, one is left alone; the failed ones first, so that there are some early. */
  settle(job: { run_id: string; tasks: { status: string }[] }): void {
    const turn = this.count++ % 4;
    if (turn === 3) return;
    this.last = this.last.then(() => this.end(job, turn));
  }

  async done(): Promise<void> {
    await this.last;
  }

  private async end(
    { run_id: runId, tasks }: { run_id: string; tasks: { status: string }[] },
    turn: number,
  ): Promise<void> {
    for (const [idx, { status }] of tasks.entries()) {
      if (status !== 'queued') continue;
      try {
        if (turn === 2) await this.worker.succeed(runId, idx, OUTPUTS[this.count % OUTPUTS.length]);
        else await this.worker.fail(runId, idx, `code_${this.count % 3}`);
      } catch {
        // Cancelled meanwhile, by the fuzzer itself.
      }
    }
  }
}
