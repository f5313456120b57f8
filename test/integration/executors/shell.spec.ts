import { readFileSync } from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_OUTPUT_BYTES } from '../../../src/domain/outcome.js';
import { CAPTURE_BYTES } from '../../../src/executors/host/captured-stream.js';
import { attemptOf, streamsOf, Workbench } from './workbench.js';

describe('shell tasks', () => {
  let bench: Workbench;
  beforeAll(
    async () => (bench = await Workbench.open({ environment: { ...process.env, CANARY_SECRET: 'c4n4ry' } })),
  );
  afterEach(() => bench.expectNothingLeft());
  afterAll(() => bench.close());

  it('succeed with exit code and both streams', async () => {
    expect(await bench.shell('echo out; echo err >&2')).toEqual({
      kind: 'succeeded',
      output: { exit_code: 0, stdout: 'out\n', stderr: 'err\n' },
    });
  });

  it('take the JSON in $DTS_OUTPUT as output instead', async () => {
    const outcome = await bench.shell(`echo noise; echo '{"rows": [1, 2]}' > "$DTS_OUTPUT"`);
    expect(outcome).toEqual({ kind: 'succeeded', output: { rows: [1, 2] } });
  });

  it.each([
    ['{"rows": ', 'JSON'],
    ['', 'empty'],
  ])('fail as malformed_output when $DTS_OUTPUT holds %j', async (text, reason) => {
    const outcome = await bench.shell(`printf '%s' '${text}' > "$DTS_OUTPUT"`);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'malformed_output', retryable: true } });
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining(reason) } });
  });

  it('take an output of exactly the limit and refuse one byte more', async () => {
    const write = (bytes: number): string =>
      `{ printf '"'; head -c ${bytes - 2} /dev/zero | tr '\\0' a; printf '"'; } > "$DTS_OUTPUT"`;
    const atLimit = await bench.shell(write(MAX_OUTPUT_BYTES));
    expect(atLimit).toEqual({ kind: 'succeeded', output: 'a'.repeat(MAX_OUTPUT_BYTES - 2) });
    const over = await bench.shell(write(MAX_OUTPUT_BYTES + 1));
    expect(over).toMatchObject({ kind: 'failed', error: { code: 'output_too_large', retryable: false } });
  });

  it.each(['ln -s /etc/hostname "$DTS_OUTPUT"', 'mkfifo "$DTS_OUTPUT"', 'mkdir "$DTS_OUTPUT"'])(
    'do not read an output that is no regular file: %s',
    async (command) => {
      expect(await bench.shell(command)).toMatchObject({
        kind: 'failed',
        error: { code: 'malformed_output' },
      });
    },
  );

  it('fail with the exit code and the end of stderr', async () => {
    const outcome = await bench.shell('echo first >&2; echo "disk full" >&2; exit 3');
    expect(outcome).toEqual({
      kind: 'failed',
      error: {
        code: 'exit_code',
        message: 'The command ended with exit code 3; expected 0. Last line of stderr: disk full',
        retryable: true,
        details: { exit_code: 3, signal: null, stdout: '', stderr: 'first\ndisk full\n' },
      },
    });
  });

  it('are not retried for an exit code that the config names', async () => {
    const config = { non_retryable_exit_codes: [2, 64] };
    expect(await bench.shell('exit 64', config)).toMatchObject({
      error: { code: 'exit_code', retryable: false },
    });
    expect(await bench.shell('exit 65', config)).toMatchObject({
      error: { code: 'exit_code', retryable: true },
    });
  });

  it('fail with the signal that killed them', async () => {
    const outcome = await bench.shell('kill -SEGV $$');
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'signal', details: { signal: 'SIGSEGV' } },
    });
  });

  it('get context, env and stdin, and nothing of the server', async () => {
    const outcome = await bench.run(
      attemptOf(
        'shell',
        {
          command:
            'cat > seen; cat seen; env -0 | sort -z | tr "\\0" "\\n" > all; cat "$DTS_CTX"; grep -c c4n4ry all; cat all >&2',
          env: { ROWS: 3, LABEL: 'a b', FLAG: true },
          stdin: 'fed\n',
        },
        { params: { x: 1 }, inputs: { extract: [1] }, scheduledFor: '2026-01-01T00:00:00.000Z', attempt: 2 },
      ),
    );
    // grep found nothing and so made no failure: the last command decides.
    expect(outcome.kind).toBe('succeeded');
    const { stdout, stderr } = streamsOf(outcome);
    expect(stdout).toBe(
      'fed\n{"run_id":"0190f5c0-7b1c-7000-8000-000000000001","dag":"etl","task":"load","attempt":2,' +
        '"params":{"x":1},"inputs":{"extract":[1]},"scheduled_for":"2026-01-01T00:00:00.000Z"}0\n',
    );
    const names = stderr
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    const allowed =
      /^(PATH|HOME|TMPDIR|PWD|OLDPWD|SHLVL|_|LANG|LC_ALL|LC_CTYPE|TZ|ROWS|LABEL|FLAG|DTS_[A-Z_]+)$/;
    expect(names.filter((name) => !allowed.test(name))).toEqual([]);
    expect(stderr).toContain('ROWS=3\n');
    expect(stderr).toContain('LABEL=a b\n');
    expect(stderr).toContain('FLAG=true\n');
    expect(stderr).toContain('DTS_PARAMS={"x":1}\n');
    expect(stderr).toContain('DTS_INPUTS={"extract":[1]}\n');
    expect(stderr).toContain('DTS_ATTEMPT=2\n');
  });

  it('find no secret of the server in the environment of their parent process', async () => {
    const outcome = await bench.shell('tr "\\0" "\\n" < /proc/$PPID/environ');
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      output: { stdout: expect.stringContaining('PATH=') },
    });
    expect(JSON.stringify(outcome)).not.toContain('c4n4ry');
  });

  it('get large params by file, since no variable could hold them', async () => {
    const rest = { params: { text: 'x'.repeat(300_000) } };
    const outcome = await bench.shell('echo "${DTS_PARAMS:-none}"; wc -c < "$DTS_CTX"', {}, rest);
    const { stdout } = streamsOf(outcome);
    expect(stdout).toMatch(/^none\n30\d{4}\n$/);
  });

  it('refuse an env variable that the operating system cannot take, and say what to do', async () => {
    const outcome = await bench.shell('true', { env: { ROWS: 'x'.repeat(131_072) } });
    expect(outcome).toMatchObject({
      error: { code: 'bad_config', message: expect.stringContaining('$DTS_CTX') },
    });
  });

  it('run a command too long for an argument', async () => {
    const outcome = await bench.shell(`echo start\n${': '.repeat(80_000)}\necho end`);
    expect(outcome).toMatchObject({ output: { stdout: 'start\nend\n' } });
  });

  it('give metacharacters in values no power', async () => {
    const canary = join(await mkdtemp(join(tmpdir(), 'dts-canary-')), 'made');
    const evil = `$(touch ${canary}); \`touch ${canary}\`; "; touch ${canary}; ' ; touch ${canary} #\n touch ${canary}`;
    const outcome = await bench.shell(
      'printf %s "$VALUE" > out; cat out',
      { env: { VALUE: evil } },
      { params: { evil } },
    );
    expect(outcome).toMatchObject({ output: { stdout: evil } });
    await expect(access(canary)).rejects.toThrow('ENOENT');
    await rm(join(canary, '..'), { recursive: true });
  });

  it('run in a directory of their own, or in cwd', async () => {
    const own = await bench.shell('touch here; pwd; echo $HOME; echo $TMPDIR');
    const lines = streamsOf(own).stdout.trim().split('\n');
    expect(lines[0]).toMatch(new RegExp(`^${bench.workDirectory}/.+\\.0\\.\\d+$`));
    expect(new Set(lines).size).toBe(1);
    expect(await bench.shell('pwd', { cwd: '/usr' })).toMatchObject({ output: { stdout: '/usr\n' } });
    expect(await bench.shell('pwd', { cwd: '/no/such' })).toMatchObject({
      error: { code: 'bad_config', message: expect.stringContaining('/no/such'), retryable: false },
    });
  });

  it('write as much as they like without the host keeping it', async () => {
    const host = bench.hostPid();
    const before = residentMiB(host);
    const outcome = await bench.shell('head -c 200000000 /dev/zero | tr "\\0" x; echo; echo the end');
    expect(residentMiB(host) - before).toBeLessThan(60);
    const { stdout } = streamsOf(outcome);
    expect(Buffer.byteLength(stdout)).toBeLessThanOrEqual(CAPTURE_BYTES);
    expect(stdout).toMatch(/^x{1000}/);
    expect(stdout).toMatch(/\[\.\.\. \d+ bytes left out \.\.\.\]/);
    expect(stdout.endsWith('x\nthe end\n')).toBe(true);
  });

  it('may write NUL, invalid UTF-8 and lone surrogates: what is stored is clean text', async () => {
    const plain = await bench.shell(`printf 'a\\000b\\377c'`);
    expect(plain).toMatchObject({ output: { stdout: 'ab\uFFFDc' } });
    const json = await bench.shell(`printf '%s' '{"k\\u0000ey": "\\ud800x\\u0000"}' > "$DTS_OUTPUT"`);
    expect(json).toEqual({ kind: 'succeeded', output: { key: 'x' } });
    const failure = await bench.shell(`printf 'bad\\000\\377' >&2; exit 1`);
    expect(JSON.stringify(failure)).not.toMatch(/\\u0000|\\ud8/);
  });

  it('leave no core files and have a bounded number of open files', async () => {
    const outcome = await bench.shell('ulimit -c; ulimit -n');
    const [core, files] = streamsOf(outcome).stdout.trim().split('\n');
    expect(core).toBe('0');
    expect(Number(files)).toBeLessThanOrEqual(4_096);
  });

  it('run side by side', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => bench.shell(`echo ${index}`)),
    );
    expect(outcomes.map((outcome) => streamsOf(outcome).stdout.trim())).toEqual(
      Array.from({ length: 20 }, (_, index) => String(index)),
    );
  });
});

function residentMiB(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kilobytes) / 1_024;
}
