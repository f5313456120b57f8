import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { EventsModule } from '../../../src/events/events.module.js';
import { HealthModule } from '../../../src/health/health.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { PingStore } from '../../../src/persistence/ping.store.js';
import { SqlDatabase } from '../../../src/persistence/sql-database.js';
import { eventually } from '../../support/eventually.js';
import { readSse } from '../../support/sse.js';
import { type ApiApplication, startApi } from './api-application.js';

const MAX_ACTIVE = 2;
const MAX_WAITING = 3;

let api: ApiApplication;
let direct: pg.Client;

beforeEach(async () => {
  api = await startApi([DagsModule, JobsModule, EventsModule, HealthModule], {
    MAX_ACTIVE_REQUESTS: String(MAX_ACTIVE),
    MAX_WAITING_REQUESTS: String(MAX_WAITING),
  });
  direct = new pg.Client({ connectionString: api.database.url });
  await direct.connect();
}, 60_000);

afterEach(async () => {
  await direct.end();
  await api.close();
});

const http = () => request(api.app.getHttpServer());

function define(name: string): Promise<request.Response> {
  const definition = { name, tasks: [{ name: 'a', task_type: 'noop' }] };
  return Promise.resolve(http().post('/dags').send(definition));
}

/** Resolves when so many statements of the API wait for a lock. */
async function untilHeldUp(count: number): Promise<void> {
  await eventually(async () => {
    const held = await direct.query('SELECT count(*)::int AS some FROM pg_locks WHERE NOT granted');
    expect(held.rows[0].some).toBe(count);
  });
}

test('a crowd that meets a slow database is worked on in part, waits in part, and is sent away in part', async () => {
  await direct.query('BEGIN');
  await direct.query('LOCK TABLE dags IN ACCESS EXCLUSIVE MODE');
  const crowd = Array.from({ length: 9 }, (_, index) => ({
    name: `dag-${index}`,
    answer: define(`dag-${index}`),
  }));
  const sentAway: request.Response[] = [];
  for (const { answer } of crowd)
    void answer.then((response) => {
      if (response.status === 503) sentAway.push(response);
    });
  await untilHeldUp(MAX_ACTIVE);
  await eventually(() => expect(sentAway).toHaveLength(9 - MAX_ACTIVE - MAX_WAITING));
  for (const { body, headers } of sentAway) {
    expect(body).toMatchObject({ code: 'overloaded', status: 503, instance: '/dags', errors: [] });
    expect(['1', '2', '3', '4']).toContain(headers['retry-after']);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  }
  // The process is well, and says so.
  await http().get('/health').expect(200);
  await http().get('/health/live').expect(200);
  await direct.query('COMMIT');

  const answers = await Promise.all(crowd.map(async ({ name, answer }) => ({ name, ...(await answer) })));
  const made = answers.filter(({ status }) => status === 201).map(({ name }) => name);
  expect(made).toHaveLength(MAX_ACTIVE + MAX_WAITING);
  const stored = await direct.query('SELECT name FROM dags ORDER BY name');
  expect(stored.rows.map(({ name }) => name)).toEqual(made.sort());
});

test('streams that run leave room for requests', async () => {
  const { port } = api.app.getHttpServer().address() as AddressInfo;
  const streams = [];
  for (let index = 0; index < MAX_ACTIVE + MAX_WAITING + 1; index += 1)
    streams.push(await readSse(`http://127.0.0.1:${port}/events`));
  try {
    for (const { status } of streams) expect(status).toBe(200);
    expect((await define('beside')).status).toBe(201);
  } finally {
    for (const stream of streams) stream.close();
  }
});

test('questions about health that come together are one round trip to the database, and the next one is another', async () => {
  const asked = jest.spyOn(api.app.get(SqlDatabase, { strict: false }), 'queryInsistently');
  const store = api.app.get(PingStore, { strict: false });
  await Promise.all([store.ping(), store.ping(), store.ping()]);
  expect(asked).toHaveBeenCalledTimes(1);
  await store.ping();
  expect(asked).toHaveBeenCalledTimes(2);
});
