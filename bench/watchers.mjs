/*
 * What 1,000 subscribers cost, and whether they get everything: 100 jobs of 100 no-op tasks through the whole product on
 * PostgreSQL and Redis, with and without subscribers, alternating, ROUNDS times (default 3).
 *
 *   npm run build && node bench/watchers.mjs       (ROUNDS=3 JOBS=100 ALL=25 EACH=975 SPLIT=1)
 *
 * ALL subscribers follow all jobs, EACH one job each, both over raw WebSockets, server-sent events and Socket.IO, from
 * CLIENTS processes (default 2) on this same machine. SPLIT=1: an API process of its own serves them, as in production;
 * otherwise one process does everything. Jobs wait (`run_at`) until everybody is there.
 *
 * Lost: every subscriber's `seq` must go on without a gap to the last event of every job it follows. Delay: from the
 * event's `at` (the database's clock) to its receipt, one machine, whole milliseconds. Tasks per second: from the first
 * start to the last end in the database.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../dist/embedded/embedded-postgres.js';
import { findRedisProgram, startRedisServer } from '../test/support/redis-server.mjs';
import { call, startApplication } from './application.mjs';
import { median, spread, table } from './measure.mjs';

const number = (name, fallback) => Number(process.env[name] ?? fallback);
const ROUNDS = number('ROUNDS', 3);
const JOBS = number('JOBS', 100);
const ALL = number('ALL', 25);
const EACH = number('EACH', 975);
const CLIENTS = number('CLIENTS', 2);
const SPLIT = process.env.SPLIT === '1';
const WIDTH = 10;
const LENGTH = 10;
/** Of ten subscribers, how many by which protocol. */
const MIX = { raw: 6, sse: 3, socketIo: 1 };

const TASKS = Array.from({ length: WIDTH * LENGTH }, (_, i) => ({
  name: `t${i}`,
  task_type: 'noop',
  dependencies: i < WIDTH ? [] : [`t${i - WIDTH}`],
}));

const say = (text) => process.stderr.write(`${text}\n`);

/** What each subscriber is: all protocols among both sorts. */
function subscribersOf(runIds) {
  const kinds = Object.entries(MIX).flatMap(([kind, count]) => Array(count).fill(kind));
  return [
    ...Array.from({ length: ALL }, (_, i) => ({ kind: kinds[i % kinds.length], runId: null })),
    ...Array.from({ length: EACH }, (_, i) => ({
      kind: kinds[(i + Math.floor(i / JOBS)) % kinds.length],
      runId: runIds[i % JOBS],
    })),
  ];
}

/** Processes of subscribers, all open. */
async function openClients(url, subscribers) {
  const clients = Array.from({ length: CLIENTS }, () =>
    fork(join(import.meta.dirname, 'watcher-clients.mjs')),
  );
  const answer = (client) => new Promise((resolve) => client.once('message', resolve));
  await Promise.all(
    clients.map((client, index) => {
      client.send({ open: { url, wanted: subscribers.filter((_, i) => i % CLIENTS === index) } });
      return answer(client);
    }),
  );
  const ask = async (ends) =>
    await Promise.all(
      clients.map((client) => {
        client.send({ ends });
        return answer(client);
      }),
    );
  return { ask, close: () => clients.forEach((client) => client.send({ close: true })) };
}

async function round(application, api, database, dagId, isWatched) {
  const runAt = new Date(Date.now() + 3_600_000);
  const runIds = [];
  while (runIds.length < JOBS) {
    const jobs = Array.from({ length: Math.min(10, JOBS - runIds.length) }, () =>
      call(application.url, 'POST', '/jobs', { dag_id: dagId, run_at: runAt }),
    );
    for (const { run_id } of await Promise.all(jobs)) runIds.push(run_id);
  }
  const subscribers = isWatched ? subscribersOf(runIds) : [];
  const clients = isWatched ? await openClients(api.url, subscribers) : null;
  // Everybody is there: their time is now.
  await database.query('UPDATE jobs SET scheduled_for = clock_timestamp() WHERE run_id = ANY ($1)', [runIds]);
  const text = `SELECT count(*) FILTER (WHERE status = 'succeeded')::int AS done, count(*) FILTER (WHERE status IN ('failed', 'cancelled'))::int AS bad,
                       extract(epoch FROM max(finished_at) - min(started_at))::float8 AS seconds
                FROM jobs WHERE run_id = ANY ($1)`;
  let row;
  for (const deadline = Date.now() + 180_000; ; await sleep(250)) {
    [row] = (await database.query(text, [runIds])).rows;
    if (process.stderr.isTTY) process.stderr.write(`\r  ${row.done} of ${JOBS} jobs ended `);
    if (row.done === JOBS) break;
    if (row.bad > 0 || Date.now() > deadline) throw new Error('Not all jobs succeeded');
  }
  const perSecond = (JOBS * TASKS.length) / row.seconds;
  if (clients === null) {
    say(`${Math.round(perSecond)} tasks/s, no subscriber`);
    return { perSecond };
  }
  const { rows } = await database.query('SELECT run_id, last_seq FROM jobs WHERE run_id = ANY ($1)', [
    runIds,
  ]);
  // Behind `job.created`, which happened before anybody was there.
  const ends = Object.fromEntries(rows.map(({ run_id, last_seq }) => [run_id, { seq: last_seq, begin: 2 }]));
  let answers;
  for (const deadline = Date.now() + 60_000; ; await sleep(500)) {
    answers = await clients.ask(ends);
    if (answers.every(({ left }) => left === 0) || Date.now() > deadline) break;
  }
  clients.close();
  const sum = (of) => answers.reduce((total, answer) => total + of(answer), 0);
  const delays = answers.flatMap((answer) => answer.delays).sort(([left], [right]) => left - right);
  const result = {
    perSecond,
    lost: sum(({ left, faults }) => left + faults),
    received: sum(({ received }) => received),
    p50: quantile(delays, 0.5),
    p99: quantile(delays, 0.99),
    max: delays.at(-1)[0],
    clientCpu: sum(({ cpuMs }) => cpuMs) / 1_000,
  };
  say(
    `${Math.round(perSecond)} tasks/s, ${subscribers.length} subscribers: ${result.received} received, ${result.lost} lost, ` +
      `delay p50 ${result.p50} ms, p99 ${result.p99} ms, max ${result.max} ms; clients used ${result.clientCpu.toFixed(1)} s CPU`,
  );
  return result;
}

function quantile(counts, share) {
  let left = counts.reduce((total, [, count]) => total + count, 0) * share;
  for (const [value, count] of counts) if ((left -= count) <= 0) return value;
  return NaN;
}

const directory = mkdtempSync(join(tmpdir(), 'dts-bench-pg-'));
const postgres = await startEmbeddedPostgres({ dataDirectory: directory, log: () => undefined });
const program = findRedisProgram();
if (!program) throw new Error('No redis-server or valkey-server on PATH');
const redis = await startRedisServer(program);
const env = {
  DATABASE_URL: postgres.url,
  REDIS_URL: redis.url,
  QUEUE_BACKEND: 'redis',
  MAX_CONCURRENT_JOBS: '100',
};
const running = [];
try {
  const application = await startApplication(env);
  running.push(application);
  const api = SPLIT ? await startApplication({ ...env, ROLE: 'api' }) : application;
  if (SPLIT) running.push(api);
  const database = new pg.Client({ connectionString: postgres.url });
  database.on('error', () => undefined); // when a round failed, the server goes first
  await database.connect();
  const { id } = await call(application.url, 'POST', '/dags', { name: 'watched', tasks: TASKS });
  const [alone, watched] = [[], []];
  say('warming up');
  await round(application, api, database, id, false);
  for (let number = 1; number <= ROUNDS; number += 1) {
    say(`round ${number} of ${ROUNDS}`);
    alone.push(await round(application, api, database, id, false));
    watched.push(await round(application, api, database, id, true));
  }
  await database.end();
  const of = (results, field) => spread(results.map((result) => result[field]));
  const loss = 1 - median(watched.map((w) => w.perSecond)) / median(alone.map((a) => a.perSecond));
  console.log(
    table(
      [
        'subscribers',
        'processes',
        'tasks/s',
        'loss',
        'events received',
        'lost',
        'delay p50 ms',
        'p99 ms',
        'clients’ CPU s',
      ],
      [
        ['none', SPLIT ? 'api, all' : 'all', of(alone, 'perSecond'), '', '', '', '', '', ''],
        [
          `${ALL} of all jobs, ${EACH} of one`,
          SPLIT ? 'api, all' : 'all',
          of(watched, 'perSecond'),
          `${(loss * 100).toFixed(0)} %`,
          of(watched, 'received'),
          of(watched, 'lost'),
          of(watched, 'p50'),
          of(watched, 'p99'),
          of(watched, 'clientCpu'),
        ],
      ],
    ),
  );
} finally {
  for (const application of running) await application.stop();
  await redis.stop();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
