import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import type { RunningProcess } from '../support/processes.js';
import { Client, PATIENCE, taskOf } from './client.js';
import { describeOnBothBackends, Installation } from './installation.js';
import { brokenRules } from './integrity.js';
import { processesWith, uniqueMark } from './process-marks.js';
import { readRaw } from './socket-readers.js';

const LEASE_SECONDS = 4;
/**
 * From the death: the lease, one round of the reaper, and what a loaded machine adds; but less than it would take by the
 * lease of 15 s that is meant when nothing else is said.
 */
const TAKEN_OVER_WITHIN_MS = (LEASE_SECONDS + 10) * 1_000;

/** Only the first attempt lingers: whoever takes over is done at once. */
const LINGER_ONCE =
  'if [ "$DTS_ATTEMPT" = 1 ]; then setsid sleep 300 & sleep 300; fi; echo "$DTS_ATTEMPT" > "$DTS_OUTPUT"';

/** As `LINGER_ONCE`; what lingers writes the time over and over, so that it is known until when it lived at least. */
const BEAT_ONCE =
  'if [ "$DTS_ATTEMPT" = 1 ]; then ' +
  `setsid sh -c 'while :; do echo "$DTS_TASK $(date +%s%3N)" >> "$BEATS"; sleep 0.1; done' & sleep 300; fi; ` +
  'echo "$DTS_ATTEMPT" > "$DTS_OUTPUT"';

const PYTHON_BEAT_ONCE = `
import os, time

def run(ctx):
    while ctx['attempt'] == 1:
        with open(os.environ['BEATS'], 'a') as file:
            file.write(f"{ctx['task']} {time.time_ns() // 1_000_000}\\n")
        time.sleep(0.1)
    return ctx['attempt']
`;

/** By task, when its processes wrote last, in milliseconds since 1970. */
function lastBeats(file: string): Map<string, number> {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => line.split(' ')).map(([task, at]) => [task, Number(at)]));
}

describeOnBothBackends('a worker that dies or stands still', (backend) => {
  let installation: Installation;
  let client: Client;
  let apiUrl: string;
  /** The worker that runs what a test starts; the other one comes when the first is to fail. */
  let victim: RunningProcess;
  let source: Server;
  /** The request of the first attempt, which the test answers when it wants to. */
  let held: ServerResponse | null = null;

  beforeAll(async () => {
    source = createServer((_request, response) => {
      if (held === null) held = response;
      else response.end('second');
    });
    await new Promise<void>((listening) => source.listen(0, '127.0.0.1', listening));
    installation = await Installation.create(backend, {
      HEARTBEAT_SECONDS: '0.5',
      LEASE_SECONDS: String(LEASE_SECONDS),
      MAX_CONCURRENT_JOBS: '4',
    });
    const [api, worker] = await Promise.all([
      installation.start('api'),
      installation.start('worker'),
      installation.start('scheduler'),
    ]);
    apiUrl = api.url;
    victim = worker;
    client = new Client(apiUrl);
  });

  afterAll(async () => {
    await installation.close();
    source.close();
  });

  const running = async (mark: string, atLeast: number) =>
    await eventually(() => expect(processesWith(mark).length).toBeGreaterThanOrEqual(atLeast), PATIENCE);

  it('loses its attempts to another one after its lease, uncharged, and leaves no process', async () => {
    const mark = uniqueMark();
    const task = (name: string) => ({
      name,
      task_type: 'shell' as const,
      max_retries: 0,
      config: { command: LINGER_ONCE, env: { MARK: mark } },
    });
    const { run_id: runId } = await client.startJob(
      await client.createDag('killed', [task('one'), task('two'), task('three')]),
    );
    await running(mark, 9);
    const dying = victim;
    victim = await installation.start('worker');
    const everything = await readRaw(apiUrl, '/ws/jobs');

    dying.signal('SIGKILL');
    const killedAt = Date.now();
    const job = await client.jobWhen(runId, 'succeeded');
    for (const { name, output, attempt } of job.tasks) {
      expect({ attempt, output }).toMatchObject({ attempt: 2, output: 2 });
      const attempts = await client.attempts(runId, name);
      expect(attempts.map(({ status }) => status)).toEqual(['lost', 'succeeded']);
      expect(attempts[0].worker_id).not.toBe(attempts[1].worker_id);
      expect(Date.parse(attempts[1].started_at) - killedAt).toBeLessThan(TAKEN_OVER_WITHIN_MS);
    }
    const charged = await installation.sql('SELECT charged FROM tasks WHERE run_id = $1', [runId]);
    expect(charged).toEqual([{ charged: 0 }, { charged: 0 }, { charged: 0 }]);
    // It is told past the jobs, and may come after all of them.
    await eventually(
      () =>
        expect(everything.messages).toContainEqual(
          expect.objectContaining({ type: 'worker.lost', data: expect.objectContaining({ pid: dying.pid }) }),
        ),
      PATIENCE,
    );
    everything.close();
    await eventually(() => expect(processesWith(mark)).toEqual([]), PATIENCE);
  });

  it('cannot write a late result over that of its successor, and comes back as another worker', async () => {
    const mark = uniqueMark();
    const beats = join(installation.folder, 'beats');
    const env = { MARK: mark, BEATS: beats };
    const url = `http://127.0.0.1:${(source.address() as AddressInfo).port}/`;
    // One task that a process of its own runs, and one that the worker runs by itself.
    const { run_id: runId } = await client.startJob(
      await client.createDag('stopped', [
        {
          name: 'shell',
          task_type: 'shell',
          max_retries: 0,
          config: { command: BEAT_ONCE, env },
        },
        { name: 'http', task_type: 'http', max_retries: 0, config: { url } },
        {
          name: 'python',
          task_type: 'python',
          max_retries: 0,
          config: { code: PYTHON_BEAT_ONCE, env },
        },
        // Its only child runs in the slot that is kept for it.
        { name: 'first', task_type: 'noop' },
        {
          name: 'kept',
          task_type: 'shell',
          max_retries: 0,
          dependencies: ['first'],
          config: { command: BEAT_ONCE, env },
        },
      ]),
    );
    await eventually(
      () => expect([...lastBeats(beats).keys()].sort()).toEqual(['kept', 'python', 'shell']),
      PATIENCE,
    );
    await eventually(() => expect(held).not.toBeNull(), PATIENCE);
    const successor = await installation.start('worker');
    const idOf = async (pid: number) =>
      (await client.workers()).find((one) => one.pid === pid && one.status === 'active')?.id;
    const [victimId, successorId] = [await idOf(victim.pid), await idOf(successor.pid)];

    victim.signal('SIGSTOP');
    try {
      // Dead before the database may give its attempts to somebody else: nothing runs twice at once.
      const [{ lease_expires_at: leaseEndsAt }] = await installation.sql<{ lease_expires_at: Date }>(
        'SELECT lease_expires_at FROM workers WHERE id = $1',
        [victimId],
      );
      await eventually(() => expect(processesWith(mark, 'DTS_ATTEMPT=1')).toEqual([]), PATIENCE);
      // By what they have told themselves: this process may be late to look.
      for (const [task, at] of lastBeats(beats))
        expect({ task, lateMs: Math.max(0, at - leaseEndsAt.getTime()) }).toEqual({ task, lateMs: 0 });
      const job = await client.jobWhen(runId, 'succeeded');
      for (const name of ['python', 'kept'])
        expect(taskOf(job, name)).toMatchObject({ attempt: 2, output: 2, worker_id: successorId });
      expect(taskOf(job, 'shell')).toMatchObject({ attempt: 2, output: 2, worker_id: successorId });
      expect(taskOf(job, 'http')).toMatchObject({
        attempt: 2,
        output: { body: 'second' },
        worker_id: successorId,
      });
      held?.end('first');
    } finally {
      victim.signal('SIGCONT');
    }

    const newId = await eventually(async () => {
      const id = await idOf(victim.pid);
      expect(id).toEqual(expect.any(String));
      expect(id).not.toBe(victimId);
      return id;
    }, PATIENCE);
    await eventually(() => expect(victim.output()).toContain('The lease is lost'), PATIENCE);
    const lost = (await client.workers()).filter(({ status }) => status === 'lost').map(({ id }) => id);
    expect(lost).toContain(victimId);
    const after = await client.job(runId);
    expect(taskOf(after, 'http')).toMatchObject({ output: { body: 'second' }, worker_id: successorId });
    expect((await client.attempts(runId, 'http')).map(({ status }) => status)).toEqual(['lost', 'succeeded']);

    // It is a worker like any other: alone, it does the work.
    expect(await successor.stop()).toEqual({ code: 0, signal: null });
    const next = await client.startJob(
      await client.createDag('afterwards', [{ name: 'only', task_type: 'noop' }]),
    );
    const done = await client.jobWhen(next.run_id, 'succeeded');
    expect(taskOf(done, 'only').worker_id).toBe(newId);
  });

  it('leaves a state in which everything adds up', async () => {
    expect(await brokenRules(installation)).toEqual([]);
  });
});
