import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import request from 'supertest';
import type { Config } from '../../../src/config/config.js';
import { CONFIG } from '../../../src/config/config.module.js';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { Executors } from '../../../src/executors/executors.js';
import type { TaskLogDto } from '../../../src/jobs/task-log.dto.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { SqlDatabase } from '../../../src/persistence/sql-database.js';
import { AttemptLogs } from '../../../src/runtime/attempt-logs.js';
import { AttemptRunner } from '../../../src/runtime/attempt-runner.js';
import { WorkerRuntimeModule } from '../../../src/runtime/worker-runtime.module.js';
import { SchedulerModule } from '../../../src/scheduler/scheduler.module.js';
import { eventually } from '../../support/eventually.js';
import { namedByText } from '../../support/named-by-text.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { type CompiledExecutors, compileExecutors } from '../executors/compiled-executors.js';
import { processesMentioning } from '../executors/workbench.js';
import { type CuttableProxy, cuttableProxy } from '../queue/cuttable-proxy.js';

const MAX_BYTES = 65_536;
const PATIENCE = { timeoutMs: 30_000 };

let api: ApiApplication;
let compiled: CompiledExecutors;
let cable: CuttableProxy;
let folder: string;

beforeAll(async () => {
  compiled = await compileExecutors();
  folder = await mkdtemp(join(tmpdir(), 'dts-logs-'));
  api = await startApi(
    [DagsModule, JobsModule, SchedulerModule, WorkerRuntimeModule],
    {
      ROLE: 'all',
      LOG_MAX_BYTES: String(MAX_BYTES),
      RETRY_BASE_DELAY: '0',
      LEASE_SECONDS: '60',
    },
    (builder) =>
      builder.overrideProvider(Executors).useFactory({
        inject: [CONFIG, AttemptLogs] as never[],
        factory: (_config: Config, logs: AttemptLogs) =>
          new Executors({
            workDirectory: join(folder, 'work'),
            killGraceSeconds: 0.3,
            allowPrivate: true,
            environment: process.env,
            logs,
            hostEntry: compiled.hostEntry,
          }),
      }),
    async (url) => {
      cable = await cuttableProxy(url);
      return cable.url;
    },
  );
}, 60_000);

afterAll(async () => {
  await api.close();
  await cable.close();
  await compiled.remove();
  await rm(folder, { recursive: true, force: true });
});

const http = () => request(api.app.getHttpServer());

let serial = 0;

const sql = (text: string, params: unknown[] = []): Promise<unknown[]> =>
  api.app.get(SqlDatabase, { strict: false }).query(namedByText(text), params);

/** Starts a job of one task, called `task`. @returns its run id */
async function start(task: object, more: object[] = []): Promise<string> {
  const tasks = [{ name: 'task', max_retries: 0, ...task }, ...more];
  const dag = await http()
    .post('/dags')
    .send({ name: `dag-${(serial += 1)}`, tasks })
    .expect(201);
  const job = await http().post('/jobs').send({ dag_id: dag.body.id }).expect(201);
  return job.body.run_id;
}

const shell = (command: string, env: object = {}) => ({ task_type: 'shell', config: { command, env } });
const python = (code: string) => ({ task_type: 'python', config: { code } });

async function log(runId: string, query: object = {}, task = 'task'): Promise<TaskLogDto> {
  return (await http().get(`/jobs/${runId}/tasks/${task}/logs`).query(query).expect(200)).body;
}

async function ended(runId: string, status: string): Promise<void> {
  await eventually(
    async () => expect((await http().get(`/jobs/${runId}`).expect(200)).body.status).toBe(status),
    PATIENCE,
  );
}

/** The log of a task that runs alone and once, read when its job has just ended. */
async function logOf(task: object, status = 'succeeded'): Promise<TaskLogDto> {
  const runId = await start(task);
  await ended(runId, status);
  return await log(runId);
}

describe('The log of a task', () => {
  test('is read while it is written, part by part, until it is complete', async () => {
    const go = join(folder, 'go-live');
    const runId = await start(
      shell('echo first; until [ -e "$GO" ]; do sleep 0.05; done; echo second >&2', { GO: go }),
    );
    const first = await eventually(async () => {
      const answer = await log(runId);
      expect(answer.text).toBe('first\n');
      return answer;
    }, PATIENCE);
    expect(first).toMatchObject({ attempt: 1, offset: 0, next_offset: 6, size: 6, complete: false });
    await writeFile(go, '');
    let [read, offset] = ['', first.next_offset];
    await eventually(async () => {
      const answer = await log(runId, { offset });
      read += answer.text;
      offset = answer.next_offset;
      expect(answer.complete).toBe(true);
    }, PATIENCE);
    expect(read).toBe('second\n');
    const whole = await log(runId);
    expect(whole.text).toBe('first\nsecond\n');
    expect(whole.spans).toEqual([
      { offset: 0, bytes: 6, stream: 'stdout', at: expect.stringMatching(/Z$/) },
      { offset: 6, bytes: 7, stream: 'stderr', at: expect.stringMatching(/Z$/) },
    ]);
  });

  test('has both streams in the order of what came', async () => {
    const go = join(folder, 'go-both');
    const until = (file: string): string => `until [ -e "$GO-${file}" ]; do sleep 0.02; done`;
    const runId = await start(
      shell(`for n in 1 2 3; do echo out $n; ${until('out-$n')}; echo err $n >&2; ${until('err-$n')}; done`, {
        GO: go,
      }),
    );
    // Two pipes have an order only for whoever reads one line before the next is written.
    let written = '';
    for (const line of ['out 1', 'err 1', 'out 2', 'err 2', 'out 3', 'err 3']) {
      written += `${line}\n`;
      await eventually(async () => expect((await log(runId)).text).toBe(written), PATIENCE);
      await writeFile(`${go}-${line.replace(' ', '-')}`, '');
    }
    await ended(runId, 'succeeded');
    expect(await log(runId)).toMatchObject({ text: written, complete: true });
  });

  test('has what python prints and the traceback of what it raises', async () => {
    const { text } = await logOf(
      python('import sys\nprint("hello")\nprint("careful", file=sys.stderr)\nraise ValueError("broken")'),
      'failed',
    );
    expect(text).toContain('hello\n');
    expect(text).toContain('careful\n');
    expect(text).toMatch(/Traceback[^]*line 4[^]*ValueError: broken\n$/);
  });

  test('is there as soon as the task has ended, also of the shortest', async () => {
    for (let count = 0; count < 10; count += 1) {
      const { text, complete } = await logOf(shell(`echo short ${count}`));
      expect({ text, complete }).toEqual({ text: `short ${count}\n`, complete: true });
    }
  });

  test('is waited for at the end of its attempt, but not for ever', async () => {
    const other = new pg.Client({ connectionString: api.database.url });
    await other.connect();
    try {
      await other.query('BEGIN');
      await other.query('LOCK TABLE attempt_logs IN EXCLUSIVE MODE');
      const runId = await start(shell('echo late'));
      await ended(runId, 'succeeded');
      const { body } = await http().get(`/jobs/${runId}/tasks/task/attempts`).expect(200);
      const [{ started_at: from, finished_at: to }] = body.items;
      expect(Date.parse(to) - Date.parse(from)).toBeGreaterThan(950);
      expect((await log(runId)).text).toBe('');
      await other.query('COMMIT');
      await eventually(async () => expect((await log(runId)).text).toBe('late\n'), PATIENCE);
    } finally {
      await other.end();
    }
  });

  test('is kept for each attempt by itself; without a number it is that of the newest', async () => {
    const runId = await start({ ...shell('echo attempt $DTS_ATTEMPT; exit 1'), max_retries: 1 });
    await ended(runId, 'failed');
    expect(await log(runId, { attempt: 1 })).toMatchObject({ text: 'attempt 1\n', complete: true });
    expect(await log(runId, { attempt: 2 })).toMatchObject({ text: 'attempt 2\n', complete: true });
    expect(await log(runId)).toMatchObject({ attempt: 2, text: 'attempt 2\n' });
    const missing = await http().get(`/jobs/${runId}/tasks/task/logs?attempt=3`).expect(404);
    expect(missing.body.code).toBe('attempt_not_found');
  });

  test('keeps what a task wrote before its timeout killed it', async () => {
    // A shell begins within far less, unless the machine stands still.
    const runId = await start({ ...shell('printf "no newline"; sleep 600'), timeout_seconds: 3 });
    await ended(runId, 'failed');
    expect(await log(runId)).toMatchObject({ text: 'no newline', complete: true });
  });

  test('of bytes that are no text is text, without NUL', async () => {
    const { text } = await logOf(shell(String.raw`printf 'a\377b\000c\355\240\200d\360\237'`));
    expect(text).toBe('a\uFFFDbc\uFFFD\uFFFD\uFFFDd\uFFFD');
  });

  test('holds nothing of the environment of the server', async () => {
    const { text } = await logOf(shell('env'));
    expect(text).toContain('DTS_TASK=task');
    expect(text).not.toMatch(/DTS_TEST|postgres:|DATABASE|NODE/);
  });

  test('of an http task has a line for each exchange, without what may be secret', async () => {
    const server = createServer((asked, answer) => {
      if (asked.url?.startsWith('/moved') === true)
        answer.writeHead(302, { location: '/here?token=secret' }).end();
      else answer.end('[1]');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    try {
      const url = `http://user:secret@127.0.0.1:${port}/moved?key=secret`;
      const { text, spans } = await logOf({ task_type: 'http', config: { url } });
      const shown = `http://127\\.0\\.0\\.1:${port}`;
      expect(text).toMatch(
        new RegExp(
          `^GET ${shown}/moved: 302, on to ${shown}/here \\(after \\d+ ms\\)\nGET ${shown}/here: 200, 3 bytes \\(after \\d+ ms\\)\n$`,
        ),
      );
      expect(spans).toMatchObject([{ stream: 'system' }]);
    } finally {
      server.close();
    }
    const refused = await logOf(
      { task_type: 'http', config: { url: `http://127.0.0.1:${port}/gone` } },
      'failed',
    );
    expect(refused.text).toMatch(/^GET .*\/gone got no response: .*ECONNREFUSED.* \(after \d+ ms\)\n$/);
  });

  test('of an attempt that was handed back stays with its number, apart from that of the next', async () => {
    const go = join(folder, 'go-next');
    const runId = await start(
      shell('echo attempt $DTS_ATTEMPT; until [ -e "$GO" ]; do sleep 0.05; done', { GO: go }),
    );
    await eventually(async () => expect((await log(runId)).text).toBe('attempt 1\n'), PATIENCE);
    api.app.get(AttemptRunner, { strict: false }).stopAll('shutdown');
    await eventually(async () => expect((await log(runId)).text).toBe('attempt 2\n'), PATIENCE);
    await writeFile(go, '');
    await ended(runId, 'succeeded');
    expect(await log(runId, { attempt: 1 })).toMatchObject({ text: 'attempt 1\n', complete: true });
    expect(await log(runId, { attempt: 2 })).toMatchObject({ text: 'attempt 2\n', complete: true });
  });

  test('is empty for a task that wrote nothing, and costs no row', async () => {
    const runId = await start({ task_type: 'noop', config: {} });
    await ended(runId, 'succeeded');
    expect(await log(runId)).toEqual({
      run_id: runId,
      task: 'task',
      attempt: 1,
      offset: 0,
      next_offset: 0,
      size: 0,
      complete: true,
      truncated: false,
      text: '',
      spans: [],
    });
    const silent = await start(shell('true'));
    await ended(silent, 'succeeded');
    const rows = await sql('SELECT count(*)::int AS n FROM attempt_logs WHERE run_id = ANY ($1::uuid[])', [
      [runId, silent],
    ]);
    expect(rows).toEqual([{ n: 0 }]);
  });

  test('of a task that has not begun is empty and not complete, and complete once it never will begin', async () => {
    const go = join(folder, 'go-blocked');
    const runId = await start(shell('until [ -e "$GO" ]; do sleep 0.05; done; exit 1', { GO: go }), [
      { name: 'after', task_type: 'noop', dependencies: ['task'] },
    ]);
    expect(await log(runId, {}, 'after')).toMatchObject({ attempt: null, text: '', complete: false });
    await http().get(`/jobs/${runId}/tasks/after/logs?attempt=1`).expect(404);
    await writeFile(go, '');
    await ended(runId, 'failed');
    expect(await log(runId, {}, 'after')).toMatchObject({ attempt: null, text: '', complete: true });
  });

  test('is plain text for who asks for that', async () => {
    const { run_id: runId } = await logOf(shell('echo "<b>plain</b>"'));
    const address = `/jobs/${runId}/tasks/task/logs`;
    const plain = await http().get(address).set('Accept', 'text/plain').expect(200);
    expect(plain.text).toBe('<b>plain</b>\n');
    expect(plain.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'x-log-next-offset': '13',
      'x-log-complete': 'true',
    });
    const any = await http().get(address).set('Accept', '*/*').expect(200);
    expect(any.body.text).toBe('<b>plain</b>\n');
  });

  test('is read from any byte and in parts of any size, in whole characters', async () => {
    const { run_id: runId } = await logOf(shell(`printf 'aé😀z'`));
    expect(await log(runId, { offset: 1 })).toMatchObject({ offset: 1, next_offset: 8, text: 'é😀z' });
    expect(await log(runId, { offset: 2 })).toMatchObject({ offset: 3, next_offset: 8, text: '😀z' });
    expect(await log(runId, { offset: 1, limit_bytes: 5 })).toMatchObject({ next_offset: 3, text: 'é' });
    expect(await log(runId, { offset: 3, limit_bytes: 1 })).toMatchObject({
      next_offset: 7,
      text: '😀',
      complete: false,
    });
    expect(await log(runId, { offset: 8 })).toMatchObject({ next_offset: 8, text: '', complete: true });
    expect(await log(runId, { offset: 2_147_483_647 })).toMatchObject({ text: '', size: 8, complete: true });
  });

  test('is described in the document, in both forms', async () => {
    const { body } = await http().get('/openapi.json').expect(200);
    const operation = body.paths['/jobs/{run_id}/tasks/{name}/logs'].get;
    expect(operation.operationId).toBe('getTaskLog');
    expect(Object.keys(operation.responses[200].content)).toEqual(['application/json', 'text/plain']);
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['404', '422', '500', '503']));
    const names = operation.parameters.map((parameter: { name: string }) => parameter.name);
    expect(names.sort()).toEqual(['attempt', 'limit_bytes', 'name', 'offset', 'run_id']);
    const { run_id: runId } = await logOf(shell('echo loaded 3 rows'));
    const { properties } = body.components.schemas.TaskLog;
    expect(Object.keys(await log(runId)).sort()).toEqual(Object.keys(properties).sort());
  });

  test('is refused for what does not exist and for what makes no sense', async () => {
    const { run_id: runId } = await logOf(shell('echo here'));
    const address = `/jobs/${runId}/tasks/task/logs`;
    for (const [path, status, code] of [
      ['/jobs/01890000-0000-7000-8000-000000000000/tasks/task/logs', 404, 'job_not_found'],
      ['/jobs/nonsense/tasks/task/logs', 404, 'job_not_found'],
      [`/jobs/${runId}/tasks/other/logs`, 404, 'task_not_found'],
      [`/jobs/${runId}/tasks/%00/logs`, 404, 'task_not_found'],
      [`${address}?attempt=2147483647`, 404, 'attempt_not_found'],
      [`${address}?attempt=0`, 422, 'validation_failed'],
      [`${address}?attempt=1&attempt=2`, 422, 'validation_failed'],
      [`${address}?offset=-1`, 422, 'validation_failed'],
      [`${address}?offset=1e3`, 422, 'validation_failed'],
      [`${address}?limit_bytes=0`, 422, 'validation_failed'],
      [`${address}?limit_bytes=4194305`, 422, 'validation_failed'],
      [`${address}?cursor=x`, 422, 'validation_failed'],
    ] as const) {
      const { body } = await http().get(path).expect(status);
      expect(body.code).toBe(code);
    }
  });
});

describe('A log that is too long', () => {
  test('keeps its beginning and its end, and says how much is left out', async () => {
    const answer = await logOf(
      python('for n in range(20000): print("line", n)\nraise SystemExit(1)'),
      'failed',
    );
    expect(answer.text).toMatch(/^line 0\nline 1\n/);
    expect(answer.text).toMatch(/line 19998\nline 19999\n$/);
    expect(answer.text).toMatch(/\n\[\.\.\. \d+ bytes left out \.\.\.\]\n/);
    expect(answer.truncated).toBe(true);
    expect(answer.size).toBeLessThanOrEqual(MAX_BYTES);
    expect(answer.complete).toBe(true);
  });

  test('of 100 MB takes little memory and time, and holds nobody else up', async () => {
    const delays = monitorEventLoopDelay({ resolution: 5 });
    const before = process.memoryUsage().rss;
    delays.enable();
    const startedAt = performance.now();
    const flood = await start(shell("head -c 104857600 /dev/zero | tr '\\0' x"));
    const other = await logOf(shell('echo meanwhile'));
    expect(other.text).toBe('meanwhile\n');
    await ended(flood, 'succeeded');
    delays.disable();
    const seconds = (performance.now() - startedAt) / 1_000;
    const answer = await log(flood);
    expect(answer).toMatchObject({ truncated: true, complete: true });
    expect(answer.size).toBeLessThanOrEqual(MAX_BYTES);
    const [, leftOut] = /\[\.\.\. (\d+) bytes left out/.exec(answer.text)!;
    expect(Number(leftOut) + answer.text.replace(/\n\[.*\]\n/g, '').length).toBe(104_857_600);
    expect(seconds).toBeLessThan(30);
    expect(delays.max / 1e6).toBeLessThan(1_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1_048_576);
    const [hostPid] = processesMentioning(compiled.hostEntry);
    const [, peakKb] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${hostPid}/status`, 'utf8'))!;
    expect(Number(peakKb) / 1_024).toBeLessThan(250);
  }, 60_000);
});

describe('While the database is away', () => {
  test('a task goes on writing and succeeds, and its log is whole afterwards', async () => {
    const [go, done] = [join(folder, 'go-away'), join(folder, 'done-away')];
    const runId = await start(
      shell(
        'echo before; until [ -e "$GO" ]; do sleep 0.05; done; echo during; sleep 0.5; echo end; touch "$DONE"',
        {
          GO: go,
          DONE: done,
        },
      ),
    );
    await eventually(async () => expect((await log(runId)).text).toBe('before\n'), PATIENCE);
    await cable.cut();
    await writeFile(go, '');
    await eventually(() => expect(existsSync(done)).toBe(true), PATIENCE);
    await cable.mend();
    await eventually(async () => {
      expect((await http().get(`/jobs/${runId}`).expect(200)).body.status).toBe('succeeded');
      expect(await log(runId)).toMatchObject({
        text: 'before\nduring\nend\n',
        complete: true,
        truncated: false,
      });
    }, PATIENCE);
  }, 60_000);

  test('nothing of a table that refuses logs reaches the tasks', async () => {
    await sql('ALTER TABLE attempt_logs RENAME TO away');
    try {
      const runId = await start(shell('echo lost'));
      await ended(runId, 'succeeded');
    } finally {
      await sql('ALTER TABLE away RENAME TO attempt_logs');
    }
    expect((await logOf(shell('echo kept'))).text).toBe('kept\n');
  });
});
