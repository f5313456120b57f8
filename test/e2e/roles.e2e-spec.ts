import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import type { RunningProcess } from '../support/processes.js';
import { Client, PATIENCE, taskOf } from './client.js';
import { describeOnBothBackends, Installation } from './installation.js';
import { brokenRules } from './integrity.js';
import { processesWith, uniqueMark } from './process-marks.js';

const SLOTS = 4;
const EVERY_SECOND = '* * * * * *';

/** A shell command that leaves a grandchild in a session of its own, and waits. */
const LINGER = 'setsid sleep 300 & sleep 300';

describeOnBothBackends('one API, two schedulers and two workers', (backend) => {
  let installation: Installation;
  let workers: RunningProcess[];
  let schedulers: RunningProcess[];
  let client: Client;
  let source: Server;
  let sourceUrl: string;
  const requests: IncomingHttpHeaders[] = [];

  beforeAll(async () => {
    source = createServer((request, response) => {
      requests.push(request.headers);
      response.setHeader('content-type', 'application/json').end('[3, 1, 2]');
    });
    await new Promise<void>((listening) => source.listen(0, '127.0.0.1', listening));
    sourceUrl = `http://127.0.0.1:${(source.address() as AddressInfo).port}/data`;

    installation = await Installation.create(backend, { MAX_CONCURRENT_JOBS: String(SLOTS) });
    const [api, one, other, ...rest] = await Promise.all([
      installation.start('api'),
      installation.start('worker'),
      installation.start('worker'),
      installation.start('scheduler'),
      installation.start('scheduler'),
    ]);
    workers = [one, other];
    schedulers = rest;
    client = new Client(api.url);
  });

  afterAll(async () => {
    await installation.close();
    source.close();
  });

  // Time is the database's, whatever the queue: these need not be waited for twice.
  const itOnce = (name: string, body: () => Promise<void>) => {
    if (backend === 'postgres') it(name, body);
  };

  /** A shell task that fails with 3 until the file is there. */
  function failsUntil(file: string, more: object) {
    return { task_type: 'shell' as const, config: { command: `test -e '${file}' || exit 3` }, ...more };
  }

  it('carries outputs from an http task over a python task to a shell task', async () => {
    const dagId = await client.createDag('http-python-shell', [
      { name: 'extract', task_type: 'http', config: { url: sourceUrl } },
      {
        name: 'transform',
        task_type: 'python',
        dependencies: ['extract'],
        config: {
          code: "def run(ctx):\n    rows = ctx['inputs']['extract']['body']\n    return {'rows': len(rows), 'total': sum(rows)}",
        },
      },
      {
        name: 'load',
        task_type: 'shell',
        dependencies: ['transform'],
        config: {
          command: 'echo loaded $ROWS rows, total $TOTAL',
          env: {
            ROWS: '{{ tasks.transform.output.rows }}',
            TOTAL: '{{ tasks.transform.output.total }}',
          },
        },
      },
    ]);
    const started = await client.startJob(dagId, { priority: 'high' });
    expect(started).toMatchObject({ priority: 'high', trigger: 'manual', dag_name: 'http-python-shell' });

    const job = await client.jobWhen(started.run_id, 'succeeded');
    expect(taskOf(job, 'extract').output).toMatchObject({ status: 200, body: [3, 1, 2] });
    expect(taskOf(job, 'transform').output).toEqual({ rows: 3, total: 6 });
    expect(taskOf(job, 'load').output).toMatchObject({
      exit_code: 0,
      stdout: 'loaded 3 rows, total 6\n',
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]['idempotency-key']).toEqual(expect.any(String));
  });

  it('joins the branches of a diamond after both have ended', async () => {
    const code = "def run(ctx):\n    return 1 + sum(ctx['inputs'].values())";
    const python = (name: string, dependencies: string[]) => ({
      name,
      task_type: 'python' as const,
      config: { code },
      dependencies,
    });
    const dagId = await client.createDag('diamond', [
      python('top', []),
      python('left', ['top']),
      python('right', ['top']),
      python('bottom', ['left', 'right']),
    ]);
    const { run_id: runId } = await client.startJob(dagId);
    const job = await client.jobWhen(runId, 'succeeded');
    expect(job.tasks.map(({ name, output }) => [name, output])).toEqual([
      ['top', 1],
      ['left', 2],
      ['right', 2],
      ['bottom', 5],
    ]);
    const order = (await client.events(runId)).map(({ type, task }) => `${type} ${task}`);
    const at = (event: string) => order.indexOf(event);
    expect(at('task.started bottom')).toBeGreaterThan(at('task.succeeded left'));
    expect(at('task.started bottom')).toBeGreaterThan(at('task.succeeded right'));
    expect(at('task.started left')).toBeGreaterThan(at('task.succeeded top'));
  });

  it('tries a failing task again at the stored time, buries it, and ends the job after a replay', async () => {
    const file = join(installation.folder, 'repaired');
    const dagId = await client.createDag('fails-first', [
      { name: 'fragile', ...failsUntil(file, { max_retries: 1, retry_base_delay: 3 }) },
      { name: 'after', task_type: 'noop', dependencies: ['fragile'] },
    ]);
    const { run_id: runId } = await client.startJob(dagId);

    const waiting = await eventually(async () => {
      const task = taskOf(await client.job(runId), 'fragile');
      expect(task).toMatchObject({ status: 'retrying', attempt: 1, max_retries: 1 });
      return task;
    }, PATIENCE);
    expect(waiting.error).toMatchObject({ code: 'exit_code', retryable: true });
    const delayMs = Date.parse(waiting.next_retry_at!) - Date.parse(waiting.finished_at!);
    expect(delayMs).toBeGreaterThanOrEqual(2_699);
    expect(delayMs).toBeLessThanOrEqual(3_301);

    const failed = await client.jobWhen(runId, 'failed');
    expect(taskOf(failed, 'fragile')).toMatchObject({ status: 'failed', attempt: 2 });
    expect(taskOf(failed, 'after')).toMatchObject({ status: 'upstream_failed' });
    const attempts = await client.attempts(runId, 'fragile');
    expect(attempts.map((attempt) => attempt.status)).toEqual(['failed', 'failed']);
    expect(Date.parse(attempts[1].queued_at)).toBeGreaterThanOrEqual(Date.parse(waiting.next_retry_at!));

    const entries = await client.dlqEntries(runId);
    expect(entries).toMatchObject([{ task_name: 'fragile', attempts: 2, status: 'pending', dag_id: dagId }]);

    writeFileSync(file, '');
    const path = `/workers/dlq/${entries[0].id}/replay`;
    const replay = await client.replay(entries[0].id);
    expect(replay).toMatchObject({
      entry: { status: 'replayed' },
      job: { run_id: runId, status: 'running' },
    });
    expect((await client.send('POST', path)).status).toBe(409);
    const job = await client.jobWhen(runId, 'succeeded');
    expect(job.tasks.map((task) => task.status)).toEqual(['succeeded', 'succeeded']);
    expect(await client.dlqEntries(runId)).toMatchObject([{ status: 'replayed' }]);
  });

  it('goes on below a failed task that is resolved with an output', async () => {
    const dagId = await client.createDag('resolved-by-hand', [
      { name: 'broken', ...failsUntil(join(installation.folder, 'never'), { max_retries: 0 }) },
      {
        name: 'after',
        task_type: 'python',
        dependencies: ['broken'],
        config: { code: "def run(ctx):\n    return ctx['inputs']['broken']['rows'] * 6" },
      },
    ]);
    const { run_id: runId } = await client.startJob(dagId);
    await client.jobWhen(runId, 'failed');
    const [entry] = await client.dlqEntries(runId);
    const answer = await client.resolve(entry.id, {
      note: 'counted by hand',
      output: { rows: 7 },
    });
    expect(answer).toMatchObject({ entry: { status: 'resolved', note: 'counted by hand' } });
    const job = await client.jobWhen(runId, 'succeeded');
    expect(taskOf(job, 'after').output).toBe(42);
  });

  it('kills every process of a cancelled job, and knows what can be cancelled', async () => {
    const mark = uniqueMark();
    const dagId = await client.createDag('cancelled', [
      { name: 'long', task_type: 'shell', config: { command: LINGER, env: { MARK: mark } } },
      { name: 'after', task_type: 'noop', dependencies: ['long'] },
    ]);
    const { run_id: runId } = await client.startJob(dagId);
    // The shell and its two sleeps, one of them in another session.
    await eventually(() => expect(processesWith(mark).length).toBeGreaterThanOrEqual(3), PATIENCE);

    const cancelled = await client.cancel(runId);
    expect(cancelled).toMatchObject({
      status: 'cancelled',
      tasks: [{ status: 'cancelled' }, { status: 'cancelled' }],
    });
    await eventually(() => expect(processesWith(mark)).toEqual([]), PATIENCE);
    expect(await client.cancel(runId)).toMatchObject({ status: 'cancelled' });

    const quick = await client.createDag('too-late-to-cancel', [{ name: 'only', task_type: 'noop' }]);
    const ended = await client.startJob(quick);
    await client.jobWhen(ended.run_id, 'succeeded');
    const refusal = await client.send('POST', `/jobs/${ended.run_id}/cancel`);
    expect(refusal).toMatchObject({ status: 409, body: { code: 'job_already_ended' } });
    expect(refusal.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  itOnce('makes exactly one job of each tick of a cron, and none while it is paused', async () => {
    const noop = [{ name: 'only', task_type: 'noop' as const }];
    const [dagId, clockId] = [
      await client.createDag('every-second', noop, { cron_expression: EVERY_SECOND }),
      await client.createDag('a-clock-beside-it', noop, { cron_expression: EVERY_SECOND }),
    ];
    const jobsWhen = async (id: number, atLeast: number) =>
      await eventually(async () => {
        const jobs = await client.jobsOf(id);
        expect(jobs.length).toBeGreaterThanOrEqual(atLeast);
        return jobs;
      }, PATIENCE);

    await jobsWhen(dagId, 5);
    const paused = await client.expect(200, 'POST', `/dags/${dagId}/pause`);
    expect(paused).toMatchObject({ is_paused: true });
    // A tick that began before the pause may still make its job; further ticks of the clock are time for that.
    await jobsWhen(clockId, (await client.jobsOf(clockId)).length + 2);
    const jobs = await client.jobsOf(dagId);
    const ticks = jobs.map((job) => Date.parse(job.scheduled_for!)).sort((one, other) => one - other);
    expect(new Set(ticks).size).toBe(jobs.length);
    expect(ticks.every((tick) => tick % 1_000 === 0)).toBe(true);
    expect(new Set(jobs.map((job) => job.trigger))).toEqual(new Set(['cron']));
    expect(ticks).toEqual(ticks.map((_, index) => ticks[0] + index * 1_000));

    await jobsWhen(clockId, (await client.jobsOf(clockId)).length + 2);
    expect(await client.jobsOf(dagId)).toHaveLength(jobs.length);
    expect(await client.expect(200, 'POST', `/dags/${dagId}/pause`)).toMatchObject({ is_paused: true });

    const resumed = await client.expect(200, 'POST', `/dags/${dagId}/resume`);
    expect(resumed).toMatchObject({ is_paused: false, next_run_at: expect.any(String) });
    await jobsWhen(dagId, jobs.length + 1);
    for (const id of [dagId, clockId]) await client.deleteDag(id);
  });

  itOnce('gives each tick its job although no scheduler ran for some seconds', async () => {
    const noop = [{ name: 'only', task_type: 'noop' as const }];
    const dagId = await client.createDag('with-a-pause', noop, { cron_expression: EVERY_SECOND });
    const jobsWhen = async (atLeast: number) =>
      await eventually(async () => {
        const jobs = await client.jobsOf(dagId);
        expect(jobs.length).toBeGreaterThanOrEqual(atLeast);
        return jobs;
      }, PATIENCE);
    const before = await jobsWhen(1);
    try {
      for (const scheduler of schedulers) scheduler.signal('SIGSTOP');
      await eventually(async () => {
        const dag = await client.dag(dagId);
        expect(Date.now() - Date.parse(dag.next_run_at!)).toBeGreaterThan(2_500);
      }, PATIENCE);
    } finally {
      for (const scheduler of schedulers) scheduler.signal('SIGCONT');
    }
    const ticks = (await jobsWhen(before.length + 5)).map((job) => Date.parse(job.scheduled_for!));
    ticks.sort((one, other) => one - other);
    expect(ticks).toEqual(ticks.map((_, index) => ticks[0] + index * 1_000));
    await client.deleteDag(dagId);
  });

  itOnce('holds a job back until its run_at', async () => {
    const dagId = await client.createDag('not-before', [{ name: 'only', task_type: 'noop' }]);
    const runAt = new Date(Date.now() + 3_000).toISOString();
    const job = await client.startJob(dagId, { run_at: runAt });
    expect(job).toMatchObject({ status: 'scheduled', scheduled_for: runAt, started_at: null });
    const ended = await client.jobWhen(job.run_id, 'succeeded');
    expect(Date.parse(ended.started_at!)).toBeGreaterThanOrEqual(Date.parse(runAt));
  });

  it('cancels the running jobs of a DAG that is deleted, and keeps their history', async () => {
    const mark = uniqueMark();
    const dagId = await client.createDag('deleted', [
      { name: 'long', task_type: 'shell', config: { command: LINGER, env: { MARK: mark } } },
    ]);
    const { run_id: runId } = await client.startJob(dagId);
    await eventually(() => expect(processesWith(mark).length).toBeGreaterThanOrEqual(3), PATIENCE);
    await client.deleteDag(dagId);
    expect((await client.send('GET', `/dags/${dagId}`)).status).toBe(404);
    expect(await client.jobWhen(runId, 'cancelled')).toMatchObject({ dag_id: dagId, dag_name: 'deleted' });
    await eventually(() => expect(processesWith(mark)).toEqual([]), PATIENCE);
  });

  it('fills the slots of both workers and no more, and shows what waits and what runs', async () => {
    const mark = uniqueMark();
    const gate = join(installation.folder, `gate-${mark}`);
    const command = `until test -e '${gate}'; do sleep 0.1; done`;
    const tasks = Array.from({ length: 2 * SLOTS + 3 }, (_, index) => ({
      name: `t${index}`,
      task_type: 'shell' as const,
      config: { command, env: { MARK: mark } },
    }));
    const { run_id: runId } = await client.startJob(await client.createDag('more-than-slots', tasks), {
      priority: 'low',
    });
    await eventually(async () => {
      const stats = await client.queueStats();
      expect(stats).toMatchObject({
        backend,
        queues: { low: { active: 2 * SLOTS, waiting: 3, oldest_age_seconds: expect.any(Number) } },
        tasks: { running: 2 * SLOTS, queued: 3 },
      });
    }, PATIENCE);

    const listed = await client.workers();
    expect(listed.map(({ pid }) => pid).sort()).toEqual(workers.map(({ pid }) => pid).sort());
    expect(listed).toEqual(
      listed.map(() => expect.objectContaining({ status: 'active', slots: SLOTS, running: SLOTS })),
    );
    const stats = await client.workerStats();
    expect(stats).toMatchObject({
      workers: { active: 2, draining: 0, lost: 0 },
      slots: { total: 2 * SLOTS, busy: 2 * SLOTS, free: 0 },
    });
    expect(stats.throughput['1h']).toBeGreaterThan(0);

    expect(existsSync(gate)).toBe(false);
    writeFileSync(gate, '');
    await client.jobWhen(runId, 'succeeded');
    expect(await client.queueStats()).toMatchObject({
      queues: { low: { active: 0, waiting: 0, oldest_age_seconds: null } },
      tasks: { running: 0, queued: 0 },
    });
  });

  it('leaves a state in which everything adds up', async () => {
    expect(await brokenRules(installation)).toEqual([]);
  });
});
