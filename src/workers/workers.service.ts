import { Injectable } from '@nestjs/common';
import { isUuid } from '../domain/ids.js';
import { DEFAULT_LIMIT } from '../http/list-query.dto.js';
import { keyBehind, type Page, pageOf } from '../http/page.js';
import type { EndedAttempts } from '../persistence/ended-attempts.store.js';
import { type WorkerKey, WorkerQueryStore, type WorkerView } from '../persistence/worker-query.store.js';
import type { ListWorkersQuery, WorkerStatsDto } from './worker.dto.js';

/** Worker processes as people see them. */
@Injectable()
export class WorkersService {
  constructor(private readonly store: WorkerQueryStore) {}

  async list(query: ListWorkersQuery): Promise<Page<WorkerView>> {
    const { limit = DEFAULT_LIMIT, status } = query;
    const identity = { list: 'workers', status };
    const behind = keyBehind(query, identity, isKeyText);
    const rows = await this.store.list(status, behind === undefined ? undefined : readKey(behind), limit + 1);
    return pageOf(
      rows,
      limit,
      identity,
      ({ key }) => `${key.startedMicros}/${key.id}`,
      ({ worker }) => worker,
    );
  }

  async stats(): Promise<WorkerStatsDto> {
    const { active, draining, lost, slots, busy, lastMinute, lastHour } = await this.store.stats();
    return {
      workers: { active, draining, lost },
      slots: { total: slots, busy, free: slots - busy },
      throughput: { '1m': ended(lastMinute), '1h': ended(lastHour) },
      failure_rate: { '1m': failureRate(lastMinute), '1h': failureRate(lastHour) },
    };
  }
}

function isKeyText(value: unknown): value is string {
  return (
    typeof value === 'string' && /^\d{1,16}\//.test(value) && isUuid(value.slice(value.indexOf('/') + 1))
  );
}

function readKey(text: string): WorkerKey {
  const [startedMicros, id] = text.split('/', 2);
  return { startedMicros: Number(startedMicros), id };
}

function ended({ succeeded, failed }: EndedAttempts): number {
  return succeeded + failed;
}

/** 0 when nothing ended. */
function failureRate(attempts: EndedAttempts): number {
  return ended(attempts) === 0 ? 0 : attempts.failed / ended(attempts);
}
