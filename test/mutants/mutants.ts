/** Ways to break the engine, each with the test that is to notice. */

/** One change of one file: `find` stands in it exactly once. */
export interface Edit {
  file: string;
  find: string;
  replace: string;
}

export interface Mutant {
  name: string;
  /** What is broken by it. */
  what: string;
  edits: readonly Edit[];
  /** What is run to notice; the first that fails has caught it. */
  commands: readonly string[];
}

// More tries than in the tests: what breaks only under rare circumstances has to meet them whatever the seed.
export const SIMULATION = 'SIMULATION_RUNS=6000 npm run test:unit -- test/unit/simulation/engine.spec.ts';
export const MODEL = 'MODEL_RUNS=600 npm run test:integration -- test/integration/engine/model.spec.ts';
export const RACES = 'npm run test:integration -- test/integration/engine/races.spec.ts';

function mutant(
  name: string,
  what: string,
  command: string,
  file: string,
  ...changes: readonly (readonly [find: string, replace: string])[]
): Mutant {
  const edits = changes.map(([find, replace]) => ({ file, find, replace }));
  return { name, what, edits, commands: [command] };
}

const TRANSITIONS = 'src/persistence/transitions';

/** Broken decisions of the engine. */
const DECISIONS: readonly Mutant[] = [
  mutant(
    'claim-given-out-twice',
    'two messages of one attempt in one batch both get its claim',
    SIMULATION,
    'src/engine/claim-tasks.ts',
    ['      claims.delete(id);\n', ''],
  ),
  mutant(
    'second-report-accepted',
    'of two reports under one lease in one batch both are told that theirs counts',
    SIMULATION,
    'src/engine/finish-tasks.ts',
    ['first.get(input.lease) === input && done', 'done'],
  ),
  mutant(
    'descendants-forgotten',
    'what is below a failed task goes on waiting',
    SIMULATION,
    'src/engine/finish-tasks.ts',
    ['descendants: descendantsOf(graph, [claim.idx]),', 'descendants: descendantsOf(graph, []),'],
  ),
  mutant(
    'failure-not-counted',
    'a task has an attempt more than its retries allow',
    SIMULATION,
    'src/engine/finish-tasks.ts',
    ['charged: claim.charged + 1,', 'charged: claim.charged,'],
  ),
  mutant('retry-too-few', 'a task is given up before its last retry', SIMULATION, 'src/domain/retry.ts', [
    'input.charged > input.maxRetries',
    'input.charged >= input.maxRetries',
  ]),
  mutant('retry-at-once', 'a retry does not wait for its delay', SIMULATION, 'src/engine/finish-tasks.ts', [
    'delayMs: next.delayMs,',
    'delayMs: 0 * next.delayMs,',
  ]),
  mutant(
    'poison-goes-on',
    'a task that kills its workers is tried for ever',
    SIMULATION,
    'src/engine/lose-tasks.ts',
    ['task.lostWorkers + 1 >= MAX_LOST_WORKERS', 'task.lostWorkers + 1 >= Infinity * MAX_LOST_WORKERS'],
  ),
  mutant(
    'loss-counts-as-drain',
    'a worker that died leaves no trace on the task that it ran',
    SIMULATION,
    'src/engine/lose-tasks.ts',
    [`({ ...task, outcome: 'lost' })`, `({ ...task, outcome: 'drained' })`],
  ),
  mutant(
    'lost-worker-charged',
    'the last of too many lost workers is charged to the task',
    SIMULATION,
    'src/engine/lose-tasks.ts',
    [`retryable: false }, 'lost');`, `retryable: false }, 'failed');`],
  ),
  mutant('orphans-left', 'nobody takes back what a dead worker ran', SIMULATION, 'src/engine/upkeep.ts', [
    '    await this.loseTasks.lose(orphans);\n',
    '',
  ]),
  mutant(
    'sweep-sends-nothing',
    'a message that was lost is lost for good',
    SIMULATION,
    'src/engine/message-sweep.ts',
    [
      'if (!(await this.dispatcher.send(messages.slice(from, from + OFFERED_AT_ONCE)))) return null;',
      'if (messages.length > Infinity) return null;',
    ],
  ),
  mutant('woken-by-nobody', 'retries are found due and nothing is done', SIMULATION, 'src/engine/upkeep.ts', [
    'await wakeTasks(this.database, PAGE)',
    'await wakeTasks(this.database, 0 * PAGE)',
  ]),
  mutant(
    'entry-closed-twice',
    'a DLQ entry that was replayed is replayed again',
    SIMULATION,
    'src/engine/replay-tasks.ts',
    [`entry.status === 'pending' ? 'done' : 'not_pending'`, `entry.status === '' ? 'not_pending' : 'done'`],
  ),
  mutant(
    'revived-below-a-failure',
    'a replay brings back what is below another failed task as well',
    SIMULATION,
    'src/domain/revival.ts',
    [
      `parents.some((status) => status === 'failed' || status === 'upstream_failed')`,
      `parents.some((status) => status === 'skipped')`,
    ],
  ),
  mutant(
    'revived-too-early',
    'what a replay brings back does not wait for what runs already',
    SIMULATION,
    'src/domain/revival.ts',
    [
      `parents.filter((status) => status !== 'succeeded').length`,
      `parents.filter((status) => status === 'queued').length`,
    ],
  ),
  mutant(
    'cursor-before-job',
    'the cursor of the ticks moves on before the job is there',
    SIMULATION,
    'src/scheduler/cron-ticks.ts',
    [
      `      for (const tick of ticks) {
`,
      `      const last = ticks.at(-1)!;
      if (!(await this.store.advance(dag.id, dag.nextRunAt, nextTick(parsed.cron, dag.timezone, last)))) return 0;
      for (const tick of ticks) {
`,
    ],
    [
      '      await this.store.advance(dag.id, dag.nextRunAt, nextTick(parsed.cron, dag.timezone, ticks.at(-1)!));\n',
      '',
    ],
  ),
  mutant(
    'tick-without-a-mark',
    'two schedulers start the same tick',
    SIMULATION,
    'src/scheduler/cron-ticks.ts',
    [`trigger: 'cron', tickAt: tick }`, `trigger: 'cron', runAt: tick }`],
  ),
  mutant(
    'message-before-commit',
    'a job is told to the workers before it is in the database',
    SIMULATION,
    'src/engine/start-jobs.ts',
    [
      '      const { effects, jobs,',
      `      this.dispatcher.dispatch(open.map(({ runId }) => ({ what: 'ready', run_id: runId, idx: 0, attempt: 1, priority: 'normal' })));
      const { effects, jobs,`,
    ],
  ),
  mutant(
    'key-ignored',
    'a request that is sent again makes a second job',
    SIMULATION,
    'src/engine/start-jobs.ts',
    ['toInput(request, newRunId(), request.key)', 'toInput(request, newRunId())'],
  ),
  mutant(
    'failed-look-up-kept',
    'a process that could not read a DAG once never can again',
    SIMULATION,
    'src/engine/dag-versions.ts',
    ['      this.cache.delete(id);\n      throw error;', '      throw error;'],
  ),
];

/** Broken statements. */
const STATEMENTS: readonly Mutant[] = [
  mutant(
    'batch-in-part',
    'a batch of jobs starts without those whose DAG is gone',
    MODEL,
    `${TRANSITIONS}/start-all.ts`,
    ['jobs = cardinality($1::uuid[]) AND tasks', 'tasks'],
  ),
  mutant(
    'success-without-lease',
    'whoever knows a task may end it with success',
    MODEL,
    `${TRANSITIONS}/succeed-one.ts`,
    ['t.idx = $2::int AND t.lease = $3::bigint AND', 't.idx = $2::int AND'],
  ),
  mutant('batch-success-without-lease', 'the same in a batch', MODEL, `${TRANSITIONS}/succeed.ts`, [
    't.idx = l.idx AND t.lease = l.lease AND',
    't.idx = l.idx AND',
  ]),
  mutant(
    'retry-without-lease',
    'a zombie sends the attempt of its successor to wait',
    MODEL,
    `${TRANSITIONS}/retry.ts`,
    ['t.idx = l.idx AND t.lease = l.lease AND', 't.idx = l.idx AND'],
  ),
  mutant(
    'bury-without-lease',
    'a zombie buries the attempt of its successor',
    MODEL,
    `${TRANSITIONS}/bury.ts`,
    ['t.idx = l.idx AND t.lease = l.lease AND', 't.idx = l.idx AND'],
  ),
  mutant(
    'requeue-without-lease',
    'a drain hands back what somebody else runs',
    MODEL,
    `${TRANSITIONS}/requeue.ts`,
    ['WHERE t.lease = l.lease AND', 'WHERE'],
  ),
  mutant(
    'requeue-under-the-old-number',
    'a requeued task keeps its attempt number, and with it the message that was used up',
    MODEL,
    `${TRANSITIONS}/requeue.ts`,
    ['lease = NULL, attempt = t.attempt + 1,', 'lease = NULL, attempt = t.attempt,'],
  ),
  mutant(
    'drain-charged',
    'an attempt that was handed back costs a retry',
    MODEL,
    `${TRANSITIONS}/requeue.ts`,
    [
      '        lost_workers = t.lost_workers',
      '        charged = t.charged + 1, lost_workers = t.lost_workers',
    ],
  ),
  mutant(
    'claim-for-a-lost-worker',
    'a worker that was declared lost gets work',
    MODEL,
    `${TRANSITIONS}/claim.ts`,
    [`w.id = $4::uuid AND w.status <> 'lost'`, `w.id = $4::uuid`],
  ),
  mutant(
    'claim-of-an-old-attempt',
    'an old message claims the attempt after it',
    MODEL,
    `${TRANSITIONS}/claim.ts`,
    ['AND t.attempt = l.attempt AND', 'AND'],
  ),
  mutant(
    'woken-before-due',
    'a retry does not wait for its time',
    MODEL,
    `${TRANSITIONS}/wake.ts`,
    [`WHERE status = 'retrying' AND next_retry_at <= now() ORDER`, `WHERE status = 'retrying' ORDER`],
    [` AND t.next_retry_at <= now()`, ''],
  ),
  mutant(
    'children-counted-down-twice',
    'a task with two parents starts when one has succeeded',
    MODEL,
    `${TRANSITIONS}/succeed-one.ts`,
    ['SET open_upstreams = t.open_upstreams - 1,', 'SET open_upstreams = greatest(t.open_upstreams - 2, 0),'],
    ['const IS_READY = `t.open_upstreams = 1 AND', 'const IS_READY = `t.open_upstreams <= 2 AND'],
  ),
  mutant(
    'kept-for-a-draining-worker',
    'a worker that stops taking work is given the next task',
    MODEL,
    `${TRANSITIONS}/succeed-one.ts`,
    [`k.id = $6::uuid AND k.status = 'active'`, `k.id = $6::uuid`],
  ),
  mutant(
    'entry-with-the-queue-off',
    'the DLQ has entries although it is off, and none when it is on',
    MODEL,
    `${TRANSITIONS}/bury.ts`,
    ['FROM done WHERE $7::boolean', 'FROM done WHERE NOT $7::boolean'],
  ),
  mutant('doomed-not-counted', 'a job with a failed branch never ends', MODEL, `${TRANSITIONS}/bury.ts`, [
    'tasks_blocked = n.tasks_blocked - n.doomed, tasks_upstream_failed',
    'tasks_upstream_failed',
  ]),
  mutant(
    'retired-with-pending-entry',
    'a job that somebody still has to look after is deleted with its entry',
    MODEL,
    `${TRANSITIONS}/retire.ts`,
    [`e.run_id = j.run_id AND e.status = 'pending'`, `e.run_id = j.run_id AND false`],
  ),
  mutant(
    'replay-with-old-charges',
    'a replayed task has no fresh retries',
    MODEL,
    `${TRANSITIONS}/replay.ts`,
    ['error = NULL, charged = 0, lost_workers = 0,', 'error = NULL, lost_workers = 0,'],
  ),
  mutant(
    'replay-of-what-is-not-failed',
    'a replay takes a task away from whoever runs it',
    MODEL,
    `${TRANSITIONS}/replay.ts`,
    [
      `WHERE e.id = $3 AND e.status = 'pending' AND EXISTS (SELECT FROM root)`,
      'WHERE e.id = $3 AND EXISTS (SELECT FROM root)',
    ],
    ["AND t.status IN ${fromTask('replay')}", ''],
  ),
  mutant(
    'cancelled-attempt-forgotten',
    'what ran when its job was cancelled leaves no history',
    MODEL,
    `${TRANSITIONS}/cancel.ts`,
    [
      `started_at, clock_timestamp()\n    FROM before WHERE status = 'running'`,
      `started_at, clock_timestamp()\n    FROM before WHERE false`,
    ],
  ),
  mutant(
    'events-in-another-order',
    'a task is told to be queued before the one above it has succeeded',
    MODEL,
    `${TRANSITIONS}/fragments.ts`,
    ['PARTITION BY run_id ORDER BY rank, idx', 'PARTITION BY run_id ORDER BY idx, rank'],
  ),
  mutant(
    'zombie-renews',
    'a worker that was declared lost renews its lease',
    MODEL,
    'src/persistence/worker-lease.store.ts',
    [`WHERE id = $1 AND status <> 'lost' RETURNING id`, 'WHERE id = $1 RETURNING id'],
  ),
  mutant(
    'gone-workers-forgotten',
    'what a worker ran whose row is gone is not taken back',
    MODEL,
    'src/persistence/worker-lease.store.ts',
    [`(w.id IS NULL OR w.status = 'lost')`, `w.status = 'lost'`],
  ),
  mutant(
    'tick-moved-from-anywhere',
    'a scheduler that looked long ago moves the cursor back',
    MODEL,
    'src/persistence/tick.store.ts',
    ['WHERE id = $1 AND next_run_at = $2 AND', 'WHERE id = $1 AND $2::timestamptz IS NOT NULL AND'],
  ),
  mutant(
    'job-not-locked',
    'two processes change the same job at once',
    RACES,
    `${TRANSITIONS}/fragments.ts`,
    ['ORDER BY i.run_id FOR UPDATE OF j\n', 'ORDER BY i.run_id\n'],
    ['WHERE run_id = ${runId}::uuid FOR UPDATE\n', 'WHERE run_id = ${runId}::uuid\n'],
  ),
];

export const MUTANTS: readonly Mutant[] = [...DECISIONS, ...STATEMENTS];
