import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from '../../support/eventually.js';
import { compileExecutors, type CompiledExecutors } from './compiled-executors.js';
import { attemptOf, processesMentioning, sleepers, sleeping, uniqueSleep, Workbench } from './workbench.js';

/** Out of the group, with a child of its own in the group. */
const tree = (sleep: string): string => `setsid sleep ${sleep} & sleep 1000; true`;

describe('the death of the task host', () => {
  let bench: Workbench;
  beforeAll(async () => (bench = await Workbench.open()));
  afterEach(() => bench.expectNothingLeft());
  afterAll(() => bench.close());

  it('fails its attempts as executor_lost, with nothing of them left, and a new host takes the next', async () => {
    const [one, two] = [uniqueSleep(), uniqueSleep()];
    const outcomes = Promise.all([bench.shell(tree(one)), bench.shell(tree(two))]);
    await sleeping(one);
    await sleeping(two);
    const host = bench.hostPid();
    process.kill(host, 'SIGKILL');
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'executor_lost', retryable: true } });
    }
    expect(processesMentioning(one, two)).toEqual([]);
    await bench.expectNothingLeft();
    expect(await bench.shell('echo again')).toMatchObject({
      kind: 'succeeded',
      output: { stdout: 'again\n' },
    });
    expect(bench.hostPid()).not.toBe(host);
  });

  it('is survived by attempts of types that need no host', async () => {
    process.kill(bench.hostPid(), 'SIGKILL');
    expect(await bench.run(attemptOf('noop', {}))).toEqual({ kind: 'succeeded', output: null });
  });

  it('does not come from signals meant for the worker', async () => {
    await eventually(async () => expect(await bench.shell('true')).toMatchObject({ kind: 'succeeded' }));
    const host = bench.hostPid();
    const outcome = bench.shell('sleep 0.3; echo done');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(host, signal);
    expect(await outcome).toMatchObject({ kind: 'succeeded' });
    expect(bench.hostPid()).toBe(host);
  });
});

describe('a task host that cannot start', () => {
  it('makes start reject, and fails attempts as executor_lost', async () => {
    await expect(Workbench.open({ hostEntry: '/no/such/main.js' })).rejects.toThrow('ended at once');
  });
});

describe('the silence of the worker', () => {
  it('ends everything when the trusted time is over, and only then', async () => {
    const bench = await Workbench.open();
    const sleep = uniqueSleep();
    const outcome = bench.shell(tree(sleep));
    await sleeping(sleep);
    const host = bench.hostPid();
    bench.executors.keepalive(200);
    bench.executors.keepalive(1_200);
    const silentSince = performance.now();
    expect(await outcome).toMatchObject({
      error: { code: expect.stringMatching(/executor_lost|lease_lost/) },
    });
    expect(performance.now() - silentSince).toBeGreaterThan(1_100);
    expect(processesMentioning(sleep)).toEqual([]);
    await eventually(() => expect(processesMentioning(bench.compiled.hostEntry)).not.toContain(host));
    bench.executors.keepalive(60_000);
    // The news of the exit may come a moment later than the exit.
    await eventually(async () => expect(await bench.shell('true')).toMatchObject({ kind: 'succeeded' }));
    await bench.close();
  });
});

describe('the worker process', () => {
  let compiled: CompiledExecutors;
  let workDirectory: string;
  let worker: ChildProcess;
  beforeAll(async () => (compiled = await compileExecutors()));
  beforeEach(async () => (workDirectory = await mkdtemp(join(tmpdir(), 'dts-worker-'))));
  afterEach(() => rm(workDirectory, { recursive: true }));
  afterAll(() => compiled.remove());

  /** A process with executors of its own, running one attempt; resolves when the attempt's `sleep` is there. */
  async function startWorker(sleep: string, keepaliveMs: number): Promise<void> {
    const script = `
      const { Executors } = await import(${JSON.stringify(compiled.executors)});
      const executors = new Executors({ workDirectory: ${JSON.stringify(workDirectory)}, killGraceSeconds: 5,
        allowPrivate: true, environment: { PATH: process.env.PATH } });
      await executors.start();
      executors.keepalive(${keepaliveMs});
      console.log('started');
      await executors.execute(${JSON.stringify(attemptOf('shell', { command: tree(sleep) }))}, new AbortController().signal);`;
    worker = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(createInterface({ input: worker.stdout! }), 'line');
    await sleeping(sleep);
  }

  it('killed with SIGKILL takes its host, every task process and every directory with it', async () => {
    const sleep = uniqueSleep();
    await startWorker(sleep, 60_000);
    worker.kill('SIGKILL');
    await eventually(async () => {
      expect(processesMentioning(sleep, compiled.hostEntry, workDirectory)).toEqual([]);
      expect(await readdir(workDirectory)).toEqual([]);
    });
  });

  it('stopped with SIGSTOP loses every task process when its trusted time is over', async () => {
    const sleep = uniqueSleep();
    await startWorker(sleep, 5_000);
    worker.kill('SIGSTOP');
    const gone = (): void => {
      // The worker itself has the command in its own arguments.
      expect(sleepers(sleep)).toEqual([]);
      expect(processesMentioning(compiled.hostEntry)).toEqual([]);
    };
    await eventually(gone, { timeoutMs: 20_000 });
    worker.kill('SIGKILL');
  });

  it('killed together with its host leaves nothing that the next worker does not find', async () => {
    const sleep = uniqueSleep();
    await startWorker(sleep, 60_000);
    for (const host of processesMentioning(compiled.hostEntry)) process.kill(host, 'SIGKILL');
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await eventually(() => expect(processesMentioning(compiled.hostEntry)).toEqual([]));
    expect(sleepers(sleep)).toHaveLength(1);
    const bench = await Workbench.open({ workDirectory });
    expect(processesMentioning(sleep)).toEqual([]);
    await bench.executors.close();
    expect(await readdir(workDirectory)).toEqual([]);
    await bench.dispose();
  });

  it('leaves the directories of living workers and of other machines alone', async () => {
    const foreign = `not-${hostname().slice(0, 20)}.1.1.abc`;
    await mkdir(join(workDirectory, foreign));
    await writeFile(join(workDirectory, 'a-file'), '');
    const first = await Workbench.open({ workDirectory });
    const second = await Workbench.open({ workDirectory });
    expect(await first.shell('true')).toMatchObject({ kind: 'succeeded' });
    expect(await readdir(workDirectory)).toHaveLength(4);
    await first.executors.close();
    await second.executors.close();
    expect((await readdir(workDirectory)).sort()).toEqual(['a-file', foreign].sort());
    await first.dispose();
    await second.dispose();
  });
});

describe('closing the executors', () => {
  it('ends what still runs', async () => {
    const bench = await Workbench.open();
    const sleep = uniqueSleep();
    const outcome = bench.shell(tree(sleep));
    await sleeping(sleep);
    await bench.executors.close();
    expect(await outcome).toMatchObject({ error: { code: 'executor_lost' } });
    expect(processesMentioning(sleep)).toEqual([]);
    expect(await bench.shell('true')).toMatchObject({ error: { code: 'executor_lost' } });
    await bench.close();
  });
});
