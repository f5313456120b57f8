import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StopReason } from '../../../src/executors/executor.js';
import { eventually } from '../../support/eventually.js';
import { attemptOf, processesMentioning, sleepers, sleeping, uniqueSleep, Workbench } from './workbench.js';

describe('stopping an attempt', () => {
  let bench: Workbench;
  beforeAll(async () => (bench = await Workbench.open({ killGraceSeconds: 1.5 })));
  afterEach(() => bench.expectNothingLeft());
  afterAll(() => bench.close());

  /** Ways of getting out of reach, each ending in a background `sleep`. */
  const ESCAPES: [string, (sleep: string) => string][] = [
    ['a child', (s) => `sleep ${s} &`],
    ['a child that ignores TERM', (s) => `trap '' TERM; sleep ${s} &`],
    ['a child in a session of its own', (s) => `setsid sleep ${s} &`],
    ['an orphan in a session of its own', (s) => `(setsid sleep ${s} >/dev/null 2>&1 &)`],
    ['an orphan without environment', (s) => `(env -i setsid sleep ${s} >/dev/null 2>&1 &)`],
    ['an orphan in another directory', (s) => `(cd / && setsid sleep ${s} >/dev/null 2>&1 &)`],
  ];
  /** Found by its ancestors only, while it has them. */
  const HIDDEN: [string, (sleep: string) => string] = [
    'a grandchild without environment in another directory',
    (s) => `(cd / && env -i setsid sh -c 'sleep ${s}; true' >/dev/null 2>&1) &`,
  ];

  it.each([...ESCAPES, HIDDEN])('kills %s at the timeout', async (_name, command) => {
    const sleep = uniqueSleep();
    // Long enough for a busy machine to start the shell: what it wrote before the timeout is part of the outcome.
    const outcome = await bench.shell(
      `echo before\n${command(sleep)}\nsleep 60; sleep 60`,
      {},
      { timeoutSeconds: 2 },
    );
    // Looked at in the same moment: the promise settles only when all is gone.
    expect(processesMentioning(sleep)).toEqual([]);
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: {
        code: 'timeout',
        message: 'The attempt did not end within 2 s (timeout_seconds) and was stopped.',
        retryable: true,
        details: { stdout: 'before\n', stderr: '' },
      },
    });
  });

  it.each(ESCAPES)('kills %s that the command left behind', async (_name, command) => {
    const sleep = uniqueSleep();
    const outcome = await bench.shell(`${command(sleep)}\nsleep 0.2; echo done`);
    expect(processesMentioning(sleep)).toEqual([]);
    expect(outcome).toMatchObject({ kind: 'succeeded', output: { stdout: 'done\n' } });
  });

  it('gives a process that handles TERM its grace, and still fails', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dts-grace-'));
    const code =
      'import signal, sys, time, pathlib\n' +
      'def end(*_):\n    time.sleep(0.1)\n    pathlib.Path(args[0], "ended").write_text("clean")\n    sys.exit(0)\n' +
      'signal.signal(signal.SIGTERM, end)\npathlib.Path(args[0], "ready").touch()\ntime.sleep(60)';
    const controller = new AbortController();
    const outcome = bench.run(attemptOf('python', { code, args: [folder] }), controller.signal);
    await eventually(() => access(join(folder, 'ready')), { timeoutMs: 20_000 });
    controller.abort('cancelled');
    expect(await outcome).toMatchObject({ error: { code: 'cancelled' } });
    expect(await readFile(join(folder, 'ended'), 'utf8')).toBe('clean');
    await rm(folder, { recursive: true });
  });

  it.each<[StopReason, boolean]>([
    ['cancelled', false],
    ['shutdown', true],
    ['lease_lost', true],
  ])('for %s fails with that code, retryable: %s', async (reason, retryable) => {
    const sleep = uniqueSleep();
    const controller = new AbortController();
    const outcome = bench.run(
      attemptOf('shell', { command: `setsid sleep ${sleep} & wait` }),
      controller.signal,
    );
    await sleeping(sleep);
    controller.abort(reason);
    expect(await outcome).toMatchObject({ kind: 'failed', error: { code: reason, retryable } });
    expect(processesMentioning(sleep)).toEqual([]);
  });

  it('stops only the one that is meant', async () => {
    const controller = new AbortController();
    const [mine, other] = [uniqueSleep(), uniqueSleep()];
    const stopped = bench.run(attemptOf('shell', { command: `sleep ${mine}; true` }), controller.signal);
    const end = new AbortController();
    const going = bench.run(attemptOf('shell', { command: `sleep ${other}; true` }), end.signal);
    await sleeping(mine);
    await sleeping(other);
    controller.abort('cancelled');
    await stopped;
    expect(processesMentioning(mine)).toEqual([]);
    expect(sleepers(other)).toHaveLength(1);
    end.abort('cancelled');
    await going;
  });

  it('does not start an attempt twice', async () => {
    const work = attemptOf('shell', { command: 'sleep 0.3; pwd; ls -a' });
    const [first, second] = await Promise.all([bench.run(work), bench.run(work)]);
    expect(first).toMatchObject({ kind: 'succeeded', output: { stdout: expect.stringContaining('.dts') } });
    expect(second).toMatchObject({
      error: { code: 'internal', message: expect.stringContaining('already') },
    });
  });

  it('starts nothing when it was stopped before it began', async () => {
    const outcome = await bench.run(attemptOf('shell', { command: 'true' }), AbortSignal.abort('cancelled'));
    expect(outcome).toMatchObject({ error: { code: 'cancelled', retryable: false } });
  });

  it('stops one that is stopped in the moment of its start', async () => {
    const sleep = uniqueSleep();
    const controller = new AbortController();
    const outcome = bench.run(attemptOf('shell', { command: `sleep ${sleep}` }), controller.signal);
    controller.abort('cancelled');
    expect(await outcome).toMatchObject({ error: { code: 'cancelled' } });
    expect(processesMentioning(sleep)).toEqual([]);
  });

  it('kills what forks all the time', async () => {
    const sleep = uniqueSleep();
    const command = `while :; do setsid sleep ${sleep} & done`;
    const outcome = await bench.shell(`ulimit -u 2000; ${command}`, {}, { timeoutSeconds: 0.3 });
    expect(outcome).toMatchObject({ error: { code: 'timeout' } });
    expect(processesMentioning(sleep)).toEqual([]);
  });

  it('does not wait for a pipe that a left process holds open', async () => {
    const startedAt = performance.now();
    const outcome = await bench.shell(`setsid sleep ${uniqueSleep()} & echo started`);
    expect(outcome).toMatchObject({ kind: 'succeeded', output: { stdout: 'started\n' } });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
