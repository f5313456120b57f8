import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { DomainError, validationFailed } from '../domain/errors.js';
import { quoted } from '../domain/faults.js';
import { CancelJobs } from '../engine/cancel-jobs.js';
import { isIntegerKey } from '../http/cursor.js';
import { replayedResource } from '../http/idempotency.js';
import { DEFAULT_LIMIT, type ListQuery } from '../http/list-query.dto.js';
import { keyBehind, type Page, pageOf } from '../http/page.js';
import { DagCreationStore } from '../persistence/dag-creation.store.js';
import { type DagChange, type DagDefinition, type DagRow, DagStore } from '../persistence/dag.store.js';
import type { IdempotencyKey } from '../persistence/idempotency-key.store.js';
import { readDefinition, readPatch } from './dag-body.js';
import { etagOf, revisionsIn } from './dag-etag.js';
import { type DagVerdictDto, planOf } from './dag-plan.dto.js';
import { type DagDto, dagDtoOf, type DagVersionDto, dagVersionDtoOf } from './dag.dto.js';
import type { ListDagsQuery } from './list-dags.query.dto.js';
import { nextRunAt, nextRuns } from './next-run.js';

/** How many ticks a validation shows. */
const SHOWN_RUNS = 10;

/** A DAG as it is answered, with the tag of the state it is in. */
export interface TaggedDag {
  dag: DagDto;
  etag: string;
}

/** Definitions: made, read, changed, paused, deleted. Whatever a job does is the engine's. */
@Injectable()
export class DagsService {
  constructor(
    private readonly store: DagStore,
    private readonly creation: DagCreationStore,
    private readonly cancelJobs: CancelJobs,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * @returns the new DAG, or the one that the key has made, as it is now
   * @throws DomainError `validation_failed` with every fault, `dag_name_taken`, `idempotency_key_reused`,
   *   `request_in_progress`, `dag_deleted` when the one that the key has made is no more
   */
  async create(body: unknown, key?: IdempotencyKey): Promise<TaggedDag & { isReplay: boolean }> {
    const { definition, faults } = readDefinition(body, this.config.dags);
    if (faults.length > 0) throw validationFailed(faults);
    const answer = await this.creation.create(definition, (now) => nextRunAt(definition, now), key);
    if (answer.kind === 'name_taken') throw nameTaken(definition.name);
    if (answer.kind === 'created') return { ...tagged(answer.dag), isReplay: false };
    const dag = await this.store.find(Number(replayedResource(answer)));
    if (dag === null) throw new DomainError('dag_deleted');
    return { ...tagged(dag), isReplay: true };
  }

  async list(query: ListDagsQuery): Promise<Page<DagDto>> {
    const { name, tag, is_paused: isPaused, limit = DEFAULT_LIMIT } = query;
    const identity = { list: 'dags', name, tag, isPaused };
    const rows = await this.store.list(
      { name, tag, isPaused },
      keyBehind(query, identity, isIntegerKey),
      limit + 1,
    );
    return pageOf(rows, limit, identity, (row) => row.id, dagDtoOf);
  }

  async get(id: number): Promise<TaggedDag> {
    return found((await this.store.find(id)) ?? 'no_such_dag');
  }

  async versions(id: number, query: ListQuery): Promise<Page<DagVersionDto>> {
    const { limit = DEFAULT_LIMIT } = query;
    const identity = { list: 'dag-versions', id };
    const rows = await this.store.versions(id, keyBehind(query, identity, isIntegerKey), limit + 1);
    if (rows === null) throw new DomainError('dag_not_found');
    return pageOf(rows, limit, identity, (row) => row.version, dagVersionDtoOf);
  }

  /**
   * @param ifMatch tags of the only states in which it may be changed; null: any
   * @throws DomainError `validation_failed`, `dag_not_found`, `dag_name_taken`, `precondition_failed`
   */
  async patch(id: number, body: unknown, ifMatch: readonly string[] | null): Promise<TaggedDag> {
    const { patch, faults } = readPatch(body, this.config.dags);
    if (faults.length > 0) throw validationFailed(faults);
    return await this.change(id, ifMatch, patch);
  }

  /** Idempotent: pausing a paused DAG changes nothing. */
  async setPaused(id: number, isPaused: boolean, ifMatch: readonly string[] | null): Promise<TaggedDag> {
    return await this.change(id, ifMatch, { is_paused: isPaused });
  }

  /** First nothing new can start, then what is open is cancelled; history stays readable. */
  async delete(id: number, ifMatch: readonly string[] | null): Promise<void> {
    const answer = await this.store.markDeleted(id, ifMatch === null ? null : revisionsIn(ifMatch, id));
    if (answer === 'other_revision') throw changedMeanwhile();
    // Also when it was deleted before: a crash between the two steps is mended by deleting again.
    await this.cancelJobs.cancelOfDag(id);
    if (answer === 'no_such_dag') throw new DomainError('dag_not_found');
  }

  private async change(
    id: number,
    ifMatch: readonly string[] | null,
    change: Partial<DagDefinition> & { is_paused?: boolean },
  ): Promise<TaggedDag> {
    const answer = await this.store.change(id, (dag, now) => {
      // Under the lock of the DAG: of two changes to the same state the second sees what the first has made.
      if (ifMatch !== null && !revisionsIn(ifMatch, id).includes(dag.revision)) throw changedMeanwhile();
      return changeOf(dag, { ...dag, ...change }, now);
    });
    if (answer === 'name_taken') throw nameTaken(change.name ?? '');
    return found(answer);
  }

  /** What a definition would do; stores nothing. */
  async validate(body: unknown): Promise<DagVerdictDto> {
    const { definition, faults } = readDefinition(body, this.config.dags);
    const valid = faults.length === 0;
    if (!valid) return { valid, errors: faults, plan: null, next_runs: [] };
    const runs =
      definition.cron_expression === null ? [] : nextRuns(definition, await this.store.now(), SHOWN_RUNS);
    return {
      valid,
      errors: [],
      plan: planOf(definition.tasks),
      next_runs: runs.map((run) => run.toISOString()),
    };
  }
}

const DEFINITION_FIELDS = ['name', 'description', 'cron_expression', 'timezone', 'priority', 'tags'] as const;

/** The change that makes `before` into `after`; null when there is none. */
function changeOf(
  before: DagRow,
  after: DagDefinition & { is_paused: boolean },
  now: Date,
): DagChange | null {
  const hasNewTasks = !isDeepStrictEqual(before.tasks, after.tasks);
  const hasNewSchedule =
    before.cron_expression !== after.cron_expression ||
    before.timezone !== after.timezone ||
    before.is_paused !== after.is_paused;
  const isSame =
    !hasNewTasks &&
    !hasNewSchedule &&
    DEFINITION_FIELDS.every((field) => isDeepStrictEqual(before[field], after[field]));
  if (isSame) return null;
  // The next tick moves only with the schedule: any other change would lose a tick that is due and not fired yet.
  const next_run_at = !hasNewSchedule ? before.next_run_at : after.is_paused ? null : nextRunAt(after, now);
  return { ...after, next_run_at, hasNewTasks };
}

function nameTaken(name: string): DomainError {
  const message = `Another DAG is named ${quoted(name)}.`;
  return new DomainError('dag_name_taken', message, [{ pointer: '/name', message }]);
}

function changedMeanwhile(): DomainError {
  return new DomainError('precondition_failed', 'The DAG is in none of the states that If-Match names.');
}

function found(answer: DagRow | 'no_such_dag'): TaggedDag {
  if (answer === 'no_such_dag') throw new DomainError('dag_not_found');
  return tagged(answer);
}

function tagged(dag: DagRow): TaggedDag {
  return { dag: dagDtoOf(dag), etag: etagOf(dag) };
}
