import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import request from 'supertest';
import { WebSocket } from 'ws';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { CLOSE_CODES } from '../../../src/events/close-codes.js';
import { EventsModule } from '../../../src/events/events.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { eventually } from '../../support/eventually.js';
import { readSse } from '../../support/sse.js';
import { type ApiApplication, startApi } from './api-application.js';

const MAX_STREAMS = 3;

let api: ApiApplication;
let isStopped: boolean;
const opened: { close(): unknown }[] = [];

beforeEach(async () => {
  isStopped = false;
  api = await startApi([DagsModule, JobsModule, EventsModule], {
    MAX_EVENT_STREAMS: String(MAX_STREAMS),
    MAX_EVENT_SUBSCRIPTIONS: '2',
    // Whose peer does not answer from one to the next is closed: the test's own end has to, however busy the machine is.
    EVENT_HEARTBEAT_SECONDS: '1',
  });
}, 60_000);
afterEach(async () => {
  for (const connection of opened.splice(0)) connection.close();
  if (!isStopped) await api.close();
});

const http = () => request(api.app.getHttpServer());
const host = () => `127.0.0.1:${(api.app.getHttpServer().address() as AddressInfo).port}`;

async function raw(path = '/ws/jobs', options: { autoPong?: boolean } = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${host()}${path}`, options);
  opened.push(socket);
  await once(socket, 'open');
  return socket;
}

async function sse(path = '/events') {
  const reader = await readSse<unknown>(`http://${host()}${path}`);
  opened.push(reader);
  return reader;
}

/** @returns what the client was told when it was refused */
async function socketIo(): Promise<{ client: Socket; refusal: { code?: string } | null }> {
  const client = io(`http://${host()}/events`, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
  });
  opened.push(client);
  const refusal = await new Promise<{ code?: string } | null>((settle) =>
    client
      .once('connect', () => settle(null))
      .once('connect_error', (error) => settle((error as Error & { data?: { code?: string } }).data ?? {})),
  );
  return { client, refusal };
}

async function startJob(): Promise<string> {
  const name = `d${Math.random()}`.replace('.', '');
  const dag = { name, tasks: [{ name: 'a', task_type: 'noop' }] };
  const { id } = (await http().post('/dags').send(dag).expect(201)).body;
  return (await http().post('/jobs').send({ dag_id: id }).expect(201)).body.run_id;
}

/** What an upgrade was answered with, if not with a socket. */
async function refusedUpgrade(path: string): Promise<{ status: number; headers: object; body: unknown }> {
  const socket = new WebSocket(`ws://${host()}${path}`);
  socket.on('error', () => undefined);
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  return { status: answer.statusCode!, headers: answer.headers, body: JSON.parse(await text(answer)) };
}

describe('the streams of a process', () => {
  test('are no more than configured, over all protocols, and a place is free again when one ends', async () => {
    const [socket, { client, refusal }] = [await raw(), await socketIo()];
    expect(refusal).toBeNull();
    await sse();

    expect(await refusedUpgrade('/ws/jobs')).toMatchObject({
      status: 503,
      headers: { 'content-type': 'application/problem+json', 'retry-after': expect.any(String) },
      body: { code: 'too_many_streams', status: 503, instance: '/ws/jobs' },
    });
    expect((await socketIo()).refusal).toMatchObject({ code: 'too_many_streams' });
    for (const path of ['/events', `/jobs/${await startJob()}/events`]) {
      const answer = await http().get(path).set('Accept', 'text/event-stream').expect(503);
      expect(answer.body).toMatchObject({ code: 'too_many_streams' });
      expect(answer.headers).toHaveProperty('retry-after');
    }

    socket.terminate();
    client.close();
    await eventually(async () => expect((await sse(`/jobs/${await startJob()}/events`)).status).toBe(200));
    await eventually(async () => void (await raw()));
    await refusedUpgrade('/ws/jobs');
  });

  test('that were refused or ended by themselves take no place', async () => {
    const runId = await startJob();
    for (let index = 0; index < 2 * MAX_STREAMS; index += 1) {
      await http().get('/jobs/nonsense/events').set('Accept', 'text/event-stream').expect(404);
      await http().get(`/jobs/${runId}/events?since=99`).set('Accept', 'text/event-stream').expect(422);
      const unknown = await raw('/ws/job/01890000-0000-7000-8000-000000000000');
      expect((await once(unknown, 'close'))[0]).toBe(CLOSE_CODES.unknownJob.code);
    }
    await eventually(async () => expect((await sse()).status).toBe(200));
  });

  test('let one Socket.IO client follow no more jobs than configured', async () => {
    const { client } = await socketIo();
    const runIds = [await startJob(), await startJob(), await startJob()];
    const answers = [];
    for (const runId of runIds) answers.push(await client.emitWithAck('subscribe', { run_id: runId }));
    expect(answers).toEqual([{ ok: true }, { ok: true }, expect.objectContaining({ code: 'rate_limited' })]);
    await client.emitWithAck('unsubscribe', { run_id: runIds[0] });
    expect(await client.emitWithAck('subscribe', { run_id: runIds[2] })).toEqual({ ok: true });
  });
});

describe('a raw socket', () => {
  test('whose peer is dead is closed within two heartbeats, and no other', async () => {
    const [dead, alive] = [await raw('/ws/jobs', { autoPong: false }), await raw()];
    const beganAt = performance.now();
    const [code] = (await once(dead, 'close')) as [number];
    expect(code).toBe(1006);
    expect(performance.now() - beganAt).toBeLessThan(5_000);
    expect(alive.readyState).toBe(WebSocket.OPEN);
  });

  test('that sends more than anybody needs to say is closed', async () => {
    const socket = await raw();
    socket.send('x'.repeat(64 * 1024));
    socket.send('x'.repeat(64 * 1024 + 1));
    expect((await once(socket, 'close'))[0]).toBe(CLOSE_CODES.tooBig.code);
  });

  test('is told with a code of its own why it is closed', async () => {
    const runId = await startJob();
    for (const since of ['x', '-1', '1.5', '9999999999']) {
      const [code, reason] = await once(await raw(`/ws/job/${runId}?since=${since}`), 'close');
      expect([code, String(reason)]).toEqual([CLOSE_CODES.invalid.code, CLOSE_CODES.invalid.reason]);
    }
  });
});

describe('a process that stops', () => {
  test('says goodbye on every stream', async () => {
    const [socket, stream] = [await raw(), await sse()];
    const closed = once(socket, 'close');
    isStopped = true;
    await api.close();
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([CLOSE_CODES.goingAway.code, CLOSE_CODES.goingAway.reason]);
    await stream.ended;
  });
});
