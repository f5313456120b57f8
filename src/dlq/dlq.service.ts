import { Injectable } from '@nestjs/common';
import { DomainError, validationFailed } from '../domain/errors.js';
import { type CloseAnswer, ReplayTasks } from '../engine/replay-tasks.js';
import { isIntegerKey } from '../http/cursor.js';
import { DEFAULT_LIMIT } from '../http/list-query.dto.js';
import { keyBehind, type Page, pageOf } from '../http/page.js';
import { type DlqEntryView, DlqQueryStore } from '../persistence/dlq-query.store.js';
import { JobQueryStore } from '../persistence/job-query.store.js';
import type { ClosedEntryDto, ListDlqQuery, ResolveDto } from './dlq.dto.js';
import { outputFaults } from './output-faults.js';

/** Who closes an entry, as long as nobody has to say who they are. */
const BY = 'api';

/** The dead-letter queue as people see it; replaying and resolving is the engine's. */
@Injectable()
export class DlqService {
  constructor(
    private readonly replayTasks: ReplayTasks,
    private readonly store: DlqQueryStore,
    private readonly jobs: JobQueryStore,
  ) {}

  async list(query: ListDlqQuery): Promise<Page<DlqEntryView>> {
    const { limit = DEFAULT_LIMIT, cursor: _cursor, ...filters } = query;
    const identity = { list: 'dlq', ...filters };
    const filter = { status: query.status, dagId: query.dag_id, errorCode: query.error_code };
    const rows = await this.store.list(filter, keyBehind(query, identity, isIntegerKey), limit + 1);
    return pageOf(
      rows,
      limit,
      identity,
      (entry) => entry.id,
      (entry) => entry,
    );
  }

  /** @throws DomainError `dlq_entry_not_found`, `dlq_entry_not_pending`, `job_already_ended`, `dag_deleted` */
  async replay(id: number): Promise<ClosedEntryDto> {
    return await this.closed(id, await this.replayTasks.replay(id, BY));
  }

  /** @throws DomainError as `replay`, and `validation_failed` for an output that is too large */
  async resolve(id: number, body: ResolveDto): Promise<ClosedEntryDto> {
    const faults = outputFaults(body.output);
    if (faults.length > 0) throw validationFailed(faults);
    return await this.closed(id, await this.replayTasks.resolve(id, BY, body.note ?? null, body.output));
  }

  private async closed(id: number, answer: CloseAnswer): Promise<ClosedEntryDto> {
    switch (answer) {
      case 'no_such_entry':
        throw new DomainError('dlq_entry_not_found');
      case 'not_pending':
        throw new DomainError('dlq_entry_not_pending');
      case 'job_cancelled':
        throw new DomainError('job_already_ended', 'The job was cancelled: nothing of it runs again.');
      case 'dag_deleted':
        throw new DomainError('dag_deleted', 'The DAG has been deleted: nothing of it runs again.');
      case 'done':
        return await this.read(id);
    }
  }

  private async read(id: number): Promise<ClosedEntryDto> {
    const entry = await this.store.find(id);
    const found = entry === null ? null : await this.jobs.find(entry.run_id);
    if (entry === null || found === null) throw new DomainError('dlq_entry_not_found');
    return { entry, job: found.job };
  }
}
