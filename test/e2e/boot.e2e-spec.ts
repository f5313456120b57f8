import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { createTestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { launchProcess, type RunningProcess, runToEnd } from '../support/processes.js';
import { freePort } from '../support/redis-server.mjs';
import { type OwnRedis, startOwnRedis } from '../support/redis.js';
import { cuttableProxy } from '../integration/queue/cuttable-proxy.js';
import { Client, PATIENCE, taskOf } from './client.js';
import { describeWithOwnRedis, Installation } from './installation.js';
import { processesWith } from './process-marks.js';
import { readRaw } from './socket-readers.js';

const CANARY = 'canary-8d1f3a';
/** What colours begin with. */
const ESCAPE = '\u001b';

describe('a process that cannot start', () => {
  it.each(['dist/main.js', 'dist/migrate.js'])(
    'lists every fault of its configuration at once, without secrets, and exits with 78: %s',
    async (program) => {
      const run = await runToEnd([program], {
        ROLE: 'nonsense',
        PORT: '99999',
        MAX_CONCURRENT_JOBS: 'ten',
        LEASE_SECONDS: '5',
        HEARTBEAT_SECONDS: '4',
        RETRY_BASE_DELAY: '100',
        RETRY_MAX_DELAY: '10',
        DATABASE_URL: `mysql://user:${CANARY}@host/database`,
        REDIS_URL: `http://:${CANARY}@host`,
      });
      expect(run.code).toBe(78);
      const faults = run.output.split('\n').filter((line) => line.startsWith('  - '));
      expect(faults.map((line) => /\w+/.exec(line)?.[0]).sort()).toEqual([
        'DATABASE_URL',
        'LEASE_SECONDS',
        'MAX_CONCURRENT_JOBS',
        'PORT',
        'REDIS_URL',
        'RETRY_BASE_DELAY',
        'ROLE',
      ]);
      expect(faults.every((line) => line.includes('expected'))).toBe(true);
      expect(run.output).not.toContain(CANARY);
      expect(run.output).not.toMatch(/^\s+at /m);
    },
  );

  it('refuses a role that needs a database of its own without one', async () => {
    const run = await runToEnd(['dist/main.js'], { ROLE: 'worker' });
    expect(run.code).toBe(78);
    expect(run.output).toMatch(/DATABASE_URL: expected a URL, because ROLE is worker/);
  });

  it('says in a sentence that its port is taken, and takes down what it had started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dts-test-port-'));
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as AddressInfo;
    const database = await createTestDatabase();
    try {
      const run = await runToEnd(['dist/main.js'], {
        PORT: String(port),
        DATABASE_URL: database.url,
        QUEUE_BACKEND: 'postgres',
        WORK_DIRECTORY: folder,
      });
      expect(run).toMatchObject({ code: 1, signal: null });
      expect(run.output).toContain(`Cannot listen on 127.0.0.1:${port}: another process listens there.`);
      await eventually(() => expect(processesWith(folder)).toEqual([]), PATIENCE);
    } finally {
      occupant.close();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('waits for a database that is not there, and says so, without colours in a pipe', async () => {
    await Promise.all(
      ['all', 'worker'].map(async (role) => {
        const one = await launchProcess({
          ROLE: role,
          DATABASE_URL: `postgres://user:${CANARY}@127.0.0.1:${await freePort()}/nothing`,
          QUEUE_BACKEND: 'postgres',
        });
        await eventually(
          () => expect(one.output()).toMatch(/Waiting for the database: .*ECONNREFUSED/),
          PATIENCE,
        );
        one.signal('SIGTERM');
        expect([role, await one.exited]).toEqual([role, { code: 0, signal: null }]);
        expect(one.output()).not.toContain(CANARY);
        expect(one.output()).not.toContain(ESCAPE);
      }),
    );
  });
});

describe('a database that goes away behind the look at its schema', () => {
  it('is waited for by a process that starts, for longer than a restart takes, unless that is to stop', async () => {
    const database = await createTestDatabase();
    const cables = [await cuttableProxy(database.url), await cuttableProxy(database.url)];
    try {
      const [waiting, stopped] = await Promise.all(
        cables.map(async (cable): Promise<RunningProcess> => {
          cable.cutAfterNext();
          const one = await launchProcess({
            ROLE: 'worker',
            DATABASE_URL: cable.url,
            QUEUE_BACKEND: 'postgres',
          });
          await eventually(() => expect(one.output()).toMatch(/Unable to connect to the database/), PATIENCE);
          return one;
        }),
      );
      expect(await stopped.stop()).toEqual({ code: 0, signal: null });

      await eventually(() => expect(waiting.output()).toContain('Retrying (22)'), PATIENCE);
      await cables[0].mend();
      await eventually(() => expect(waiting.output()).toContain('ROLE=worker is ready'), PATIENCE);
      expect(await waiting.stop()).toEqual({ code: 0, signal: null });
    } finally {
      for (const cable of cables) await cable.close();
      await database.drop();
    }
  });
});

describe('the log of a process', () => {
  /** Runs a program on a terminal and writes what that shows; the program ends when this does. */
  const ON_A_TERMINAL = ['-c', 'import pty, sys; pty.spawn(sys.argv[1:])'];

  /** The environment of a process that waits for its database, which is enough to have it talk. */
  const waiting = async (): Promise<Record<string, string>> => ({
    ROLE: 'worker',
    DATABASE_URL: `postgres://127.0.0.1:${await freePort()}/nothing`,
    QUEUE_BACKEND: 'postgres',
  });

  it('has colours in a pipe when they are asked for, unless they are refused', async () => {
    const logOf = async (env: Record<string, string>): Promise<string> => {
      const one = await launchProcess({ ...(await waiting()), ...env });
      await eventually(() => expect(one.output()).toContain('Waiting for the database'), PATIENCE);
      await one.stop();
      return one.output();
    };
    const [asked, refused] = await Promise.all([
      logOf({ FORCE_COLOR: '1' }),
      logOf({ FORCE_COLOR: '1', NO_COLOR: '1' }),
    ]);
    expect(asked).toContain(ESCAPE);
    expect(refused).not.toContain(ESCAPE);
  });

  it('has colours on a terminal, unless they are refused', async () => {
    const logOf = async (env: Record<string, string>): Promise<string> => {
      const terminal = spawn('python3', [...ON_A_TERMINAL, process.execPath, resolve('dist/main.js')], {
        cwd: tmpdir(),
        env: { PATH: process.env.PATH, TERM: 'xterm', ...(await waiting()), ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const closed = once(terminal, 'close');
      let output = '';
      terminal.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      try {
        await eventually(() => expect(output).toContain('Waiting for the database'), PATIENCE);
      } finally {
        terminal.kill();
        await closed;
      }
      return output;
    };
    const [usual, refused] = await Promise.all([logOf({}), logOf({ NO_COLOR: '1' })]);
    expect(usual).toContain(ESCAPE);
    expect(refused).not.toContain(ESCAPE);
  });
});

describeWithOwnRedis('secrets in the environment of the server', () => {
  let redis: OwnRedis;
  let redisUrl: string;
  let installation: Installation;
  let all: RunningProcess[];
  let client: Client;
  let databasePassword: string;

  beforeAll(async () => {
    redis = (await startOwnRedis())!;
    const administrator = new Redis(redis.url);
    await administrator.config('SET', 'requirepass', CANARY);
    administrator.disconnect();
    redisUrl = redis.url.replace('redis://', `redis://:${CANARY}@`);
    installation = await Installation.create(
      'redis',
      { LOG_LEVEL: 'debug', SOME_OTHER_SECRET: `${CANARY}-other` },
      { redisUrl },
    );
    databasePassword = new URL(installation.database.url).password;
    expect(databasePassword.length).toBeGreaterThan(10);
    all = await Promise.all([
      installation.start('api'),
      installation.start('worker'),
      installation.start('scheduler'),
    ]);
    client = new Client(all[0].url);
  });

  afterAll(async () => {
    await installation.close();
    await redis.stop();
  });

  const expectClean = (text: string) => {
    expect(text).not.toBe('');
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(databasePassword);
  };

  // What a process can read of others is read from /proc.
  const itOnLinux = process.platform === 'linux' ? it : it.skip;
  itOnLinux('reach neither tasks, logs, events, health, the database nor Redis', async () => {
    const dump = (name: string, path: string) => `cat ${path} | tr '\\0' '\\n' | sed 's/^/${name} /'`;
    const dagId = await client.createDag('curious', [
      {
        name: 'shell',
        task_type: 'shell',
        config: {
          command: `env; ${dump('self', '/proc/self/environ')}; ${dump('parent', '/proc/$PPID/environ')}`,
        },
      },
      {
        name: 'python',
        task_type: 'python',
        config: {
          code: [
            'import os',
            'def run(ctx):',
            '    read = lambda pid: open(f"/proc/{pid}/environ").read().split("\\0")',
            '    return [dict(os.environ), read("self"), read(os.getppid()), ctx]',
          ].join('\n'),
        },
      },
      {
        name: 'failing',
        task_type: 'python',
        max_retries: 0,
        config: { code: 'import os\ndef run(ctx):\n    raise Exception(str(dict(os.environ)))' },
      },
    ]);
    const everything = await readRaw(all[0].url, '/ws/jobs');
    const { run_id: runId } = await client.startJob(dagId);
    const job = await client.jobWhen(runId, 'failed');

    expect(taskOf(job, 'shell')).toMatchObject({ status: 'succeeded' });
    expect(taskOf(job, 'shell').output).toMatchObject({ stdout: expect.stringContaining('self PATH=') });
    expect(taskOf(job, 'shell').output).toMatchObject({ stdout: expect.stringContaining('parent PATH=') });
    expect(taskOf(job, 'python')).toMatchObject({ status: 'succeeded' });
    expect(taskOf(job, 'failing').error?.message).toContain('DTS_RUN_ID');
    expectClean(JSON.stringify(job));
    expectClean(JSON.stringify(await client.events(runId)));
    await eventually(() => expect(everything.messages.at(-1)?.type).toBe('job.failed'), PATIENCE);
    everything.close();
    expectClean(JSON.stringify(everything.messages));
    for (const path of ['/health', '/workers', '/workers/dlq/entries', '/jobs/queue/stats', '/openapi.json'])
      expectClean(JSON.stringify(await client.expect(200, 'GET', path)));
    for (const table of [
      'dags',
      'dag_versions',
      'jobs',
      'tasks',
      'attempts',
      'events',
      'dlq_entries',
      'workers',
    ])
      expectClean(JSON.stringify(await installation.sql(`SELECT to_jsonb(x) AS row FROM ${table} x`)));
  });

  it('stay out of every key of Redis while messages wait, and out of the logs when it fails', async () => {
    // No worker: what is started now stays in its queue.
    expect(await all[1].stop()).toEqual({ code: 0, signal: null });
    const dagId = await client.createDag('waiting', [{ name: 'only', task_type: 'noop' }]);
    await client.startJob(dagId);
    await eventually(
      async () =>
        expect(await client.expect(200, 'GET', '/jobs/queue/stats')).toMatchObject({
          queues: { normal: { waiting: 1 } },
        }),
      PATIENCE,
    );
    const stored = await everythingIn(redisUrl);
    expect(stored.length).toBeGreaterThan(1);
    expectClean(JSON.stringify(stored));

    await redis.stop();
    expect((await client.send('GET', '/jobs/queue/stats')).status).toBe(503);
    const health = await client.send('GET', '/health');
    expect(health.status).toBe(503);
    expectClean(JSON.stringify(health.body));
    await eventually(() => expect(all[0].output()).toMatch(/Redis.*ECONNREFUSED/), PATIENCE);
    for (const one of all) expectClean(one.output());
    expect(all[0].output()).toContain('REDIS_URL');
  });
});

/** Every key with its value, as text. */
async function everythingIn(url: string): Promise<string[]> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys('*');
    return await Promise.all(
      keys.map(async (key) => {
        switch (await redis.type(key)) {
          case 'string':
            return `${key} ${await redis.get(key)}`;
          case 'hash':
            return `${key} ${JSON.stringify(await redis.hgetall(key))}`;
          case 'list':
            return `${key} ${JSON.stringify(await redis.lrange(key, 0, -1))}`;
          case 'set':
            return `${key} ${JSON.stringify(await redis.smembers(key))}`;
          case 'zset':
            return `${key} ${JSON.stringify(await redis.zrange(key, '0', '-1'))}`;
          case 'stream':
            return `${key} ${JSON.stringify(await redis.xrange(key, '-', '+'))}`;
          default:
            throw new Error(`A key of a kind this test cannot read: ${key}`);
        }
      }),
    );
  } finally {
    redis.disconnect();
  }
}
