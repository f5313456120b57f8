import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { Bus, type Nudge } from '../../src/bus/bus.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { Config } from '../../src/config/config.js';
import { parseAttemptId } from '../../src/domain/attempt-id.js';
import type { Json } from '../../src/domain/json.js';
import type { TaskSpec } from '../../src/domain/task-spec.js';
import { CancelJobs } from '../../src/engine/cancel-jobs.js';
import { type Claim, ClaimTasks } from '../../src/engine/claim-tasks.js';
import { DagVersions } from '../../src/engine/dag-versions.js';
import { Dispatcher } from '../../src/engine/dispatcher.js';
import { EndedTally } from '../../src/engine/ended-tally.js';
import { FinishTasks } from '../../src/engine/finish-tasks.js';
import { LoseTasks } from '../../src/engine/lose-tasks.js';
import { ReplayTasks } from '../../src/engine/replay-tasks.js';
import { RerunJobs } from '../../src/engine/rerun-jobs.js';
import { RequeueTasks } from '../../src/engine/requeue-tasks.js';
import { StartJobs } from '../../src/engine/start-jobs.js';
import { Upkeep } from '../../src/engine/upkeep.js';
import { AttemptInputStore } from '../../src/persistence/attempt-input.store.js';
import { DispatchStore } from '../../src/persistence/dispatch.store.js';
import { EndedAttemptsStore } from '../../src/persistence/ended-attempts.store.js';
import { SqlDatabase } from '../../src/persistence/sql-database.js';
import { WorkerLeaseStore } from '../../src/persistence/worker-lease.store.js';
import { TaskConsumer } from '../../src/queue/task-consumer.js';
import { type Message, type QueueCounts, type QueueStats, TaskQueue } from '../../src/queue/task-queue.js';
import { createTestDatabase } from './database.js';
import { namedByText } from './named-by-text.js';

/** Remembers messages instead of carrying them: the test is the worker. */
export class RecordingQueue extends TaskQueue {
  messages: Message[] = [];
  /** Of them, attempts that came to be sent in bundles. */
  readonly inBundles = new Set<string>();
  isAway = false;

  async enqueue(messages: readonly Message[]): Promise<void> {
    if (this.isAway) throw new Error('the queue is away');
    this.messages.push(...messages);
  }

  override async enqueueInBundles(messages: readonly Message[]): Promise<void> {
    await this.enqueue(messages);
    for (const { attemptId } of messages) this.inBundles.add(attemptId);
  }

  override async bundled(): Promise<ReadonlySet<string>> {
    return new Set(this.messages.map(({ attemptId }) => attemptId).filter((id) => this.inBundles.has(id)));
  }

  async counts(): Promise<Record<'critical' | 'high' | 'normal' | 'low', QueueCounts>> {
    const of = (priority: string): QueueCounts => ({
      waiting: this.messages.filter((message) => message.priority === priority).length,
      active: 0,
    });
    return { critical: of('critical'), high: of('high'), normal: of('normal'), low: of('low') };
  }

  async stats(): Promise<Record<'critical' | 'high' | 'normal' | 'low', QueueStats>> {
    throw new Error('not part of these tests');
  }

  async ping(): Promise<void> {}

  /** Takes the waiting attempt ids out. */
  take(): string[] {
    return this.messages.splice(0).map((message) => message.attemptId);
  }
}

/** No slot is ever free: every message goes through the queue. */
export class BusyConsumer extends TaskConsumer {
  readonly busy = 0;
  readonly lastProgressAt = null;

  async start(): Promise<void> {}
  nudge(): void {}
  mayKeepSlot(): boolean {
    return false;
  }
  takeAtOnce(): boolean {
    return false;
  }
  async stopFetching(): Promise<void> {}
  async close(): Promise<void> {}
}

export class RecordingBus extends Bus {
  nudges: Nudge[] = [];

  publish(nudges: readonly Nudge[]): void {
    this.nudges.push(...nudges);
  }

  subscribe(): () => void {
    return () => undefined;
  }

  onReconnect(): () => void {
    return () => undefined;
  }
}

/** The verbs of the engine, as one process has them. */
export interface EngineVerbs {
  leases: WorkerLeaseStore;
  dispatcher: Dispatcher;
  versions: DagVersions;
  startJobs: StartJobs;
  claimTasks: ClaimTasks;
  finishTasks: FinishTasks;
  requeueTasks: RequeueTasks;
  cancelJobs: CancelJobs;
  replayTasks: ReplayTasks;
  rerunJobs: RerunJobs;
  loseTasks: LoseTasks;
  upkeep: Upkeep;
}

export interface EngineUnderTest extends EngineVerbs {
  url: string;
  database: SqlDatabase;
  queue: RecordingQueue;
  bus: RecordingBus;
  config: Config;
  workerId: string;
  rows<Row>(text: string, params?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** The whole engine on a database of its own, with a registered worker. */
export async function createEngine(env: Record<string, string> = {}, poolSize = 4): Promise<EngineUnderTest> {
  const testDatabase = await createTestDatabase();
  const engine = await assemble(testDatabase.url, env, new RecordingQueue(), new RecordingBus(), poolSize);
  const closeFirst = engine.close;
  engine.close = async () => {
    await closeFirst();
    await testDatabase.drop();
  };
  return engine;
}

/**
 * Another process of the same installation: its own pool, batchers and worker on the database, queue and bus of the
 * first. Close it before the first.
 */
export async function joinEngine(first: EngineUnderTest, poolSize = 4): Promise<EngineUnderTest> {
  return await assemble(first.url, {}, first.queue, first.bus, poolSize);
}

/** An engine on the database of an application under test, with a queue and a bus of its own. */
export async function engineOn(url: string, env: Record<string, string> = {}): Promise<EngineUnderTest> {
  return await assemble(url, env, new RecordingQueue(), new RecordingBus(), 4);
}

async function assemble(
  url: string,
  env: Record<string, string>,
  queue: RecordingQueue,
  bus: RecordingBus,
  poolSize: number,
): Promise<EngineUnderTest> {
  Logger.overrideLogger(process.env.TEST_LOG === undefined ? false : ['error', 'warn', 'log']);
  const config = loadConfig({ DATABASE_URL: url, RETRY_BASE_DELAY: '0', RETRY_MAX_DELAY: '0', ...env });
  const database = new SqlDatabase({
    url,
    poolSize,
    applicationName: 'engine-test',
    onConnectionError: () => undefined,
  });
  const tally = new EndedTally(new EndedAttemptsStore(database));
  const verbs = verbsOver(database, queue, bus, tally, config);
  const workerId = randomUUID();
  // Nobody renews it, so it has to last as long as the slowest suite.
  await verbs.leases.register({ id: workerId, hostname: 'here', pid: 1, slots: 10, version: '0' }, 3_600);
  const rows = async <Row>(text: string, params: unknown[] = []): Promise<Row[]> =>
    await database.query<Row>(namedByText(text), params);
  return {
    ...verbs,
    url,
    database,
    queue,
    bus,
    config,
    workerId,
    rows,
    close: async () => {
      await verbs.dispatcher.settle();
      await tally.onApplicationShutdown();
      await database.close();
    },
  };
}

/** The engine over a database, put together as its module does it. */
export function verbsOver(
  database: SqlDatabase,
  queue: TaskQueue,
  bus: Bus,
  tally: EndedTally,
  config: Config,
  now?: () => number,
): EngineVerbs {
  const leases = new WorkerLeaseStore(database, now);
  const store = new DispatchStore(database);
  const versions = new DagVersions(new AttemptInputStore(database));
  const dispatcher = new Dispatcher(queue, bus, new BusyConsumer());
  const finishTasks = new FinishTasks(database, dispatcher, versions, tally, config);
  const requeueTasks = new RequeueTasks(database, dispatcher);
  const loseTasks = new LoseTasks(requeueTasks, finishTasks);
  return {
    leases,
    dispatcher,
    versions,
    startJobs: new StartJobs(database, dispatcher, config),
    claimTasks: new ClaimTasks(database, dispatcher),
    finishTasks,
    requeueTasks,
    cancelJobs: new CancelJobs(database, dispatcher, store),
    replayTasks: new ReplayTasks(database, dispatcher, versions),
    rerunJobs: new RerunJobs(database, dispatcher, versions, config),
    loseTasks,
    upkeep: new Upkeep(database, leases, store, queue, bus, dispatcher, loseTasks),
  };
}

export function noop(name: string, dependencies: string[] = [], more: Partial<TaskSpec> = {}): TaskSpec {
  return {
    name,
    task_type: 'noop',
    config: {},
    dependencies,
    max_retries: null,
    retry_base_delay: null,
    retry_max_delay: null,
    timeout_seconds: null,
    ...more,
  };
}

let dagCount = 0;

export async function createDag(engine: EngineUnderTest, tasks: TaskSpec[]): Promise<number> {
  dagCount += 1;
  const [dag] = await engine.rows<{ id: number }>('INSERT INTO dags (name) VALUES ($1) RETURNING id', [
    `dag-${dagCount}`,
  ]);
  await engine.rows('INSERT INTO dag_versions (dag_id, version, tasks) VALUES ($1, 1, $2::jsonb)', [
    dag.id,
    JSON.stringify(tasks),
  ]);
  return dag.id;
}

/** Starts a job of a new DAG. @returns its run id */
export async function startJob(engine: EngineUnderTest, tasks: TaskSpec[]): Promise<string> {
  const answer = await engine.startJobs.start({ dagId: await createDag(engine, tasks), trigger: 'manual' });
  if (answer.kind !== 'started') throw new Error(`expected a job, got ${answer.kind}`);
  await engine.dispatcher.settle();
  return answer.runId;
}

/** Claims whatever has a message. */
export async function claimAll(engine: EngineUnderTest): Promise<Claim[]> {
  await engine.dispatcher.settle();
  const claims = await Promise.all(
    engine.queue
      .take()
      .map(async (id) => await engine.claimTasks.claim(parseAttemptId(id)!, engine.workerId)),
  );
  return claims.filter((claim) => claim !== null);
}

export const SUCCESS = { kind: 'succeeded', output: null } as const;

export function failure(retryable = true): {
  kind: 'failed';
  error: { code: string; message: string; retryable: boolean };
} {
  return { kind: 'failed', error: { code: 'exit_code', message: 'exit 1', retryable } };
}

/** Runs everything that becomes ready to its end; `outcomeOf` says how, by task name. */
export async function runToEnd(
  engine: EngineUnderTest,
  outcomeOf: (name: string, claim: Claim) => Parameters<FinishTasks['finish']>[1] = () => SUCCESS,
): Promise<string[]> {
  const order: string[] = [];
  for (let claims = await claimAll(engine); claims.length > 0; claims = await claimAll(engine)) {
    for (const claim of claims) {
      const { graph } = await engine.versions.get(claim.dagVersionId);
      order.push(graph.names[claim.idx]);
    }
    await Promise.all(
      claims.map(async (claim) => {
        const { graph } = await engine.versions.get(claim.dagVersionId);
        await engine.finishTasks.finish(claim, outcomeOf(graph.names[claim.idx], claim));
      }),
    );
    await engine.upkeep.wake();
  }
  return order;
}

export async function statusOf(engine: EngineUnderTest, runId: string): Promise<string> {
  const [job] = await engine.rows<{ status: string }>('SELECT status FROM jobs WHERE run_id = $1', [runId]);
  return job.status;
}

/** Task statuses by name. */
export async function statusesOf(engine: EngineUnderTest, runId: string): Promise<Record<string, string>> {
  const tasks = await engine.rows<{ name: string; status: string }>(
    'SELECT name, status FROM tasks WHERE run_id = $1 ORDER BY idx',
    [runId],
  );
  return Object.fromEntries(tasks.map((task) => [task.name, task.status]));
}

export async function eventsOf(
  engine: EngineUnderTest,
  runId: string,
): Promise<{ seq: number; type: string; task: string | null; attempt: number | null; data: Json }[]> {
  return await engine.rows(
    'SELECT seq, type, task, attempt, data FROM events WHERE run_id = $1 ORDER BY seq',
    [runId],
  );
}

/** Fails unless the stored job obeys what must hold after every transition. */
export async function expectConsistent(engine: EngineUnderTest, runId: string): Promise<void> {
  const [job] = await engine.rows<Record<string, number | string>>('SELECT * FROM jobs WHERE run_id = $1', [
    runId,
  ]);
  const counted = await engine.rows<{ status: string; tasks: number }>(
    'SELECT status, count(*)::int AS tasks FROM tasks WHERE run_id = $1 GROUP BY status',
    [runId],
  );
  const byStatus = new Map(counted.map((row) => [row.status, row.tasks]));
  for (const status of [
    'blocked',
    'queued',
    'running',
    'retrying',
    'succeeded',
    'failed',
    'skipped',
    'upstream_failed',
    'cancelled',
  ]) {
    const stored = job[`tasks_${status}`];
    if (stored !== (byStatus.get(status) ?? 0)) {
      throw new Error(`tasks_${status} is ${stored}, but ${byStatus.get(status) ?? 0} tasks are ${status}`);
    }
  }
  const events = await eventsOf(engine, runId);
  events.forEach((event, index) => {
    if (event.seq !== index + 1) throw new Error(`event ${index + 1} has seq ${event.seq}`);
  });
  const open = ['blocked', 'queued', 'running', 'retrying'].some((status) => byStatus.has(status));
  if (open !== ['scheduled', 'queued', 'running'].includes(job.status as string)) {
    throw new Error(`the job is ${job.status}, but tasks are ${open ? 'still open' : 'all ended'}`);
  }
  const wrong = byStatus.has('failed') || byStatus.has('upstream_failed');
  if (!open && job.status !== 'cancelled' && (job.status === 'failed') !== wrong) {
    throw new Error(`the job is ${job.status}, but its tasks are ${JSON.stringify([...byStatus])}`);
  }
  if (job.last_seq !== events.length)
    throw new Error(`last_seq is ${job.last_seq}, but there are ${events.length} events`);
}
