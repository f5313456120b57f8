import type { Json } from '../../../src/domain/json.js';
import type { TaskSpec } from '../../../src/domain/task-spec.js';
import type { DagRow, JobRow, TaskRow } from '../rows.js';
import type { Tables } from '../tables.js';
import { asked, type Asked, keepKey } from './keys.js';
import { line, moved, rule, tell } from './rule.js';

const NO_TASKS = {
  tasks_blocked: 0,
  tasks_queued: 0,
  tasks_running: 0,
  tasks_retrying: 0,
  tasks_succeeded: 0,
  tasks_failed: 0,
  tasks_skipped: 0,
  tasks_upstream_failed: 0,
  tasks_cancelled: 0,
};

/** A job as it is born, before its tasks. */
export function newJob(
  of: Pick<JobRow, 'run_id' | 'dag_id' | 'dag_version_id' | 'status' | 'priority' | 'trigger' | 'params'>,
  more: Partial<JobRow>,
): JobRow {
  return {
    scheduled_for: null,
    tick_at: null,
    rerun_of: null,
    created_at: parseInt(of.run_id.replace('-', '').slice(0, 12), 16),
    started_at: null,
    finished_at: null,
    last_seq: 0,
    ...NO_TASKS,
    ...of,
    ...more,
  };
}

/** A task as it is born: what waits for nothing is queued as the first attempt, unless its job itself waits. */
export function newTask(
  db: Tables,
  runId: string,
  idx: number,
  spec: TaskSpec,
  openUpstreams: number,
  jobWaits: boolean,
  [maxRetries, baseSeconds, maxSeconds]: readonly number[],
): TaskRow {
  const isReady = openUpstreams === 0 && !jobWaits;
  return {
    run_id: runId,
    idx,
    name: spec.name,
    task_type: spec.task_type,
    status: isReady ? 'queued' : 'blocked',
    attempt: isReady ? 1 : 0,
    charged: 0,
    lost_workers: 0,
    open_upstreams: openUpstreams,
    max_retries: spec.max_retries ?? maxRetries,
    retry_base_seconds: spec.retry_base_delay ?? baseSeconds,
    retry_max_seconds: spec.retry_max_delay ?? maxSeconds,
    lease: null,
    worker_id: null,
    queued_at: isReady ? db.now : null,
    started_at: null,
    finished_at: null,
    next_retry_at: null,
    output: null,
    error: null,
  };
}

/** One job that is asked for, as the parameters of the statement have it. */
interface Wanted {
  runId: string;
  dag: DagRow;
  trigger: string;
  priority: string | null;
  params: Json;
  scheduledFor: number | null;
  tickAt: number | null;
}

/** A job of the current version with all its tasks; null when its tick has a job already. */
function insert(db: Tables, wanted: Wanted, retries: readonly number[]): JobRow | null {
  const { dag, runId, tickAt, scheduledFor, trigger } = wanted;
  if (tickAt !== null && db.jobs.all().some((job) => job.dag_id === dag.id && job.tick_at === tickAt))
    return null;
  const version = db.versions.all().find((row) => row.dag_id === dag.id && row.version === dag.version)!;
  const waits = scheduledFor !== null && scheduledFor > db.now;
  const priority = wanted.priority ?? dag.priority;
  const job = newJob(
    {
      run_id: runId,
      dag_id: dag.id,
      dag_version_id: version.id,
      status: waits ? 'scheduled' : 'queued',
      priority,
      trigger,
      params: wanted.params,
    },
    { scheduled_for: scheduledFor, tick_at: tickAt },
  );
  db.jobs.add(job);
  version.tasks.forEach((spec, idx) => {
    db.tasks.add(newTask(db, runId, idx, spec, spec.dependencies.length, waits, retries));
  });
  const lines = db
    .tasksOf(runId)
    .filter((task) => task.status === 'queued')
    .map((task) => line(1, 'task.queued', task, task.attempt));
  lines.push(line(0, 'job.created', null, null, { trigger, priority }));
  tell(db, job, lines);
  return db.jobs.get(runId)!;
}

function answerOf(db: Tables, job: JobRow, dag: DagRow): object[] {
  const { run_id, dag_id, dag_version_id, status, priority, trigger, params, scheduled_for, created_at } =
    job;
  const born = {
    run_id,
    dag_id,
    dag_name: dag.name,
    dag_version: dag.version,
    dag_version_id,
    size: db.tasksOf(run_id).length,
    roots: db.tasksOf(run_id).filter((task) => task.open_upstreams === 0).length,
    status,
    priority,
    trigger,
    params,
    scheduled_for: scheduled_for === null ? null : new Date(scheduled_for).toISOString(),
    created_at: new Date(created_at).toISOString(),
  };
  const events = { what: 'events', run_id, dag_id, from_seq: 1, to_seq: job.last_seq, job: born };
  const ready = db.tasksOf(run_id).filter((task) => task.status === 'queued');
  return [events, ...ready.map((task) => ({ ...moved('ready', task, job), job: null }))];
}

type Arrays = [
  runIds: string[],
  dagIds: number[],
  triggers: string[],
  priorities: (string | null)[],
  params: string[],
  scheduledFor: (Date | null)[],
  tickAt: (Date | null)[],
  maxRetries: number,
  baseSeconds: number,
  maxSeconds: number,
];

/** Jobs of the DAGs that are there, each tick once, each key once; a key of a DAG that is gone still has its answer. */
function startAny(db: Tables, arrays: Arrays, keyAt: (place: number) => Asked | null): object[] {
  const [runIds, dagIds, triggers, priorities, params, scheduledFor, tickAt, ...retries] = arrays;
  const rows: object[] = [];
  const dags = db.dags.all().filter((dag) => dagIds.includes(dag.id) && dag.deleted_at === null);
  for (const place of [...runIds.keys()].sort((one, other) => (runIds[one] < runIds[other] ? -1 : 1))) {
    const runId = runIds[place];
    const dag = dags.find((one) => one.id === dagIds[place]);
    const key = keyAt(place);
    const verdict = key === null ? null : keepKey(db, key, dag === undefined ? null : runId);
    if (verdict !== null) rows.push({ what: 'key', run_id: runId, job: verdict });
    if (dag === undefined || verdict !== null) continue;
    const job = insert(
      db,
      {
        runId,
        dag,
        trigger: triggers[place],
        priority: priorities[place],
        params: JSON.parse(params[place]) as Json,
        scheduledFor: scheduledFor[place]?.getTime() ?? null,
        tickAt: tickAt[place]?.getTime() ?? null,
      },
      retries,
    );
    if (job !== null) rows.push(...answerOf(db, job, dag));
  }
  return [...rows, ...dags.map((dag) => ({ what: 'dag', dag_id: dag.id, job: null }))];
}

export const start = rule((db, ...arrays: Arrays) => startAny(db, arrays, () => null));

export const startWithKeys = rule(
  (
    db,
    ...params: [
      ...Arrays,
      routes: (string | null)[],
      callers: (string | null)[],
      digests: (Buffer | null)[],
      fingerprints: (Buffer | null)[],
    ]
  ) => {
    const [routes, callers, digests, fingerprints] = params.slice(-4) as [
      string[],
      string[],
      Buffer[],
      Buffer[],
    ];
    return startAny(db, params.slice(0, -4) as Arrays, (place) =>
      digests[place] === null
        ? null
        : asked(routes[place], callers[place], digests[place], fingerprints[place]),
    );
  },
);

/** All of them or, where a DAG is not there, they are too heavy or the key is known, none. */
function startWhole(
  db: Tables,
  arrays: Arrays,
  maxTasks: number,
  key: Asked | null,
  resource: string,
): object[] {
  const [runIds, dagIds] = arrays;
  const dags = db.dags.all().filter((dag) => dagIds.includes(dag.id) && dag.deleted_at === null);
  const versions = runIds.flatMap((_, place) => {
    const dag = dags.find((one) => one.id === dagIds[place]);
    return dag === undefined
      ? []
      : db.versions.all().filter((row) => row.dag_id === dag.id && row.version === dag.version);
  });
  const tasks = versions.reduce((sum, version) => sum + version.tasks.length, 0);
  const weight = { what: 'weight', job: { tasks } };
  const isWhole = versions.length === runIds.length && tasks <= maxTasks;
  const verdict = key === null ? null : keepKey(db, key, isWhole ? resource : null);
  if (verdict !== null) return [weight, { what: 'key', job: verdict }];
  if (isWhole) return [weight, ...startAny(db, arrays, () => null)];
  return [weight, ...dags.map((dag) => ({ what: 'dag', dag_id: dag.id, job: null }))];
}

export const startAll = rule((db, ...params: [...Arrays, maxTasks: number]) =>
  startWhole(db, params.slice(0, 10) as Arrays, params[10], null, ''),
);

export const startAllWithKey = rule(
  (
    db,
    ...params: [
      ...Arrays,
      maxTasks: number,
      route: string,
      caller: string,
      digest: Buffer,
      fingerprint: Buffer,
      resource: string,
    ]
  ) => {
    const [maxTasks, route, caller, digest, fingerprint, resource] = params.slice(10) as [
      number,
      string,
      string,
      Buffer,
      Buffer,
      string,
    ];
    const key = asked(route, caller, digest, fingerprint);
    return startWhole(db, params.slice(0, 10) as Arrays, maxTasks, key, resource);
  },
);
