/*
 * What more worker processes bring on one machine, what saturates first, and what a process of each role costs that has
 * nothing to do: the figures of docs/SCALING.md.
 *
 *   npm run build && node bench/scale-out.mjs      (ROUNDS=3 WORKERS=1x100,2x100,4x100,1x25,4x25 ONLY=fans,chains)
 *
 * One api process, one scheduler process, and in each turn as many workers × slots as it says, started for it and warmed
 * up; turns alternate, in an order that moves on with every round. PostgreSQL with fsync on, Redis without persistence. The jobs
 * of a workload are submitted at once, by POST /jobs; its time ends with the last `finished_at`. Then every task must have
 * succeeded in attempt 1 and have exactly one row in `attempts`.
 *
 * CPU is in seconds of one core per 1,000 tasks; a worker's includes its task host and the processes of its attempts.
 * `cores` is all of it by time: where it comes near to what the machine has, the machine is what saturates. `busiest` is the
 * one process of ours that used most of a core: near 1 it is what saturates. `share` is that of the worker that ran most of
 * the attempts; 1 ÷ workers would be even.
 */
import { cpus } from 'node:os';
import { call, jobEnd } from './application.mjs';
import { measureIdleRoles } from './idle-roles.mjs';
import { startInstallation } from './installation.mjs';
import { sum } from './measure.mjs';
import { PARTS, costTable, rateTable, roleTable } from './scale-out-tables.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const IDLE_SECONDS = Number(process.env.IDLE_SECONDS ?? 10);
const TURNS = (process.env.WORKERS ?? '1x100,2x100,4x100,1x25,4x25').split(',').map((text) => {
  const [workers, slots] = text.split('x').map(Number);
  return { workers, slots, label: `${workers} × ${slots}` };
});
/** Of a quarter of the jobs each: connections, plans and the JIT of workers that have just started. */
const WARM_ROUNDS = 1;

const noop = (name, dependencies = []) => ({ name, task_type: 'noop', config: {}, dependencies });
const chain = (length) => Array.from({ length }, (_, i) => noop(`t${i}`, i === 0 ? [] : [`t${i - 1}`]));
const waiting = (count) =>
  Array.from({ length: count }, (_, i) => ({
    name: `s${i}`,
    task_type: 'shell',
    config: { command: 'sleep 0.05' },
  }));

function fan(width) {
  const names = Array.from({ length: width }, (_, i) => `m${i}`);
  return [noop('root'), ...names.map((name) => noop(name, ['root'])), noop('sink', names)];
}

const ALL_WORKLOADS = [
  { id: 'fans', name: '20 × (1 → 1,000 → 1)', jobs: 20, tasks: fan(1_000) },
  { id: 'fan', name: '1 → 5,000 → 1', jobs: 1, tasks: fan(5_000) },
  { id: 'chains', name: '100 chains of 10', jobs: 100, tasks: chain(10) },
  { id: 'waiting', name: '200 × `sleep 0.05`', jobs: 1, tasks: waiting(200) },
];
const ONLY = process.env.ONLY?.split(',');
const WORKLOADS = ALL_WORKLOADS.filter(({ id }) => ONLY?.includes(id) ?? true);

const say = (text) => process.stderr.write(`${text}\n`);

/** Submits jobs at once and waits for their ends. */
async function run(url, database, dagId, jobs) {
  const sentAt = Date.now();
  const submit = async () => (await call(url, 'POST', '/jobs', { dag_id: dagId })).run_id;
  const runIds = await Promise.all(Array.from({ length: jobs }, submit));
  let endedAt = 0;
  for (const runId of runIds) {
    const { finished_at } = await jobEnd(database, runId);
    endedAt = Math.max(endedAt, finished_at.getTime());
  }
  return { seconds: (endedAt - sentAt) / 1_000, runIds };
}

/** How many attempts each worker ran; throws unless each task succeeded in attempt 1 and was tried once. */
async function attemptsByWorker(database, runIds, expected) {
  const tasks = await database.query(
    `SELECT count(*)::int AS n FROM tasks WHERE run_id = ANY ($1) AND status = 'succeeded' AND attempt = 1`,
    [runIds],
  );
  const attempts = await database.query(
    'SELECT count(*)::int AS n FROM attempts WHERE run_id = ANY ($1) GROUP BY worker_id',
    [runIds],
  );
  const counts = attempts.rows.map(({ n }) => n);
  if (tasks.rows[0].n !== expected || sum(counts) !== expected)
    throw new Error(
      `Of ${expected} tasks ${tasks.rows[0].n} succeeded in attempt 1, in ${sum(counts)} attempts`,
    );
  return counts;
}

async function measure({ usage, database }, parts, { dagId, jobs, tasks: { length } }) {
  const before = await usage(parts);
  const { seconds, runIds } = await run(parts.api[0].url, database, dagId, jobs);
  const after = await usage(parts);
  const tasks = jobs * length;
  const attempts = await attemptsByWorker(database, runIds, tasks);
  const used = Object.fromEntries(PARTS.map((part) => [part, sum(after.cpu[part]) - sum(before.cpu[part])]));
  const ofOurs = Object.keys(parts).flatMap((part) =>
    after.cpu[part].map((value, i) => value - before.cpu[part][i]),
  );
  const perTask = (key) => (after[key] - before[key]) / tasks;
  return {
    rate: tasks / seconds,
    share: Math.max(...attempts) / tasks,
    cpu: Object.fromEntries(PARTS.map((part) => [part, (used[part] * 1_000) / tasks])),
    cores: sum(Object.values(used)) / seconds,
    busiest: Math.max(...ofOurs) / seconds,
    writes: perTask('writes'),
    wal: perTask('wal'),
    commands: perTask('commands'),
    scripts: perTask('scripts'),
  };
}

/** @returns the connections to PostgreSQL that are open at its end */
async function takeTurn(installation, parts, { workers, slots, label }, keep) {
  const started = await installation.start('worker', workers, { MAX_CONCURRENT_JOBS: String(slots) });
  const { url } = parts.api[0];
  for (let i = 0; i < WARM_ROUNDS; i += 1)
    for (const { dagId, jobs } of WORKLOADS)
      await run(url, installation.database, dagId, Math.ceil(jobs / 4));
  for (const workload of WORKLOADS) {
    const sample = await measure(installation, { ...parts, workers: started }, workload);
    say(`  ${label}, ${workload.name}: ${sample.rate.toFixed(0)} tasks/s, ${sample.cores.toFixed(2)} cores`);
    keep(workload.name, sample);
  }
  const connections = await installation.connections();
  await installation.stop(started);
  return connections;
}

const installation = await startInstallation();
const runs = WORKLOADS.flatMap(({ name }) =>
  TURNS.map(({ label }) => ({ workload: name, label, samples: [] })),
);
const connections = { api: 0, scheduler: 0, worker: 0 };
let idleRoles;
try {
  idleRoles = await measureIdleRoles(installation, IDLE_SECONDS, say);
  const { parts } = idleRoles;
  for (const workload of WORKLOADS) {
    const { name, tasks } = workload;
    workload.dagId = (await call(parts.api[0].url, 'POST', '/dags', { name, tasks })).id;
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    say(`round ${round + 1} of ${ROUNDS}`);
    for (const i of TURNS.keys()) {
      const turn = TURNS[(i + round) % TURNS.length];
      const open = await takeTurn(installation, parts, turn, (name, sample) =>
        runs.find(({ workload, label }) => workload === name && label === turn.label).samples.push(sample),
      );
      for (const role of Object.keys(connections)) {
        const processes = role === 'worker' ? turn.workers : 1;
        connections[role] = Math.max(connections[role], (open[role] ?? 0) / processes);
      }
    }
  }
} finally {
  await installation.close();
}
console.log(`${cpus().length} cores, ${ROUNDS} rounds\n`);
console.log(
  [rateTable(runs), costTable(runs), roleTable(idleRoles.rows, connections)]
    .map((one) => `${one}\n`)
    .join('\n'),
);
