import { Injectable } from '@nestjs/common';
import { SqlDatabase } from '../persistence/sql-database.js';
import { type RequeueInput, requeueTasks } from '../persistence/transitions/requeue.js';
import { Dispatcher } from './dispatcher.js';

/** The verb `requeue`: running → queued as a new attempt that costs the task nothing. */
@Injectable()
export class RequeueTasks {
  constructor(
    private readonly database: SqlDatabase,
    private readonly dispatcher: Dispatcher,
  ) {}

  /** @returns how many were requeued; the others were not held under the given lease any more */
  async requeue(inputs: readonly RequeueInput[]): Promise<number> {
    if (inputs.length === 0) return 0;
    const effects = await requeueTasks(this.database, inputs);
    this.dispatcher.dispatch(effects);
    return effects.filter((effect) => effect.what === 'ready').length;
  }
}
