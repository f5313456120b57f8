import { Injectable } from '@nestjs/common';
import { DomainError, validationFailed } from '../domain/errors.js';
import type { Fault } from '../domain/faults.js';
import { isJsonObject } from '../domain/json.js';
import { cleanJson } from '../domain/outcome.js';
import { isIntegerKey } from '../http/cursor.js';
import { replayedResource } from '../http/idempotency.js';
import { parseInstant } from '../http/instant.js';
import { DEFAULT_LIMIT, type ListQuery } from '../http/list-query.dto.js';
import { keyBehind, type Page, pageOf } from '../http/page.js';
import { checkBody, type DtoClass } from '../http/validation.js';
import {
  type DlqOperationKind,
  DlqOperationStore,
  type DlqOperationView,
} from '../persistence/dlq-operation.store.js';
import type { IdempotencyKey } from '../persistence/idempotency-key.store.js';
import type { PendingFilter } from '../persistence/pending-entries.js';
import { BulkReplayDto, BulkResolveDto, DEFAULT_MAX, DEFAULT_RATE, DlqFilterDto } from './bulk-dlq.dto.js';
import type { DlqDryRunDto } from './dlq-operation.dto.js';
import { outputFaults } from './output-faults.js';

/** Who makes an operation, as long as nobody has to say who they are. */
const BY = 'api';
/** Entries that a dry run shows. */
const SAMPLE = 10;

const BODIES: Record<DlqOperationKind, DtoClass<BulkResolveDto>> = {
  replay: BulkReplayDto,
  resolve: BulkResolveDto,
};

/** What has become of a request for a bulk operation. */
export type Begun =
  { kind: 'created' | 'replayed'; view: DlqOperationView } | { kind: 'dry_run'; view: DlqDryRunDto };

/** Bulk operations as people see them; the scheduler works them off. */
@Injectable()
export class DlqOperationsService {
  constructor(private readonly store: DlqOperationStore) {}

  /**
   * @param key another request with it makes no second operation; a dry run leaves it unused
   * @returns the operation, new or the one that the key has made, or what it would be meant for
   * @throws DomainError `validation_failed`, `idempotency_key_reused`, `request_in_progress`
   */
  async begin(kind: DlqOperationKind, body: unknown, key?: IdempotencyKey): Promise<Begun> {
    const { wanted, filter } = readBulk(kind, body);
    const { max = DEFAULT_MAX, rate = DEFAULT_RATE } = wanted;
    if (wanted.dry_run === true)
      return { kind: 'dry_run', view: { dry_run: true, ...(await this.store.preview(filter, max, SAMPLE)) } };
    const operation = {
      kind,
      filter,
      max,
      rate,
      note: wanted.note ?? null,
      output: wanted.output === undefined ? null : JSON.stringify(cleanJson(wanted.output)),
      by: BY,
    };
    const answer = await this.store.create(operation, key);
    if (answer.kind === 'created') return { kind: 'created', view: answer.operation };
    return { kind: 'replayed', view: await this.get(Number(replayedResource(answer))) };
  }

  /** @throws DomainError `dlq_operation_not_found` */
  async get(id: number): Promise<DlqOperationView> {
    const operation = await this.store.find(id);
    if (operation === null) throw new DomainError('dlq_operation_not_found');
    return operation;
  }

  async list(query: ListQuery): Promise<Page<DlqOperationView>> {
    const { limit = DEFAULT_LIMIT } = query;
    const identity = { list: 'dlq_operations' };
    const rows = await this.store.list(keyBehind(query, identity, isIntegerKey), limit + 1);
    return pageOf(
      rows,
      limit,
      identity,
      (operation) => operation.id,
      (operation) => operation,
    );
  }

  /** @throws DomainError `dlq_operation_not_found`, `dlq_operation_ended` */
  async cancel(id: number): Promise<DlqOperationView> {
    await this.store.cancel(id);
    const operation = await this.get(id);
    if (operation.status !== 'cancelled') throw new DomainError('dlq_operation_ended');
    return operation;
  }
}

/** All faults at once, those of the filter included. @throws DomainError `validation_failed` */
function readBulk(kind: DlqOperationKind, body: unknown): { wanted: BulkResolveDto; filter: PendingFilter } {
  const { value: wanted, faults } = checkBody(BODIES[kind], body);
  const filter = isJsonObject(wanted.filter)
    ? readFilter(wanted.filter)
    : { value: new DlqFilterDto(), faults: [] };
  const all = [...faults, ...filter.faults, ...outputFaults(wanted.output)];
  if (all.length > 0) throw validationFailed(all);
  const before = parseInstant(filter.value.created_before ?? '');
  return { wanted, filter: { ...filter.value, ...(before && { created_before: before.toISOString() }) } };
}

/** Without any field it would mean the whole DLQ, which nobody should have to say by saying nothing. */
function readFilter(given: object): { value: DlqFilterDto; faults: Fault[] } {
  const { value, faults } = checkBody(DlqFilterDto, given);
  if (Object.keys(given).length === 0)
    return {
      value,
      faults: [
        {
          pointer: '/filter',
          message: 'The filter must name at least one of dag_id, error_code, task_name and created_before.',
        },
      ],
    };
  return { value, faults: faults.map((fault) => ({ ...fault, pointer: `/filter${fault.pointer}` })) };
}
