import type { AttemptWork } from '../../../src/executors/executor.js';
import { AttemptDirectory } from '../../../src/executors/host/attempt-directory.js';
import type { HostSettings } from '../../../src/executors/host/protocol.js';
import { BadEnvironment, environmentOf } from '../../../src/executors/host/task-environment.js';

const settings: HostSettings = {
  hostId: 'host',
  directory: '/work/host',
  killGraceSeconds: 1,
  environment: { PATH: '/bin', LANG: 'C.UTF-8' },
  taskUser: null,
  logMaxBytes: null,
};

function environment(env: AttemptWork['config'], rest: Partial<AttemptWork> = {}): Record<string, string> {
  const work: AttemptWork = {
    attemptId: 'run.0.1',
    runId: 'run',
    dagName: 'dag',
    taskName: 'task',
    taskType: 'shell',
    attempt: 1,
    config: { env },
    params: { a: 1 },
    inputs: { up: [2] },
    scheduledFor: null,
    timeoutSeconds: 1,
    ...rest,
  };
  return environmentOf(work, settings, new AttemptDirectory(settings, work.attemptId));
}

describe('the environment of a task', () => {
  it('is the inherited few, its own directory, and the context', () => {
    expect(environment({})).toEqual({
      PATH: '/bin',
      LANG: 'C.UTF-8',
      HOME: '/work/host/run.0.1',
      TMPDIR: '/work/host/run.0.1',
      DTS_RUN_ID: 'run',
      DTS_DAG: 'dag',
      DTS_TASK: 'task',
      DTS_ATTEMPT: '1',
      DTS_PARAMS: '{"a":1}',
      DTS_INPUTS: '{"up":[2]}',
      DTS_SCHEDULED_FOR: '',
      DTS_CTX: '/work/host/run.0.1/.dts/ctx.json',
      DTS_OUTPUT: '/work/host/run.0.1/.dts/output.json',
      DTS_COOKIE: 'host/run.0.1',
    });
  });

  it('takes variables of the task over the inherited, but no DTS_ variable', () => {
    const variables = environment({ PATH: '/opt', DTS_COOKIE: 'x', DTS_FOO: 'y' });
    expect(variables).toMatchObject({ PATH: '/opt', DTS_COOKIE: 'host/run.0.1' });
    expect(variables).not.toHaveProperty('DTS_FOO');
  });

  it('writes values that a template made: JSON, but text as it is and null as nothing', () => {
    const values = { T: 'a "b"', N: 1.5, B: false, O: { a: [1] }, Z: null };
    expect(environment(values)).toMatchObject({ T: 'a "b"', N: '1.5', B: 'false', O: '{"a":[1]}', Z: '' });
  });

  it('leaves out params and inputs that are large', () => {
    const variables = environment({}, { params: 'x'.repeat(70_000), inputs: { up: 'y'.repeat(70_000) } });
    expect(variables).not.toHaveProperty('DTS_PARAMS');
    expect(variables).not.toHaveProperty('DTS_INPUTS');
  });

  it.each([
    [{ 'A=B': '1' }, 'name'],
    [{ '': '1' }, 'name'],
    [{ A: 'a\0b' }, 'NUL'],
    [{ A: 'x'.repeat(131_070) }, '131071'],
    [
      Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`V${index}`, 'x'.repeat(110_000)])),
      'env has',
    ],
  ])('refuses what no process can get', (env, words) => {
    expect(() => environment(env)).toThrow(BadEnvironment);
    expect(() => environment(env)).toThrow(words);
  });
});
