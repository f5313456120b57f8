import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { Progress } from '../engine/progress.js';
import { PingStore } from '../persistence/ping.store.js';
import { TaskQueue } from '../queue/task-queue.js';
import type { CheckDto, HealthDto } from './health.dto.js';
import { Readiness } from './readiness.js';
import { VERSION } from '../version.js';

/** A check that takes longer has failed: whoever asks has a timeout of its own, often of a few seconds. */
const CHECK_MS = 2_000;

/**
 * Three questions with three answers: is everything it needs there (`health`), does the process itself make progress
 * (`live`: if not, restart it), should it be given work (`ready`). The queue counts for `health` only: without it jobs
 * are still accepted, and a restart would mend nothing.
 */
@Injectable()
export class HealthService {
  constructor(
    private readonly store: PingStore,
    private readonly queue: TaskQueue,
    private readonly progress: Progress,
    private readonly readiness: Readiness,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async health(): Promise<HealthDto> {
    const [database, queue] = await Promise.all([this.database(), check(() => this.queue.ping())]);
    return this.answer({ database, queue, loops: this.loops() });
  }

  live(): HealthDto {
    return this.answer({ loops: this.loops() });
  }

  async ready(): Promise<HealthDto> {
    const shutdown = verdict(this.readiness.isLeaving ? 'This process is shutting down.' : null, 0);
    return this.answer({ database: await this.database(), shutdown });
  }

  private database(): Promise<CheckDto> {
    return check(() => this.store.ping());
  }

  private loops(): CheckDto {
    const stuck = this.progress.stuck();
    return verdict(stuck.length === 0 ? null : `No progress: ${stuck.join(', ')}.`, 0);
  }

  private answer(checks: Record<string, CheckDto>): HealthDto {
    const isFine = Object.values(checks).every((one) => one.status === 'ok');
    return { status: isFine ? 'ok' : 'failed', role: this.config.role, version: VERSION, checks };
  }
}

async function check(probe: () => Promise<unknown>): Promise<CheckDto> {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${CHECK_MS} ms.`)), CHECK_MS);
  });
  try {
    await Promise.race([probe(), timeout]);
    return verdict(null, startedAt);
  } catch (error) {
    return verdict(error instanceof Error ? error.message || error.name : String(error), startedAt);
  } finally {
    clearTimeout(timer);
  }
}

/** @param startedAt 0 for a check that took no time */
function verdict(detail: string | null, startedAt: number): CheckDto {
  const latencyMs = startedAt === 0 ? 0 : Math.round(performance.now() - startedAt);
  return { status: detail === null ? 'ok' : 'failed', detail, latency_ms: latencyMs };
}
