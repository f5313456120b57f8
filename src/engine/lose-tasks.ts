import { Injectable } from '@nestjs/common';
import type { AttemptRef } from '../domain/attempt-id.js';
import { MAX_LOST_WORKERS } from '../domain/poison.js';
import { FinishTasks } from './finish-tasks.js';
import { RequeueTasks } from './requeue-tasks.js';

/** A running attempt whose process is gone. */
export interface LostTask extends AttemptRef {
  lease: string;
  dagVersionId: number;
  /** Workers the task lost in a row before this one. */
  lostWorkers: number;
}

/** What follows when the process that ran an attempt is gone: queued again uncharged, or failed at the last time. */
@Injectable()
export class LoseTasks {
  constructor(
    private readonly requeueTasks: RequeueTasks,
    private readonly finishTasks: FinishTasks,
  ) {}

  async lose(tasks: readonly LostTask[]): Promise<void> {
    const isPoison = (task: LostTask): boolean => task.lostWorkers + 1 >= MAX_LOST_WORKERS;
    const innocent = tasks.filter((task) => !isPoison(task));
    await this.requeueTasks.requeue(innocent.map((task) => ({ ...task, outcome: 'lost' })));
    await Promise.all(tasks.filter(isPoison).map(async (task) => await this.bury(task)));
  }

  private async bury(task: LostTask): Promise<void> {
    const message = `The task lost its worker ${MAX_LOST_WORKERS} times in a row and is taken for the cause.`;
    await this.finishTasks.bury(task, { code: 'worker_lost', message, retryable: false }, 'lost');
  }
}
