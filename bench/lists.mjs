/*
 * Every list, every filter and every statistic of the API over a long history: JOBS finished jobs (default 1,000,000) of
 * three tasks with their attempts and events, a DLQ entry for every tenth, DAGS DAGs (2,000), OPEN open jobs (1,000).
 * One `ROLE=api` process, one request at a time over a kept connection; SAMPLES (200) of each after 20 that do not count.
 * Each is followed by one of `/health/live`, which asks nothing of the database: what the machine and HTTP cost at that moment.
 *
 *   npm run build && JOBS=1000000 node bench/lists.mjs
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../dist/embedded/embedded-postgres.js';
import { encodeCursor } from '../dist/http/cursor.js';
import { migrateDatabase } from '../dist/persistence/migrate.js';
import { loadHistory, RARE } from '../test/support/history.mjs';
import { startApplication } from './application.mjs';
import { percentile, table } from './measure.mjs';

const JOBS = Number(process.env.JOBS ?? 1_000_000);
const SIZE = {
  jobs: JOBS,
  dags: Number(process.env.DAGS ?? 2_000),
  openJobs: Number(process.env.OPEN ?? 1_000),
  workers: 60,
};
const SAMPLES = Number(process.env.SAMPLES ?? 200);
const WARM = 20;

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function request(url) {
  return new Promise((resolve, reject) => {
    const sentAt = performance.now();
    get(url, { agent }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const ms = performance.now() - sentAt;
        const body = JSON.parse(Buffer.concat(parts).toString());
        if (answer.statusCode === 200) resolve({ ms, body });
        else reject(new Error(`${url}: ${answer.statusCode} ${JSON.stringify(body)}`));
      });
    }).on('error', reject);
  });
}

async function times(count, work) {
  for (let i = 0; i < count; i += 1) await work();
}

async function measure(base, path) {
  const taken = [];
  const health = [];
  let body;
  await times(WARM, async () => await request(base + path));
  await times(SAMPLES, async () => {
    const answer = await request(base + path);
    body = answer.body;
    taken.push(answer.ms);
    health.push((await request(`${base}/health/live`)).ms);
  });
  const spreadOf = (values) => ({ p50: percentile(values, 0.5), p95: percentile(values, 0.95) });
  return { ...spreadOf(taken), health: spreadOf(health), rows: body.items?.length ?? 1, body };
}

/** All presence combinations of the four filters, with the given values. */
function combinations(values) {
  const names = Object.keys(values);
  return Array.from({ length: 2 ** names.length }, (_, bits) =>
    new URLSearchParams(
      names.filter((_name, i) => (bits >> i) & 1).map((name) => [name, values[name]]),
    ).toString(),
  );
}

function paths(dags, some, entry) {
  const jobs = (query) => `/jobs?${query}`;
  const common = { status: 'succeeded', dag_id: dags.common, trigger: 'cron', priority: 'normal' };
  const rare = { status: 'failed', dag_id: dags.rare, trigger: RARE.trigger, priority: RARE.priority };
  const middle = encodeCursor(some.run_id, { list: 'jobs' });
  const middleOf = (filters) => encodeCursor(some.run_id, { list: 'jobs', ...filters });
  const at = some.created_at;
  const hourBefore = new Date(Date.parse(at) - 3_600_000).toISOString();
  return [
    '/health',
    ...combinations(common).map(jobs),
    ...combinations(rare).slice(1).map(jobs),
    jobs('status=scheduled'),
    jobs(`dag_id=${dags.unused}`),
    jobs('status=running,queued'),
    jobs('status=failed,cancelled'),
    jobs('status=succeeded,failed,cancelled'),
    jobs('status=succeeded,failed,cancelled,running,queued,scheduled'),
    jobs('limit=200'),
    jobs('status=succeeded&limit=200'),
    jobs(`created_before=${at}`),
    jobs(`created_after=${hourBefore}&created_before=${at}`),
    jobs(`status=failed&created_after=${hourBefore}&created_before=${at}`),
    jobs(`dag_id=${dags.common}&priority=low&created_before=${at}`),
    jobs('created_after=2090-01-01T00:00:00Z'),
    jobs(`cursor=${middle}`),
    jobs(`status=failed&cursor=${middleOf({ status: ['failed'] })}`),
    jobs(`trigger=cron&priority=low&cursor=${middleOf({ trigger: 'cron', priority: 'low' })}`),
    jobs(`dag_id=${dags.common}&cursor=${middleOf({ dag_id: dags.common })}`),
    `/jobs/${some.run_id}`,
    `/jobs/${some.run_id}/events`,
    `/jobs/${some.run_id}/events?since=5`,
    `/jobs/${some.run_id}/tasks/a/attempts`,
    '/jobs/queue/stats',
    '/workers',
    '/workers?status=lost',
    '/workers/stats',
    '/dags',
    '/dags?name=history-19',
    '/dags?name=HISTORY-1999',
    '/dags?name=none-of-them',
    '/dags?tag=every',
    '/dags?tag=team-7',
    '/dags?tag=single',
    '/dags?tag=none',
    '/dags?is_paused=true',
    '/dags?is_paused=false&tag=team-4&name=9',
    `/dags/${dags.common}/versions`,
    '/workers/dlq/entries',
    ...combinations({ status: 'pending', dag_id: dags.common, error_code: 'timeout' })
      .slice(1)
      .map((query) => `/workers/dlq/entries?${query}`),
    `/workers/dlq/entries?error_code=${RARE.errorCode}`,
    `/workers/dlq/entries?error_code=${RARE.errorCode}&dag_id=${dags.common}&status=resolved`,
    '/workers/dlq/entries?error_code=none',
    `/workers/dlq/entries?error_code=exit_code&dag_id=${dags.common}`,
    `/workers/dlq/entries?dag_id=${dags.unused}`,
    `/workers/dlq/entries?cursor=${encodeCursor(entry, { list: 'dlq' })}`,
  ];
}

async function load(client) {
  const startedAt = Date.now();
  const dags = await loadHistory(client, SIZE, (done) => {
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
    process.stderr.write(`\rloading: ${done} of ${SIZE.jobs + SIZE.openJobs} jobs, ${seconds} s `);
  });
  process.stderr.write('\nvacuum … ');
  await client.query('VACUUM ANALYZE');
  process.stderr.write('done\n');
  const { rows } = await client.query(
    `SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM tasks) AS tasks, (SELECT count(*) FROM attempts) AS attempts,
            (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM dlq_entries) AS "DLQ entries",
            pg_size_pretty(pg_database_size(current_database())) AS size`,
  );
  console.log(
    Object.entries(rows[0])
      .map(([what, count]) => `${what} ${count}`)
      .join(', '),
  );
  return dags;
}

const directory = mkdtempSync(join(tmpdir(), 'dts-bench-pg-'));
const postgres = await startEmbeddedPostgres({
  dataDirectory: directory,
  log: () => undefined,
  // Only the loading writes.
  settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '4GB' },
});
let application;
try {
  await migrateDatabase(postgres.url);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const dags = await load(client);
  const { rows } = await client.query(
    `SELECT run_id, created_at, (SELECT max(id) / 2 FROM dlq_entries) AS entry FROM jobs
     WHERE status = 'succeeded' ORDER BY run_id OFFSET $1 LIMIT 1`,
    [Math.floor(JOBS / 3)],
  );
  const [{ entry, ...some }] = rows;
  await client.end();
  application = await startApplication({
    ROLE: 'api',
    DATABASE_URL: postgres.url,
    QUEUE_BACKEND: 'postgres',
  });
  const measured = [];
  const all = paths(dags, { ...some, created_at: some.created_at.toISOString() }, entry);
  // Once through everything, so that the first that are measured do not pay for the compiler.
  for (const path of all) await times(WARM, async () => await request(application.url + path));
  for (const [index, path] of all.entries()) {
    process.stderr.write(`\r${index + 1} of ${all.length} `);
    measured.push({ path, ...(await measure(application.url, path)) });
    // The page behind the first one is a request of its own.
    const next = measured.at(-1).body.next_cursor;
    if (next && !path.includes('cursor=') && path.split('&').length === 1) {
      const second = `${path}${path.includes('?') ? '&' : '?'}cursor=${next}`;
      measured.push({ path: second, ...(await measure(application.url, second)) });
    }
  }
  process.stderr.write('\n');
  const shown = measured.map(({ path, p50, p95, health, rows: items }) => [
    path.replace(/cursor=.{20,}/, 'cursor=…'),
    p50.toFixed(2),
    p95.toFixed(2),
    health.p50.toFixed(2),
    health.p95.toFixed(2),
    items,
  ]);
  console.log(table(['request', 'p50 ms', 'p95 ms', 'health p50', 'health p95', 'items'], shown));
  const slowest = measured.reduce((most, one) => (one.p95 > most.p95 ? one : most));
  console.log(`\nslowest: ${slowest.path} at p95 ${slowest.p95.toFixed(2)} ms`);
} finally {
  agent.destroy();
  await application?.stop();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
