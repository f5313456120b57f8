import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type IdempotencyKey, IdempotencyKeyStore } from '../../../src/persistence/idempotency-key.store.js';
import {
  createDag,
  createEngine,
  type EngineUnderTest,
  expectConsistent,
  noop,
} from '../../support/engine.js';
import { closeEngines, holdRows, joinEngines, range } from './contention.js';

let engines: EngineUnderTest[];
let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await createEngine();
  engines = await joinEngines(engine, 3);
}, 60_000);
afterAll(async () => await closeEngines(engines));

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

function keyOf(key: string, body = 'body'): IdempotencyKey {
  return { route: 'POST /jobs', caller: 'anonymous', digest: sha256(key), fingerprint: sha256(body) };
}

async function start(through: EngineUnderTest, dagId: number, key?: IdempotencyKey) {
  return await through.startJobs.start({ dagId, trigger: 'manual', key });
}

async function runIdsOf(dagId: number): Promise<string[]> {
  const jobs = await engine.rows<{ run_id: string }>('SELECT run_id FROM jobs WHERE dag_id = $1', [dagId]);
  return jobs.map((job) => job.run_id);
}

describe('Twelve starts with one key', () => {
  it('in one batch make one job, and the others are told which', async () => {
    const dagId = await createDag(engine, [noop('a'), noop('b', ['a'])]);
    const key = keyOf(randomUUID());
    const answers = await Promise.all(range(12).map(async () => await start(engine, dagId, key)));
    const [runId, ...more] = await runIdsOf(dagId);
    expect(more).toEqual([]);
    expect(answers.filter((answer) => answer.kind === 'started')).toEqual([
      expect.objectContaining({ runId }),
    ]);
    expect(answers.filter((answer) => answer.kind === 'replayed')).toEqual(
      range(11).map(() => ({ kind: 'replayed', resource: runId })),
    );
    await expectConsistent(engine, runId);
  });

  it('through three processes, again and again, make one job each time', async () => {
    for (const round of range(20)) {
      const dagId = await createDag(engine, [noop('a')]);
      const key = keyOf(`round-${round}-${randomUUID()}`);
      const answers = await Promise.all(range(12).map(async (n) => await start(engines[n % 3], dagId, key)));
      const [runId, ...more] = await runIdsOf(dagId);
      expect(more).toEqual([]);
      expect(answers.filter((answer) => answer.kind === 'started')).toHaveLength(1);
      for (const answer of answers)
        expect([
          expect.objectContaining({ kind: 'started', runId }),
          { kind: 'replayed', resource: runId },
          { kind: 'key_in_progress' },
        ]).toContainEqual(answer);
      expect(await start(engines[2], dagId, key)).toEqual({ kind: 'replayed', resource: runId });
    }
  });

  it('beside keys in the opposite order make no deadlock and no second job', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const keys = range(40).map((n) => keyOf(`opposite-${n}`));
    const through = async (one: EngineUnderTest, order: IdempotencyKey[]) =>
      await Promise.all(order.map(async (key) => await start(one, dagId, key)));
    await Promise.all([through(engines[0], keys), through(engines[1], keys.toReversed())]);
    expect(await runIdsOf(dagId)).toHaveLength(40);
  });
});

describe('A key', () => {
  it('that a transaction of another process holds is in progress, and holds nobody up', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const other = await createDag(engine, [noop('a')]);
    const key = keyOf(randomUUID());
    // Its job refers to the version, so the first start waits with its key in hand.
    const held = await holdRows(engine, 'SELECT 1 FROM dag_versions WHERE dag_id = $1', [dagId]);
    const first = start(engines[1], dagId, key);
    await held.untilWaiting(1);
    const [second, neighbour] = await Promise.all([start(engine, dagId, key), start(engine, other)]);
    expect(second).toEqual({ kind: 'key_in_progress' });
    expect(neighbour.kind).toBe('started');
    await held.release();
    expect((await first).kind).toBe('started');
    expect((await start(engine, dagId, key)).kind).toBe('replayed');
  });

  it('with another body is refused, in the same batch and later', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const key = randomUUID();
    const [first, second] = await Promise.all([
      start(engine, dagId, keyOf(key, 'one')),
      start(engine, dagId, keyOf(key, 'two')),
    ]);
    expect([first.kind, second.kind].sort()).toEqual(['key_reused', 'started']);
    const winner = first.kind === 'started' ? 'two' : 'one';
    expect(await start(engines[1], dagId, keyOf(key, winner))).toEqual({ kind: 'key_reused' });
    expect(await runIdsOf(dagId)).toHaveLength(1);
  });

  it('of another route or another caller is another key', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const key = keyOf(randomUUID());
    const kinds = await Promise.all(
      [key, { ...key, route: 'POST /elsewhere' }, { ...key, caller: 'somebody' }].map(
        async (one) => (await start(engine, dagId, one)).kind,
      ),
    );
    expect(kinds).toEqual(['started', 'started', 'started']);
  });

  it('of a refused start is not remembered', async () => {
    const key = keyOf(randomUUID());
    expect(await start(engine, 2_000_000_000, key)).toEqual({ kind: 'no_such_dag' });
    const dagId = await createDag(engine, [noop('a')]);
    expect((await start(engine, dagId, key)).kind).toBe('started');
  });

  it('finds its job when the DAG has been deleted since', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const key = keyOf(randomUUID());
    await start(engine, dagId, key);
    await engine.rows('UPDATE dags SET deleted_at = now() WHERE id = $1', [dagId]);
    const [runId] = await runIdsOf(dagId);
    expect(await start(engines[1], dagId, key)).toEqual({ kind: 'replayed', resource: runId });
    expect(await start(engines[1], dagId, { ...key, fingerprint: sha256('other') })).toEqual({
      kind: 'key_reused',
    });
  });

  it('beside starts without one concerns itself only', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const key = keyOf(randomUUID());
    const answers = await Promise.all([
      start(engine, dagId),
      start(engine, dagId, key),
      start(engine, dagId),
      start(engine, dagId, key),
      start(engine, 2_000_000_000),
    ]);
    const kinds = answers.map((answer) => answer.kind);
    expect(kinds.filter((kind) => kind === 'started')).toHaveLength(3);
    expect([kinds[0], kinds[2], kinds[4]]).toEqual(['started', 'started', 'no_such_dag']);
  });
});

describe('After a day a key', () => {
  const expire = async (key: IdempotencyKey): Promise<void> => {
    await engine.rows(
      `UPDATE idempotency_keys SET expires_at = expires_at - interval '24 hours' WHERE key_digest = $1`,
      [key.digest],
    );
  };

  it('counts as new, whatever its body, and is remembered again', async () => {
    const dagId = await createDag(engine, [noop('a')]);
    const name = randomUUID();
    const [key, other] = [keyOf(name), keyOf(name, 'other body')];
    await start(engine, dagId, key);
    await expire(key);
    const again = await start(engine, dagId, other);
    expect(again.kind).toBe('started');
    expect(await start(engine, dagId, other)).toMatchObject({ kind: 'replayed' });
    expect(await start(engine, dagId, key)).toEqual({ kind: 'key_reused' });
    expect(await runIdsOf(dagId)).toHaveLength(2);
  });

  it('is forgotten, and one that is younger is not', async () => {
    const store = new IdempotencyKeyStore(engine.database);
    await store.forgetExpired();
    const dagId = await createDag(engine, [noop('a')]);
    const keys = range(3).map(() => keyOf(randomUUID()));
    for (const key of keys) await start(engine, dagId, key);
    await expire(keys[0]);
    await expire(keys[1]);
    expect(await store.forgetExpired()).toBe(2);
    expect(await store.forgetExpired()).toBe(0);
    expect((await start(engine, dagId, keys[2])).kind).toBe('replayed');
    expect((await start(engine, dagId, keys[0])).kind).toBe('started');
  });

  it('is forgotten however many there are', async () => {
    const store = new IdempotencyKeyStore(engine.database);
    await engine.rows(
      `INSERT INTO idempotency_keys SELECT 'POST /jobs', 'anonymous', int4send(n), 'x', 'x', now() - interval '1 second'
       FROM generate_series(1, 2500) n`,
    );
    expect(await store.forgetExpired()).toBe(2_500);
  });
});
