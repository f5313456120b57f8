import { attemptOf, Workbench } from './workbench.js';

describe('python tasks', () => {
  let bench: Workbench;
  beforeAll(
    async () => (bench = await Workbench.open({ environment: { ...process.env, CANARY_SECRET: 'c4n4ry' } })),
  );
  afterEach(() => bench.expectNothingLeft());
  afterAll(() => bench.close());

  it.each([
    ['def run(ctx):\n    return len(ctx["inputs"]["extract"]["body"])', 3],
    ['def run():\n    return {"a": (1, 2)}', { a: [1, 2] }],
    ['def run(*parts):\n    return parts[0]["task"]', 'load'],
    ['def run(ctx=None):\n    return ctx["dag"]', 'etl'],
    ['run = lambda: 7', 7],
    ['import functools\nrun = functools.partial(lambda a, ctx: a + ctx["attempt"], 1)', 2],
    ['class Job:\n    def run(self):\n        return "method"\nrun = Job().run', 'method'],
    ['async def run(ctx):\n    import asyncio\n    await asyncio.sleep(0)\n    return "awaited"', 'awaited'],
    ['ctx["params"]["x"] * 2', 42],
    ['"text"', 'text'],
    ['result = [None, True, 1.5]', [null, true, 1.5]],
    ['x = 1\nx', null],
    ['pass', null],
    ['', null],
    ['result = 1\ndef run():\n    return 2', 2],
    ['result = 5\nimport sys\nsys.exit(0)\nresult = 6', 5],
    ['import sys\nresult = [args, sys.argv[1:], __name__]', [['a', 1], ['a', '1'], '__main__']],
  ])('take %j to be %j', async (code, output) => {
    const rest = { params: { x: 21 }, inputs: { extract: { body: [1, 2, 3] } } };
    expect(await bench.python(code, { args: ['a', 1] }, rest)).toEqual({ kind: 'succeeded', output });
  });

  it('get the whole context', async () => {
    const work = attemptOf(
      'python',
      { code: 'ctx' },
      {
        params: { deep: { list: ['ü', '\ud800'] } },
        inputs: { a: null },
        scheduledFor: '2026-01-01T00:00:00.000Z',
      },
    );
    expect(await bench.run(work)).toEqual({
      kind: 'succeeded',
      output: {
        run_id: work.runId,
        dag: 'etl',
        task: 'load',
        attempt: 1,
        // The lone surrogate is what the database could not hold.
        params: { deep: { list: ['ü', ''] } },
        inputs: { a: null },
        scheduled_for: '2026-01-01T00:00:00.000Z',
      },
    });
  });

  it('fail with type, message and traceback of the exception', async () => {
    const code =
      'class Broken(ValueError):\n    pass\n\ndef run(ctx):\n    raise Broken("no rows for " + ctx["task"])\n';
    expect(await bench.python(code)).toEqual({
      kind: 'failed',
      error: {
        code: 'exception',
        message: 'Broken: no rows for load',
        retryable: true,
        details: {
          type: 'Broken',
          message: 'no rows for load',
          traceback:
            'Traceback (most recent call last):\n  File "<task>", line 5, in run\n' +
            '    raise Broken("no rows for " + ctx["task"])\nBroken: no rows for load',
          stdout: '',
        },
      },
    });
  });

  it('keep giant and endless exceptions small', async () => {
    const giant = await bench.python('raise ValueError("x" * 5_000_000)');
    expect(JSON.stringify(giant).length).toBeLessThan(20_000);
    expect(giant).toMatchObject({
      error: { code: 'exception', message: expect.stringMatching(/^ValueError: xxx/) },
    });
    const endless = await bench.python('def f(n):\n    return f(n + 1)\nf(0)');
    expect(endless).toMatchObject({ error: { code: 'exception', details: { type: 'RecursionError' } } });
    const unspeakable = await bench.python(
      'class E(Exception):\n    def __str__(self):\n        raise E()\nraise E()',
    );
    expect(unspeakable).toMatchObject({ error: { code: 'exception', details: { type: 'E' } } });
  });

  it.each(['ValueError', 'LookupError', 'builtins.KeyError'])(
    'are not retried for an exception that the config names: %s',
    async (name) => {
      const raise = name === 'ValueError' ? 'raise ValueError()' : 'raise KeyError("k")';
      const outcome = await bench.python(raise, { non_retryable_exceptions: [name] });
      expect(outcome).toMatchObject({ error: { code: 'exception', retryable: false } });
    },
  );

  it('are retried for an exception that the config does not name', async () => {
    const outcome = await bench.python('raise OSError()', { non_retryable_exceptions: ['ValueError'] });
    expect(outcome).toMatchObject({ error: { code: 'exception', retryable: true } });
  });

  it('are not retried for code that does not compile', async () => {
    const outcome = await bench.python('def run(:\n  pass');
    expect(outcome).toMatchObject({
      error: { code: 'exception', retryable: false, message: expect.stringContaining('SyntaxError') },
    });
  });

  it.each([
    ['{"rows": [1, {2}]}', "the value['rows'][1] is of type set"],
    ['float("nan")', 'the value is nan'],
    ['[b"bytes"]', 'the value[0] is of type bytes'],
    ['{(1, 2): 3}', 'has a key of type tuple'],
    ['a = []\na.append(a)\nresult = a', 'Circular'],
  ])('fail as non_json_output for %j and say where', async (code, where) => {
    const outcome = await bench.python(code);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'non_json_output', retryable: false } });
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining(where) } });
  });

  it('refuse an output over the limit, measured as it would be stored', async () => {
    const fits = await bench.python('"ü" * ((1 << 19) - 1)');
    expect(fits.kind).toBe('succeeded');
    expect(await bench.python('"ü" * (1 << 19)')).toMatchObject({
      error: { code: 'output_too_large', retryable: false },
    });
    expect(await bench.python('"x" * 20_000_000')).toMatchObject({ error: { code: 'output_too_large' } });
  });

  it('refuse an output nested too deeply', async () => {
    const code = 'result = None\nfor _ in range(500):\n    result = [result]';
    expect(await bench.python(code)).toMatchObject({ error: { code: 'output_too_deep', retryable: false } });
  });

  it('store no NUL and no lone surrogate', async () => {
    const outcome = await bench.python('{"a\\0": "\\ud83d", "b": "x\\0y"}');
    expect(outcome).toEqual({ kind: 'succeeded', output: { a: '', b: 'xy' } });
    const failure = await bench.python('raise ValueError("n\\0 \\ud800")');
    expect(failure).toMatchObject({ error: { message: 'ValueError: n ' } });
  });

  it.each([
    ['import sys\nsys.exit(7)', 'exit_code', 'exit code 7'],
    ['import sys\nsys.exit("no such table")', 'exit_code', 'no such table'],
    ['import os\nos._exit(0)', 'no_result', 'exit code 0'],
    ['import os, signal\nos.kill(os.getpid(), signal.SIGKILL)', 'signal', 'SIGKILL'],
  ])('fail when the interpreter ends early: %j', async (code, failure, words) => {
    expect(await bench.python(code)).toMatchObject({
      kind: 'failed',
      error: { code: failure, message: expect.stringContaining(words) },
    });
  });

  it('get code and values as data: neither can break out of the runner', async () => {
    const text = `"); import os; os._exit(9) #'''\n\\u0022 {{x}} $(exit 9)`;
    const outcome = await bench.python(
      `result = ctx["params"]["text"]  # ''' """ ); $(exit 9)`,
      {},
      { params: { text } },
    );
    expect(outcome).toEqual({ kind: 'succeeded', output: text });
  });

  it('see env, and no secret of the server', async () => {
    const code =
      'import os\nresult = [os.environ["A"], sorted(k for k in os.environ if "SECRET" in k), ' +
      'open(f"/proc/{os.getppid()}/environ").read().count("c4n4ry"), repr(ctx).count("c4n4ry")]';
    const outcome = await bench.python(code, { env: { A: 'b' } });
    expect(outcome).toEqual({ kind: 'succeeded', output: ['b', [], 0, 0] });
  });

  it('may print as they like: the output is the value', async () => {
    const outcome = await bench.python(
      'import sys\nprint("{\\"fake\\": 1}" * 10000)\nprint("e", file=sys.stderr)\nresult = 1',
    );
    expect(outcome).toEqual({ kind: 'succeeded', output: 1 });
  });

  it('use pickle and dataclasses with classes of their own', async () => {
    const code =
      'import pickle, dataclasses\n@dataclasses.dataclass\nclass Row:\n    a: int\n' +
      'result = dataclasses.asdict(pickle.loads(pickle.dumps(Row(3))))';
    expect(await bench.python(code)).toEqual({ kind: 'succeeded', output: { a: 3 } });
  });
});

describe('python tasks on a machine without python', () => {
  it('fail as interpreter_missing, and shell tasks run', async () => {
    const bench = await Workbench.open({ pythonCommand: 'no-such-python' });
    expect(await bench.python('1')).toMatchObject({ kind: 'failed', error: { code: 'interpreter_missing' } });
    expect(await bench.shell('true')).toMatchObject({ kind: 'succeeded' });
    await bench.close();
  });
});
