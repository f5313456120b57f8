import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { DomainError, validationFailed } from '../domain/errors.js';
import { quoted } from '../domain/faults.js';
import { CancelJobs } from '../engine/cancel-jobs.js';
import { isIntegerKey } from '../http/cursor.js';
import { DEFAULT_LIMIT, type ListQuery } from '../http/list-query.dto.js';
import { keyBehind, type Page, pageOf } from '../http/page.js';
import { type DagChange, type DagDefinition, type DagRow, DagStore } from '../persistence/dag.store.js';
import { readDefinition, readPatch } from './dag-body.js';
import { type DagVerdictDto, planOf } from './dag-plan.dto.js';
import { type DagDto, dagDtoOf, type DagVersionDto, dagVersionDtoOf } from './dag.dto.js';
import type { ListDagsQuery } from './list-dags.query.dto.js';
import { nextRunAt, nextRuns } from './next-run.js';

/** How many ticks a validation shows. */
const SHOWN_RUNS = 10;

/** Definitions: made, read, changed, paused, deleted. Whatever a job does is the engine's. */
@Injectable()
export class DagsService {
  constructor(
    private readonly store: DagStore,
    private readonly cancelJobs: CancelJobs,
  ) {}

  /** @throws DomainError `validation_failed` with every fault, `dag_name_taken` */
  async create(body: unknown): Promise<DagDto> {
    const { definition, faults } = readDefinition(body);
    if (faults.length > 0) throw validationFailed(faults);
    const dag = await this.store.create(definition, (now) => nextRunAt(definition, now));
    if (dag === null) throw nameTaken(definition.name);
    return dagDtoOf(dag);
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

  async get(id: number): Promise<DagDto> {
    const dag = await this.store.find(id);
    if (dag === null) throw new DomainError('dag_not_found');
    return dagDtoOf(dag);
  }

  async versions(id: number, query: ListQuery): Promise<Page<DagVersionDto>> {
    const { limit = DEFAULT_LIMIT } = query;
    const identity = { list: 'dag-versions', id };
    const rows = await this.store.versions(id, keyBehind(query, identity, isIntegerKey), limit + 1);
    if (rows === null) throw new DomainError('dag_not_found');
    return pageOf(rows, limit, identity, (row) => row.version, dagVersionDtoOf);
  }

  /** @throws DomainError `validation_failed`, `dag_not_found`, `dag_name_taken` */
  async patch(id: number, body: unknown): Promise<DagDto> {
    const { patch, faults } = readPatch(body);
    if (faults.length > 0) throw validationFailed(faults);
    const answer = await this.store.change(id, (dag, now) => changeOf(dag, { ...dag, ...patch }, now));
    if (answer === 'name_taken') throw nameTaken(patch.name ?? '');
    return found(answer);
  }

  /** Idempotent: pausing a paused DAG changes nothing. */
  async setPaused(id: number, isPaused: boolean): Promise<DagDto> {
    const answer = await this.store.change(id, (dag, now) =>
      changeOf(dag, { ...dag, is_paused: isPaused }, now),
    );
    return found(answer);
  }

  /** First nothing new can start, then what is open is cancelled; history stays readable. */
  async delete(id: number): Promise<void> {
    const isDeleted = await this.store.markDeleted(id);
    // Also when it was deleted before: a crash between the two steps is mended by deleting again.
    await this.cancelJobs.cancelOfDag(id);
    if (!isDeleted) throw new DomainError('dag_not_found');
  }

  /** What a definition would do; stores nothing. */
  async validate(body: unknown): Promise<DagVerdictDto> {
    const { definition, faults } = readDefinition(body);
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

function found(answer: DagRow | 'no_such_dag' | 'name_taken'): DagDto {
  if (typeof answer === 'string') throw new DomainError('dag_not_found');
  return dagDtoOf(answer);
}
