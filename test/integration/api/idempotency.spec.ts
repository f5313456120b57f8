import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { DlqModule } from '../../../src/dlq/dlq.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { eventually } from '../../support/eventually.js';
import { type ApiApplication, startApi } from './api-application.js';
import { StandInWorker } from './stand-in-worker.js';

let api: ApiApplication;
/** Another process of the same installation. */
let other: ApiApplication;
let client: pg.Client;
let worker: StandInWorker;

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, DlqModule]);
  other = await startApi([DagsModule, JobsModule, DlqModule], {}, undefined, async () => api.database.url);
  worker = await StandInWorker.register(api.app);
  client = new pg.Client({ connectionString: api.database.url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client.end();
  await other.close();
  await api.close();
});

const post = (path: string, key: string, body: object, through = api) =>
  request(through.app.getHttpServer()).post(path).set('Idempotency-Key', key).send(body);
const http = () => request(api.app.getHttpServer());

let serial = 0;
const definition = () => ({ name: `dag-${(serial += 1)}`, tasks: [{ name: 'a', task_type: 'noop' }] });
const createDag = async (): Promise<number> =>
  (await http().post('/dags').send(definition()).expect(201)).body.id;
const jobsOf = async (dagId: number): Promise<number> =>
  (await http().get('/jobs').query({ dag_id: dagId }).expect(200)).body.items.length;
const digestOf = (key: string): string => createHash('sha256').update(key).digest('hex');

async function expire(key: string): Promise<void> {
  await client.query(`UPDATE idempotency_keys SET expires_at = now() WHERE key_digest = decode($1, 'hex')`, [
    digestOf(key),
  ]);
}

describe('POST /jobs with a key', () => {
  test('sent again answers the same job as it is now, and says so', async () => {
    const dagId = await createDag();
    const [key, body] = [randomUUID(), { dag_id: dagId, params: { a: 1, b: [2] } }];
    const first = await post('/jobs', key, body).expect(201);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    const again = await post('/jobs', key, body, other).expect(200);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.headers.location).toBe(first.headers.location);
    expect(again.body).toEqual(first.body);

    await http().post(`/jobs/${first.body.run_id}/cancel`).expect(200);
    const later = await post('/jobs', key, body).expect(200);
    expect(later.body).toMatchObject({ run_id: first.body.run_id, status: 'cancelled' });
    expect(await jobsOf(dagId)).toBe(1);
  });

  test('does not mind the order of fields and the spaces of the body', async () => {
    const dagId = await createDag();
    const key = randomUUID();
    const text = (body: string) =>
      http().post('/jobs').set('Idempotency-Key', key).set('Content-Type', 'application/json').send(body);
    await text(`{"dag_id":${dagId},"params":{"a":{"x":1,"y":2},"b":1.0}}`).expect(201);
    await text(`{ "params": {"b": 1, "a": {"y": 2, "x": 1}}, "dag_id": ${dagId} }`).expect(200);
    await text(`{"dag_id":${dagId},"params":{"a":{"x":2,"y":1},"b":1}}`).expect(422);
  });

  test('and another body is refused', async () => {
    const dagId = await createDag();
    const key = randomUUID();
    await post('/jobs', key, { dag_id: dagId }).expect(201);
    const { body } = await post('/jobs', key, { dag_id: dagId, priority: 'low' }, other).expect(422);
    expect(body.code).toBe('idempotency_key_reused');
    expect(JSON.stringify(body)).not.toContain(key);
    expect(await jobsOf(dagId)).toBe(1);
  });

  test('sent twelve times at once to two processes makes one job', async () => {
    for (let round = 0; round < 5; round += 1) {
      const dagId = await createDag();
      const key = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) => post('/jobs', key, { dag_id: dagId }, n % 2 ? api : other)),
      );
      const made = answers.filter((answer) => answer.status === 201);
      expect(made).toHaveLength(1);
      for (const answer of answers.filter((one) => one.status !== 201)) {
        if (answer.status === 409) {
          expect(answer.body.code).toBe('request_in_progress');
          expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        } else {
          expect(answer.status).toBe(200);
          expect(answer.body.run_id).toBe(made[0].body.run_id);
        }
      }
      expect(await jobsOf(dagId)).toBe(1);
    }
  });

  test('while the first one is still being decided is a 409 that says when to come back', async () => {
    const dagId = await createDag();
    const key = randomUUID();
    // Its job refers to the version, so the first request waits with its key in hand.
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM dag_versions WHERE dag_id = $1 FOR UPDATE', [dagId]);
    const first = post('/jobs', key, { dag_id: dagId }, other).then((answer) => answer);
    await eventually(async () => {
      const { rows } = await client.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(rows).toHaveLength(1);
    });
    const second = await post('/jobs', key, { dag_id: dagId });
    expect({ status: second.status, code: second.body.code, after: second.headers['retry-after'] }).toEqual({
      status: 409,
      code: 'request_in_progress',
      after: '1',
    });
    await client.query('COMMIT');
    expect((await first).status).toBe(201);
    await post('/jobs', key, { dag_id: dagId }).expect(200);
  });

  test('that was refused is not remembered', async () => {
    const key = randomUUID();
    await post('/jobs', key, { dag_id: 2_000_000_000 }).expect(404);
    await post('/jobs', key, { dag_id: 'one' }).expect(422);
    const dagId = await createDag();
    await post('/jobs', key, { dag_id: dagId }).expect(201);
  });

  test('answers with its job when the DAG has been deleted since', async () => {
    const dagId = await createDag();
    const key = randomUUID();
    const first = await post('/jobs', key, { dag_id: dagId }).expect(201);
    await http().delete(`/dags/${dagId}`).expect(204);
    const again = await post('/jobs', key, { dag_id: dagId }).expect(200);
    expect(again.body).toMatchObject({ run_id: first.body.run_id, status: 'cancelled' });
  });

  test('is new again after a day', async () => {
    const dagId = await createDag();
    const key = randomUUID();
    await post('/jobs', key, { dag_id: dagId }).expect(201);
    const { rows } = await client.query(
      `SELECT round(extract(epoch FROM expires_at - now()) / 3600)::int AS hours FROM idempotency_keys
       WHERE key_digest = decode($1, 'hex')`,
      [digestOf(key)],
    );
    expect(rows).toEqual([{ hours: 24 }]);
    await expire(key);
    await post('/jobs', key, { dag_id: dagId, params: { other: true } }).expect(201);
    expect(await jobsOf(dagId)).toBe(2);
  });
});

describe('POST /dags with a key', () => {
  test('sent again answers the same DAG as it is now', async () => {
    const [key, body] = [randomUUID(), definition()];
    const first = await post('/dags', key, body).expect(201);
    const again = await post('/dags', key, body, other).expect(200);
    expect(again.body).toEqual(first.body);
    expect(again.headers).toMatchObject({
      'idempotent-replayed': 'true',
      location: first.headers.location,
      etag: first.headers.etag,
    });
    await http().post(`/dags/${first.body.id}/pause`).expect(200);
    expect((await post('/dags', key, body).expect(200)).body.is_paused).toBe(true);
  });

  test('and another body is refused', async () => {
    const key = randomUUID();
    await post('/dags', key, definition()).expect(201);
    const { body } = await post('/dags', key, definition()).expect(422);
    expect(body.code).toBe('idempotency_key_reused');
  });

  test('sent twelve times at once to two processes makes one DAG, and no name is taken', async () => {
    const [key, body] = [randomUUID(), definition()];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => post('/dags', key, body, n % 2 ? api : other)),
    );
    const made = answers.filter((answer) => answer.status === 201);
    expect(made).toHaveLength(1);
    for (const answer of answers)
      if (answer.status === 409) expect(answer.body.code).toBe('request_in_progress');
      else expect(answer.body.id).toBe(made[0].body.id);
    expect((await http().get('/dags').query({ name: body.name })).body.items).toHaveLength(1);
  });

  test('that was refused is not remembered', async () => {
    const [key, body] = [randomUUID(), definition()];
    const taken = (await http().post('/dags').send(body).expect(201)).body;
    expect((await post('/dags', key, body).expect(409)).body.code).toBe('dag_name_taken');
    await http().delete(`/dags/${taken.id}`).expect(204);
    await post('/dags', key, { ...body, tasks: [] }).expect(422);
    await post('/dags', key, body).expect(201);
  });

  test('whose DAG has been deleted says so instead of making another', async () => {
    const [key, body] = [randomUUID(), definition()];
    const { id } = (await post('/dags', key, body).expect(201)).body;
    await http().delete(`/dags/${id}`).expect(204);
    expect((await post('/dags', key, body).expect(409)).body.code).toBe('dag_deleted');
  });

  test('is another key than the same one at another route', async () => {
    const key = randomUUID();
    const dag = await post('/dags', key, definition()).expect(201);
    await post('/jobs', key, { dag_id: dag.body.id }).expect(201);
  });

  test('is new again after a day', async () => {
    const key = randomUUID();
    await post('/dags', key, definition()).expect(201);
    await expire(key);
    await post('/dags', key, definition()).expect(201);
  });
});

describe('POST /jobs/{run_id}/rerun with a key', () => {
  /** A job whose only task has failed for good, and its DAG. */
  const failed = async (): Promise<{ dagId: number; runId: string }> => {
    const dagId = await createDag();
    const { run_id: runId } = (await http().post('/jobs').send({ dag_id: dagId }).expect(201)).body;
    await worker.fail(runId, 0);
    return { dagId, runId };
  };

  test('sent again answers the same job, even when the original has been replayed or its DAG deleted', async () => {
    const { dagId, runId } = await failed();
    const [key, path, body] = [randomUUID(), `/jobs/${runId}/rerun`, { from: 'failed' }];
    const first = await post(path, key, body).expect(201);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    const again = await post(path, key, body, other).expect(200);
    expect(again.headers).toMatchObject({
      'idempotent-replayed': 'true',
      location: first.headers.location,
    });
    expect(again.body).toEqual(first.body);

    const entries = await http().get('/workers/dlq/entries').query({ dag_id: dagId }).expect(200);
    await http().post(`/workers/dlq/${entries.body.items[0].id}/replay`).expect(200);
    await post(path, randomUUID(), body).expect(409);
    expect((await post(path, key, body).expect(200)).body.run_id).toBe(first.body.run_id);
    await http().delete(`/dags/${dagId}`).expect(204);
    expect((await post(path, key, body).expect(200)).body).toMatchObject({
      run_id: first.body.run_id,
      status: 'cancelled',
    });
    expect(await jobsOf(dagId)).toBe(2);
  });

  test('and another body is refused', async () => {
    const { dagId, runId } = await failed();
    const key = randomUUID();
    await post(`/jobs/${runId}/rerun`, key, { from: 'failed' }).expect(201);
    const { body } = await post(`/jobs/${runId}/rerun`, key, { from: 'start' }, other).expect(422);
    expect(body.code).toBe('idempotency_key_reused');
    expect(await jobsOf(dagId)).toBe(2);
  });

  test('is another key than the same one at another job', async () => {
    const [one, two] = [await failed(), await failed()];
    const key = randomUUID();
    await post(`/jobs/${one.runId}/rerun`, key, { from: 'failed' }).expect(201);
    await post(`/jobs/${two.runId}/rerun`, key, { from: 'failed' }).expect(201);
  });

  test('sent twelve times at once to two processes makes one job', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { dagId, runId } = await failed();
      const key = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) =>
          post(`/jobs/${runId}/rerun`, key, { from: 'start' }, n % 2 ? api : other),
        ),
      );
      const made = answers.filter((answer) => answer.status === 201);
      expect(made).toHaveLength(1);
      for (const answer of answers.filter((one) => one.status !== 201))
        if (answer.status === 409) expect(answer.body.code).toBe('request_in_progress');
        else expect([answer.status, answer.body.run_id]).toEqual([200, made[0].body.run_id]);
      expect(await jobsOf(dagId)).toBe(2);
    }
  });

  test('that was refused is not remembered', async () => {
    const dagId = await createDag();
    const { run_id: runId } = (await http().post('/jobs').send({ dag_id: dagId }).expect(201)).body;
    const [key, path] = [randomUUID(), `/jobs/${runId}/rerun`];
    expect((await post(path, key, { from: 'start' }).expect(409)).body.code).toBe('job_not_ended');
    await post(path, key, { from: ['nobody'] }).expect(422);
    await worker.succeed(runId, 0);
    expect((await post(path, key, { from: 'failed' })).body.code).toBe('nothing_to_rerun');
    await post(path, key, { from: 'start' }).expect(201);
    expect(await jobsOf(dagId)).toBe(2);
  });
});

describe('a key', () => {
  test.each([
    ['nothing', ''],
    ['a space', 'two words'],
    ['a tab', 'a\tb'],
    ['256 characters', 'x'.repeat(256)],
    ['letters beyond ASCII', 'schl\u00fcssel'],
  ])('of %s is refused in plain words, without being repeated', async (_what, key) => {
    const dagId = await createDag();
    for (const [path, body] of [
      ['/jobs', { dag_id: dagId }],
      ['/dags', definition()],
    ] as const) {
      const answer = await post(path, key, body).expect(422);
      expect(answer.body.code).toBe('idempotency_key_invalid');
      expect(answer.body.detail).toMatch(/1 to 255 visible ASCII/);
      if (key !== '') expect(JSON.stringify(answer.body)).not.toContain(key);
    }
    expect(await jobsOf(dagId)).toBe(0);
  });

  test('that comes twice in one request is refused', async () => {
    const answer = await http()
      .post('/jobs')
      .set('Idempotency-Key', ['a', 'b'] as unknown as string)
      .send({ dag_id: await createDag() });
    expect(answer.body.code).toBe('idempotency_key_invalid');
  });

  test('of 255 characters of any visible kind is fine', async () => {
    const key = `"${randomUUID()}"!~\\,;=`.padEnd(255, '#');
    const dagId = await createDag();
    await post('/jobs', key, { dag_id: dagId }).expect(201);
    await post('/jobs', key, { dag_id: dagId }).expect(200);
  });

  test('is stored nowhere in plain text', async () => {
    const key = `secret-${randomUUID()}`;
    await post('/jobs', key, { dag_id: await createDag() }).expect(201);
    const { rows } = await client.query(
      `SELECT 1 FROM idempotency_keys k WHERE k::text LIKE $1 OR encode(key_digest, 'escape') LIKE $1`,
      [`%${key}%`],
    );
    expect(rows).toEqual([]);
  });

  test('is never logged, whatever goes wrong with its request', async () => {
    const key = `secret-${randomUUID()}`;
    const lines: string[] = [];
    const keep = (...parts: unknown[]) => void lines.push(parts.map(String).join(' '));
    Logger.overrideLogger({ log: keep, warn: keep, error: keep, debug: keep, verbose: keep, fatal: keep });
    await client.query('ALTER TABLE idempotency_keys ADD CONSTRAINT no_more CHECK (false) NOT VALID');
    try {
      const answers = [
        await post('/jobs', key, { dag_id: await createDag() }),
        await post('/dags', key, definition()),
      ];
      for (const answer of answers) {
        expect(answer.status).toBe(500);
        expect(JSON.stringify(answer.body)).not.toContain(key);
      }
    } finally {
      await client.query('ALTER TABLE idempotency_keys DROP CONSTRAINT no_more');
      Logger.overrideLogger(false);
    }
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(lines.join('\n')).not.toContain(key);
    expect(lines.join('\n')).not.toContain(digestOf(key));
  });
});

describe.each(['replay', 'resolve'])('POST /workers/dlq/%s with a key', (kind) => {
  const path = `/workers/dlq/${kind}`;
  const operationsOf = async (dagId: number): Promise<number> => {
    const { rows } = await client.query(
      `SELECT 1 FROM dlq_operations WHERE kind = $1 AND (filter ->> 'dag_id')::int = $2`,
      [kind, dagId],
    );
    return rows.length;
  };

  test('sent twelve times at once to two processes makes one operation', async () => {
    const dagId = await createDag();
    const [key, body] = [randomUUID(), { filter: { dag_id: dagId }, rate: 5 }];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => post(path, key, body, n % 2 ? api : other)),
    );
    const made = answers.filter((answer) => answer.status === 202);
    expect(made).toHaveLength(1);
    for (const answer of answers)
      if (answer.status === 409) expect(answer.body.code).toBe('request_in_progress');
      else expect(answer.body.id).toBe(made[0].body.id);
    const again = await post(path, key, body, other).expect(200);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.headers.location).toBe(made[0].headers.location);
    expect(again.body).toEqual(made[0].body);
    expect((await post(path, key, { ...body, rate: 6 }).expect(422)).body.code).toBe(
      'idempotency_key_reused',
    );
    expect(await operationsOf(dagId)).toBe(1);
  });

  test('is not used up by a dry run or a refusal', async () => {
    const dagId = await createDag();
    const [key, body] = [randomUUID(), { filter: { dag_id: dagId } }];
    await post(path, key, { ...body, dry_run: true }).expect(200);
    await post(path, key, { filter: {} }).expect(422);
    await post(path, key, body).expect(202);
    expect(await operationsOf(dagId)).toBe(1);
  });
});

test('the document knows the key and what it leads to', async () => {
  const { paths } = (await http().get('/openapi.json').expect(200)).body;
  for (const path of [
    '/jobs',
    '/dags',
    '/jobs/{run_id}/rerun',
    '/workers/dlq/replay',
    '/workers/dlq/resolve',
  ]) {
    const { parameters, responses } = paths[path].post;
    expect(parameters).toContainEqual(
      expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: false }),
    );
    expect(responses['200'].headers).toHaveProperty('Idempotent-Replayed');
    expect(responses['409'].description).toContain('request_in_progress');
    for (const code of ['validation_failed', 'idempotency_key_reused', 'idempotency_key_invalid'])
      expect(responses['422'].description).toContain(`\`${code}\``);
  }
});
