import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/domain/json.js';
import {
  claimAll,
  createDag,
  createEngine,
  type EngineUnderTest,
  expectConsistent,
  failure,
  noop,
  startJob,
  statusesOf,
  statusOf,
  SUCCESS,
} from '../../support/engine.js';

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(async () => await engine.close());

async function finishedWith(
  output: Json,
): Promise<{ runId: string; task: { status: string; output: Json; code: string | null } }> {
  const runId = await startJob(engine, [noop('a')]);
  const [claim] = await claimAll(engine);
  expect(await engine.finishTasks.finish(claim, { kind: 'succeeded', output })).toBe('accepted');
  const [task] = await engine.rows<{ status: string; output: Json; code: string | null }>(
    `SELECT status, output, error ->> 'code' AS code FROM tasks WHERE run_id = $1`,
    [runId],
  );
  await expectConsistent(engine, runId);
  return { runId, task };
}

describe('An output', () => {
  it('is stored without NUL and lone surrogates, keys included', async () => {
    const { task } = await finishedWith({
      'k\0ey': 'a\0b',
      high: 'x\ud800y',
      low: ['\udc00'],
      pair: '😀',
      text: '\\u0000',
    });
    expect(task.output).toEqual({ key: 'ab', high: 'xy', low: [''], pair: '😀', text: '\\u0000' });
  });

  it.each<[string, Json]>([
    ['null', null],
    ['false', false],
    ['zero', 0],
    ['an empty text', ''],
    ['an empty object', {}],
    ['a huge number', 1.7976931348623157e308],
    ['a tiny number', 5e-324],
    ['a key that is a prototype', JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as Json],
  ])('that is %s is stored as it is', async (_what, output) => {
    const { task } = await finishedWith(output);
    expect(JSON.stringify(task.output)).toBe(JSON.stringify(output));
  });

  it('of 2 MiB fails the task for good with output_too_large', async () => {
    const { runId, task } = await finishedWith('x'.repeat(2 * 1_048_576));
    expect(task).toEqual({ status: 'failed', output: null, code: 'output_too_large' });
    expect(await statusOf(engine, runId)).toBe('failed');
    expect(
      await engine.rows(`SELECT error ->> 'code' AS code FROM dlq_entries WHERE run_id = $1`, [runId]),
    ).toEqual([{ code: 'output_too_large' }]);
  });

  it('of just under 1 MiB is stored', async () => {
    const { task } = await finishedWith('x'.repeat(1_048_574));
    expect(task.status).toBe('succeeded');
  });

  it('that is nested too deeply fails the task', async () => {
    let output: Json = [];
    for (let depth = 0; depth < 20_000; depth += 1) output = [output];
    const { task } = await finishedWith(output);
    expect(task).toMatchObject({ status: 'failed', code: 'output_too_deep' });
  });

  it('that cannot be stored does not fail its neighbours in the batch', async () => {
    const runId = await startJob(engine, [noop('a'), noop('b'), noop('c')]);
    const claims = await claimAll(engine);
    const answers = await Promise.all(
      claims.map(async (claim, index) => {
        const output = index === 1 ? 'x'.repeat(2 * 1_048_576) : index;
        return await engine.finishTasks.finish(claim, { kind: 'succeeded', output });
      }),
    );
    expect(answers).toEqual(['accepted', 'accepted', 'accepted']);
    expect(await statusesOf(engine, runId)).toEqual({ a: 'succeeded', b: 'failed', c: 'succeeded' });
    await expectConsistent(engine, runId);
  });
});

describe('An error', () => {
  it('is stored clean and cut to size', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const [claim] = await claimAll(engine);
    const error = {
      code: 'exit\0code',
      message: `\ud800${'m'.repeat(100_000)}`,
      retryable: false,
      details: { 'a\0': '\udc00' },
    };
    expect(await engine.finishTasks.finish(claim, { kind: 'failed', error })).toBe('accepted');
    const [task] = await engine.rows<{ error: { code: string; message: string; details: Json } }>(
      'SELECT error FROM tasks WHERE run_id = $1',
      [runId],
    );
    expect(task.error).toMatchObject({ code: 'exitcode', details: { a: '' } });
    expect(Buffer.byteLength(task.error.message)).toBeLessThanOrEqual(1_024);
    await expectConsistent(engine, runId);
  });
});

describe('The parameters of a job', () => {
  it('are stored as they are, without NUL and lone surrogates, whatever their keys', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const text =
      '{"__proto__": {"polluted": true}, "constructor": null, "toString": "\\u0000x\\ud800", "": [1e300]}';
    const answer = await engine.startJobs.start({
      dagId,
      trigger: 'manual',
      params: JSON.parse(text) as Json,
    });
    if (answer.kind !== 'started') throw new Error(answer.kind);
    const [job] = await engine.rows<{ params: string }>('SELECT params::text FROM jobs WHERE run_id = $1', [
      answer.runId,
    ]);
    const stored = JSON.parse(job.params) as { [key: string]: Json };
    expect(Object.entries(stored).sort()).toEqual([
      ['', [1e300]],
      ['__proto__', { polluted: true }],
      ['constructor', null],
      ['toString', 'x'],
    ]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    engine.queue.take();
  });

  it('that cannot be stored do not fail the jobs started beside them', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const answers = await Promise.allSettled([
      engine.startJobs.start({ dagId, trigger: 'manual' }),
      engine.startJobs.start({ dagId, trigger: 'magic' as 'manual' }),
      engine.startJobs.start({ dagId, trigger: 'manual' }),
      engine.startJobs.start({ dagId: 2_000_000_000, trigger: 'manual' }),
    ]);
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.kind : 'refused'))).toEqual([
      'started',
      'refused',
      'started',
      'no_such_dag',
    ]);
    engine.queue.take();
  });
});

describe('The output of a resolve', () => {
  it('is stored clean', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const [claim] = await claimAll(engine);
    await engine.finishTasks.finish(claim, failure(false));
    const [{ id }] = await engine.rows<{ id: number }>('SELECT id FROM dlq_entries WHERE run_id = $1', [
      runId,
    ]);
    expect(await engine.replayTasks.resolve(id, 'tester', null, { 'k\0': '\ud800' })).toBe('done');
    expect(await engine.rows('SELECT output FROM tasks WHERE run_id = $1', [runId])).toEqual([
      { output: { k: '' } },
    ]);
    await expectConsistent(engine, runId);
  });
});

describe('A task that wants no output', () => {
  it('has null for one', async () => {
    const runId = await startJob(engine, [noop('a')]);
    const [claim] = await claimAll(engine);
    await engine.finishTasks.finish(claim, SUCCESS);
    expect(await engine.rows('SELECT output FROM tasks WHERE run_id = $1', [runId])).toEqual([
      { output: null },
    ]);
  });
});
