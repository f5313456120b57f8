import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../config/config.module.js';
import type { Config, QueueBackend } from '../config/config.js';
import { DomainError, validationFailed } from '../domain/errors.js';
import type { EventEnvelope } from '../domain/events.js';
import { pointerTo, quoted } from '../domain/faults.js';
import { PRIORITIES, type Priority } from '../domain/priority.js';
import { CancelJobs } from '../engine/cancel-jobs.js';
import { DagVersions } from '../engine/dag-versions.js';
import { RerunJobs } from '../engine/rerun-jobs.js';
import { StartJobs, type StartRequest } from '../engine/start-jobs.js';
import { isIntegerKey, isUuidKey } from '../http/cursor.js';
import { replayedResource } from '../http/idempotency.js';
import { parseInstant } from '../http/instant.js';
import { DEFAULT_LIMIT, type ListQuery } from '../http/list-query.dto.js';
import { keyBehind, type Page, pageOf } from '../http/page.js';
import { isStoredId } from '../http/path-ids.js';
import { EventStore } from '../persistence/event.store.js';
import type { IdempotencyKey } from '../persistence/idempotency-key.store.js';
import {
  type AttemptView,
  JobQueryStore,
  type JobSummary,
  type JobView,
  type TaskCounts,
} from '../persistence/job-query.store.js';
import { runIdsOf } from '../persistence/transitions/start-all.js';
import { type QueueStats, TaskQueue } from '../queue/task-queue.js';
import type { CreateJobDto } from './create-job.dto.js';
import type { ListEventsQuery, ListJobsQuery } from './list-jobs.query.dto.js';
import { newJobSummary, newJobView } from './new-job.js';
import type { RerunJobDto } from './rerun-job.dto.js';

export interface QueueStatsView {
  backend: QueueBackend;
  queues: Record<Priority, QueueStats>;
  tasks: TaskCounts;
}

/** Jobs as people see them; starting, cancelling and rerunning is the engine's. */
@Injectable()
export class JobsService {
  constructor(
    private readonly startJobs: StartJobs,
    private readonly cancelJobs: CancelJobs,
    private readonly rerunJobs: RerunJobs,
    private readonly versions: DagVersions,
    private readonly store: JobQueryStore,
    private readonly events: EventStore,
    private readonly queue: TaskQueue,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * @returns the job as it was born, or the one that the key has made, as it is now
   * @throws DomainError `dag_not_found`, `idempotency_key_reused`, `request_in_progress`
   */
  async create(body: CreateJobDto, key?: IdempotencyKey): Promise<{ job: JobView; isReplay: boolean }> {
    if (!isStoredId(body.dag_id)) throw noSuchDag(body.dag_id);
    const answer = await this.startJobs.start({ ...toRequest(body), key });
    // Only a start for a tick can find its tick taken.
    if (answer.kind === 'no_such_dag' || answer.kind === 'tick_taken') throw noSuchDag(body.dag_id);
    if (answer.kind !== 'started') return { job: await this.get(replayedResource(answer)), isReplay: true };
    const { tasks } = await this.versions.get(answer.job.dag_version_id);
    // What the start has set free is on its way before the answer is written.
    await setImmediate();
    return { job: newJobView(answer.job, tasks, this.config.retries.maxRetries), isReplay: false };
  }

  /**
   * Starts all of them or none.
   *
   * @returns the jobs as they were born, or those that the key has made, as they are now; in the order of the request
   * @throws DomainError `validation_failed`, `dag_not_found`, `idempotency_key_reused`, `request_in_progress`
   */
  async createBatch(
    bodies: readonly CreateJobDto[],
    key?: IdempotencyKey,
  ): Promise<{ jobs: JobSummary[]; isReplay: boolean }> {
    const answer = await this.startJobs.startAll({ jobs: bodies.map(toRequest), key });
    switch (answer.kind) {
      case 'started':
        // What the start has set free is on its way before the answer is written.
        await setImmediate();
        return { jobs: answer.jobs.map(newJobSummary), isReplay: false };
      case 'no_such_dags':
        throw noSuchDags(bodies, answer.places);
      case 'too_many_tasks':
        throw validationFailed([
          {
            pointer: '/jobs',
            message: `These jobs have ${answer.tasks} tasks together; one request may start at most ${answer.limit}.`,
          },
        ]);
      default:
        return { jobs: await this.getSome(runIdsOf(replayedResource(answer))), isReplay: true };
    }
  }

  async list(query: ListJobsQuery): Promise<Page<JobSummary>> {
    const { limit = DEFAULT_LIMIT, cursor: _cursor, ...filters } = query;
    const identity = { list: 'jobs', ...filters };
    const filter = {
      statuses: query.status,
      dagId: query.dag_id,
      trigger: query.trigger,
      priority: query.priority,
      createdAfter: query.created_after,
      createdBefore: query.created_before,
    };
    const rows = await this.store.list(filter, keyBehind(query, identity, isUuidKey), limit + 1);
    return pageOf(
      rows,
      limit,
      identity,
      (job) => job.run_id,
      (job) => job,
    );
  }

  /** @throws DomainError `job_not_found` */
  async get(runId: string): Promise<JobView> {
    const found = await this.store.find(runId);
    if (found === null) throw new DomainError('job_not_found');
    return found.job;
  }

  /** @throws DomainError `job_not_found` when one of them is gone */
  private async getSome(runIds: readonly string[]): Promise<JobSummary[]> {
    const jobs = await this.store.findSome(runIds);
    if (jobs.length < runIds.length) throw new DomainError('job_not_found');
    return jobs;
  }

  async listEvents(runId: string, query: ListEventsQuery): Promise<Page<EventEnvelope>> {
    const { limit = DEFAULT_LIMIT, since = 0 } = query;
    const identity = { list: 'events', runId, since };
    const behind = keyBehind(query, identity, isIntegerKey) ?? since;
    const events = await this.events.list(runId, behind, limit + 1);
    if (events.length === 0 && (await this.events.tipOf(runId)) === null)
      throw new DomainError('job_not_found');
    return pageOf(
      events,
      limit,
      identity,
      (event) => event.seq,
      (event) => event,
    );
  }

  /** @throws DomainError `job_not_found`, `task_not_found` */
  async attempts(runId: string, task: string, query: ListQuery): Promise<Page<AttemptView>> {
    const { limit = DEFAULT_LIMIT } = query;
    const identity = { list: 'attempts', runId, task };
    const behind = keyBehind(query, identity, isIntegerKey) ?? 0;
    const idx = await this.store.findTask(runId, task);
    if (idx === 'no_such_job') throw new DomainError('job_not_found');
    if (idx === 'no_such_task') throw new DomainError('task_not_found');
    const rows = await this.store.attempts(runId, idx, behind, limit + 1);
    return pageOf(
      rows,
      limit,
      identity,
      (attempt) => attempt.attempt,
      (attempt) => attempt,
    );
  }

  /** @throws DomainError `job_not_found`, `job_already_ended` */
  async cancel(runId: string): Promise<JobView> {
    switch (await this.cancelJobs.cancel(runId)) {
      case 'no_such_job':
        throw new DomainError('job_not_found');
      case 'already_ended':
        throw new DomainError('job_already_ended', 'The job has already succeeded or failed.');
      case 'already_cancelled':
      case 'cancelled':
        return await this.get(runId);
    }
  }

  /**
   * @returns the new job, or the one that the key has made, as it is now
   * @throws DomainError `job_not_found`, `job_not_ended`, `dag_deleted`, `nothing_to_rerun`, `validation_failed`,
   *   `idempotency_key_reused`, `request_in_progress`
   */
  async rerun(
    runId: string,
    { from }: RerunJobDto,
    key?: IdempotencyKey,
  ): Promise<{ job: JobView; isReplay: boolean }> {
    const answer = await this.rerunJobs.rerun(runId, from, key);
    switch (answer.kind) {
      case 'started':
        return { job: await this.get(answer.runId), isReplay: false };
      case 'no_such_job':
        throw new DomainError('job_not_found');
      case 'not_ended':
        throw new DomainError('job_not_ended', 'The job has not ended yet: cancel it, or wait for its end.');
      case 'dag_deleted':
        throw new DomainError('dag_deleted', 'The DAG has been deleted: nothing of it starts any more.');
      case 'nothing_to_run':
        throw new DomainError(
          'nothing_to_rerun',
          'Every task of the job succeeded: say "start", or name the tasks to run again.',
        );
      case 'no_such_tasks':
        throw validationFailed(
          answer.places.map((place) => ({
            pointer: pointerTo('/from', place),
            message: `The job has no task ${quoted(from[place])}.`,
          })),
        );
      default:
        return { job: await this.get(replayedResource(answer)), isReplay: true };
    }
  }

  /**
   * `active` is what runs, from the database: a message is gone as soon as its claim is decided, so the queue itself
   * knows only of the moments in between.
   */
  async queueStats(): Promise<QueueStatsView> {
    const [queues, { running, tasks }] = await Promise.all([this.queue.stats(), this.store.countOpen()]);
    for (const priority of PRIORITIES) queues[priority] = { ...queues[priority], active: running[priority] };
    return { backend: this.config.queue.backend, queues, tasks };
  }
}

/** What no DAG has: an id that cannot be stored is not there, like any other that is not. */
const ID_OF_NOTHING = 0;

function toRequest({ dag_id: dagId, priority, params = {}, run_at: runAt }: CreateJobDto): StartRequest {
  return {
    dagId: isStoredId(dagId) ? dagId : ID_OF_NOTHING,
    trigger: 'manual',
    priority,
    params,
    runAt: typeof runAt === 'string' ? (parseInstant(runAt) ?? undefined) : undefined,
  };
}

function noSuchDags(bodies: readonly CreateJobDto[], places: readonly number[]): DomainError {
  const faults = places.map((place) => ({
    pointer: pointerTo('/jobs', place, 'dag_id'),
    message: `There is no DAG ${bodies[place].dag_id}.`,
  }));
  const detail =
    faults.length === 1 ? faults[0].message : `${faults.length} of the jobs name a DAG that is not there.`;
  return new DomainError('dag_not_found', detail, faults);
}

function noSuchDag(dagId: number): DomainError {
  const message = `There is no DAG ${dagId}.`;
  return new DomainError('dag_not_found', message, [{ pointer: '/dag_id', message }]);
}
