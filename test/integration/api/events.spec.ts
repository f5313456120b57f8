import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { WebSocket } from 'ws';
import { Bus } from '../../../src/bus/bus.js';
import { DagsModule } from '../../../src/dags/dags.module.js';
import type { EventEnvelope } from '../../../src/domain/events.js';
import { EventsModule } from '../../../src/events/events.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { queryRows } from '../../../src/persistence/rows.js';
import { eventually } from '../../support/eventually.js';
import { type ApiApplication, startApi } from './api-application.js';
import { LossyBus } from './lossy-bus.js';
import { StandInWorker } from './stand-in-worker.js';

const bus = new LossyBus();
let api: ApiApplication;
let worker: StandInWorker;
let dagId: number;

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, EventsModule], {}, (builder) =>
    builder.overrideProvider(Bus).useValue(bus),
  );
  worker = await StandInWorker.register(api.app);
  const tasks = Array.from({ length: 4 }, (_, index) => ({
    name: `t${index}`,
    task_type: 'noop',
    dependencies: index === 0 ? [] : [`t${index - 1}`],
  }));
  dagId = (await http().post('/dags').send({ name: 'chain', tasks }).expect(201)).body.id;
}, 60_000);

afterAll(async () => {
  await api.close();
});

const http = () => request(api.app.getHttpServer());
const port = () => (api.app.getHttpServer().address() as AddressInfo).port;

const opened: { close(): unknown }[] = [];
beforeEach(() => {
  bus.lose = () => false;
});
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

interface Message extends Omit<EventEnvelope, 'type'> {
  type: string;
}

interface Reader {
  messages: Message[];
  socket: WebSocket;
  /** Resolves with the close code. */
  closed: Promise<number>;
}

async function read(path: string): Promise<Reader> {
  const socket = new WebSocket(`ws://127.0.0.1:${port()}${path}`);
  opened.push(socket);
  const messages: Message[] = [];
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as Message));
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  return { messages, socket, closed };
}

async function connect(): Promise<{ client: Socket; messages: Message[] }> {
  const client = io(`http://127.0.0.1:${port()}/events`, { transports: ['websocket'], reconnection: false });
  opened.push(client);
  const messages: Message[] = [];
  client.on('event', (message: Message) => messages.push(message));
  await new Promise<void>((resolve, reject) => client.once('connect', resolve).once('connect_error', reject));
  return { client, messages };
}

const startJob = async (): Promise<string> =>
  (await http().post('/jobs').send({ dag_id: dagId }).expect(201)).body.run_id;

/** Runs the tasks from..to of the chain. */
const runTasks = async (runId: string, from: number, to: number): Promise<void> => {
  for (let idx = from; idx <= to; idx += 1) await worker.succeed(runId, idx);
};

const storedEvents = async (runId: string): Promise<Message[]> =>
  (await http().get(`/jobs/${runId}/events?limit=200`).expect(200)).body.items;

describe('the stream of one job', () => {
  test('begins with a snapshot and goes on with each event behind it', async () => {
    const runId = await startJob();
    await runTasks(runId, 0, 0);
    const { messages } = await read(`/ws/job/${runId}`);
    await eventually(() => expect(messages).toHaveLength(1));
    const job = (await http().get(`/jobs/${runId}`).expect(200)).body;
    expect(messages[0]).toEqual({
      seq: expect.any(Number),
      type: 'snapshot',
      run_id: runId,
      dag_id: dagId,
      task: null,
      attempt: null,
      at: expect.any(String),
      data: job,
    });

    await runTasks(runId, 1, 3);
    const stored = await storedEvents(runId);
    await eventually(() => expect(messages.slice(1)).toEqual(stored.slice(messages[0].seq)));
    expect(messages.at(-1)).toMatchObject({ type: 'job.succeeded' });
  });

  test('replays what is behind `since`', async () => {
    const runId = await startJob();
    await runTasks(runId, 0, 3);
    const { messages } = await read(`/ws/job/${runId}?since=2`);
    const stored = await storedEvents(runId);
    await eventually(() => expect(messages.slice(1)).toEqual(stored.slice(2)));
    expect(messages[0].type).toBe('snapshot');
  });

  test('fills the gap of a lost nudge from the table, without doubling anything', async () => {
    const runId = await startJob();
    const { messages } = await read(`/ws/job/${runId}`);
    await eventually(() => expect(messages).toHaveLength(1));
    bus.lose = (nudge) => nudge.kind === 'events';
    await runTasks(runId, 0, 2);
    bus.lose = () => false;
    await runTasks(runId, 3, 3);
    const stored = await storedEvents(runId);
    await eventually(() => expect(messages.slice(1)).toEqual(stored.slice(messages[0].seq)));
  });

  test('catches up after the bus was away although nobody nudges any more', async () => {
    const runId = await startJob();
    const { messages } = await read(`/ws/job/${runId}`);
    await eventually(() => expect(messages).toHaveLength(1));
    bus.lose = (nudge) => nudge.kind === 'events';
    await runTasks(runId, 0, 3);
    bus.reconnect();
    const stored = await storedEvents(runId);
    await eventually(() => expect(messages.slice(1)).toEqual(stored.slice(messages[0].seq)), {
      timeoutMs: 2_000,
    });
  });

  test('finds out by itself, in a while, what every nudge was lost for', async () => {
    const runId = await startJob();
    const { messages } = await read(`/ws/job/${runId}`);
    await eventually(() => expect(messages).toHaveLength(1));
    bus.lose = () => true;
    await runTasks(runId, 0, 3);
    await eventually(() => expect(messages.at(-1)).toMatchObject({ type: 'job.succeeded' }), {
      timeoutMs: 10_000,
    });
  }, 15_000);

  test.each([
    ['/ws/job/01890000-0000-7000-8000-000000000000', 4404],
    ['/ws/job/nonsense', 4404],
    ['/ws/job/%ff', 4404],
  ])('is closed with a code of its own at %s', async (path, code) => {
    const { closed, messages } = await read(path);
    expect(await closed).toBe(code);
    expect(messages).toEqual([]);
  });

  test('is closed when `since` is no number', async () => {
    const runId = await startJob();
    expect(await (await read(`/ws/job/${runId}?since=x`)).closed).toBe(4400);
  });

  test('goes on at the reader’s own pace when there is much to read', async () => {
    const runId = await startJob();
    const { messages, socket } = await read(`/ws/job/${runId}`);
    await eventually(() => expect(messages).toHaveLength(1));
    socket.pause();
    const last = await appendEvents(runId, 24, 1_000_000);
    // Held up by the paused reader, not thrown away for it: what it did not take is still in the table.
    socket.resume();
    await eventually(() => expect(messages.at(-1)?.seq).toBe(last), { timeoutMs: 20_000 });
    expect(seqsOf(messages.slice(1))).toEqual(range(messages[0].seq + 1, last));
  }, 30_000);
});

describe('the stream of all jobs', () => {
  test('shows every event of every job once, from its beginning', async () => {
    const { messages } = await read('/ws/jobs');
    await untilWatching();
    const runIds = [await startJob(), await startJob(), await startJob()];
    await Promise.all(runIds.map((runId) => runTasks(runId, 0, 3)));
    for (const runId of runIds) {
      const stored = await storedEvents(runId);
      await eventually(() => expect(messages.filter((message) => message.run_id === runId)).toEqual(stored));
    }
  });

  test('misses nothing of jobs whose every nudge was lost, and nothing comes twice', async () => {
    const { messages } = await read('/ws/jobs');
    const open = await untilWatching();
    bus.lose = (nudge) => nudge.kind === 'events';
    const young = await startJob();
    await runTasks(open, 0, 3);
    await runTasks(young, 0, 3);
    bus.reconnect();
    const storedYoung = await storedEvents(young);
    await eventually(() =>
      expect(messages.filter((message) => message.run_id === young)).toEqual(storedYoung),
    );
    const storedOpen = await storedEvents(open);
    const shown = messages.filter((message) => message.run_id === open);
    expect(shown).toEqual(storedOpen.slice(storedOpen.length - shown.length));
    expect(shown.at(-1)).toMatchObject({ type: 'job.succeeded' });
    bus.reconnect();
    bus.lose = () => false;
    const next = await startJob();
    await eventually(() => expect(messages).toContainEqual(expect.objectContaining({ run_id: next })));
    expect(messages.filter((message) => message.run_id === young)).toEqual(storedYoung);
  });

  test('passes on what happens to workers', async () => {
    const { messages } = await read('/ws/jobs');
    await untilWatching();
    const event = {
      seq: 0,
      type: 'worker.online',
      run_id: null,
      dag_id: null,
      task: null,
      attempt: null,
      at: new Date().toISOString(),
      data: { worker_id: worker.id },
    } as const;
    bus.publish([{ kind: 'worker', event }]);
    await eventually(() => expect(messages).toContainEqual(event));
  });

  test('drops a reader that takes nothing, with a code that says so, and goes on for the others', async () => {
    const [slow, other] = [await read('/ws/jobs'), await read('/ws/jobs')];
    const runId = await untilWatching();
    slow.socket.pause();
    const last = await appendEvents(runId, 24, 1_000_000);
    await eventually(() => expect(other.messages.at(-1)?.seq).toBe(last), { timeoutMs: 20_000 });
    slow.socket.resume();
    expect(await slow.closed).toBe(4008);
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
    const shown = seqsOf(other.messages.filter((message) => message.run_id === runId));
    expect(shown).toEqual(range(shown[0], last));
  }, 30_000);

  /** Waits until every reader of all jobs is being served. @returns the open job that showed it */
  async function untilWatching(): Promise<string> {
    const runId = await startJob();
    const probe = await read('/ws/jobs');
    await eventually(async () => {
      await appendEvents(runId, 1, 1);
      expect(probe.messages.length).toBeGreaterThan(0);
    });
    probe.socket.close();
    return runId;
  }
});

describe('Socket.IO', () => {
  test('follows one job with a snapshot first, and stops when told', async () => {
    const runId = await startJob();
    const { client, messages } = await connect();
    expect(await client.emitWithAck('subscribe', { run_id: runId })).toEqual({ ok: true });
    expect(await client.emitWithAck('subscribe', { run_id: runId })).toEqual({ ok: true });
    await runTasks(runId, 0, 1);
    const stored = await storedEvents(runId);
    await eventually(() => expect(messages.slice(1)).toEqual(stored.slice(messages[0].seq)));
    expect(messages[0]).toMatchObject({ type: 'snapshot', run_id: runId, data: { status: 'queued' } });

    expect(await client.emitWithAck('unsubscribe', { run_id: runId })).toEqual({ ok: true });
    const seen = messages.length;
    await runTasks(runId, 2, 3);
    expect(await client.emitWithAck('subscribe', { run_id: runId, since: 0 })).toEqual({ ok: true });
    const all = await storedEvents(runId);
    await eventually(() => expect(messages.slice(seen + 1)).toEqual(all));
  });

  test('shows a client that follows one job and all jobs each event once', async () => {
    const runId = await startJob();
    const { client, messages } = await connect();
    await client.emitWithAck('subscribe', {});
    await client.emitWithAck('subscribe', { run_id: runId });
    await runTasks(runId, 0, 3);
    const other = await startJob();
    await eventually(() => expect(messages).toContainEqual(expect.objectContaining({ run_id: other })));
    await eventually(() =>
      expect(messages.filter((message) => message.run_id === runId).at(-1)?.type).toBe('job.succeeded'),
    );
    const seqs = seqsOf(
      messages.filter((message) => message.run_id === runId && message.type !== 'snapshot'),
    );
    expect(new Set(seqs).size).toBe(seqs.length);
  });

  test.each([
    [{ run_id: '01890000-0000-7000-8000-000000000000' }, 'job_not_found'],
    [{ run_id: 'nonsense' }, 'job_not_found'],
    [{ run_id: 5 }, 'validation_failed'],
    [{ run_id: '01890000-0000-7000-8000-000000000000', since: -1 }, 'validation_failed'],
    ['all', 'validation_failed'],
  ])('refuses to subscribe to %j', async (body, code) => {
    const { client } = await connect();
    expect(await client.emitWithAck('subscribe', body)).toEqual({
      ok: false,
      code,
      detail: expect.any(String),
    });
  });
});

describe('the port', () => {
  test.each(['/ws/nope', '/ws', '/dags', '/socket.iox'])(
    'answers an upgrade at %s with 404',
    async (path) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port()}${path}`);
      const [error] = (await once(socket, 'error')) as [Error];
      expect(error.message).toContain('404');
    },
  );
});

const seqsOf = (messages: readonly Message[]): number[] => messages.map((message) => message.seq);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Adds events to a job as a transition would, and nudges. @returns the last `seq` */
async function appendEvents(runId: string, count: number, bytes: number): Promise<number> {
  const source = api.app.get(DataSource);
  const [row] = await queryRows<{ last_seq: number }>(
    source,
    'UPDATE jobs SET last_seq = last_seq + $2 WHERE run_id = $1 RETURNING last_seq',
    [runId, count],
  );
  await source.query(
    `INSERT INTO events (run_id, seq, dag_id, type, task, at, data)
     SELECT $1, seq, $2, 'task.queued', 't0', now(), jsonb_build_object('filler', repeat('x', $5))
     FROM generate_series($3::int, $4::int) AS seq`,
    [runId, dagId, row.last_seq - count + 1, row.last_seq, bytes],
  );
  bus.publish([{ kind: 'events', runId, dagId, from: row.last_seq - count + 1, to: row.last_seq }]);
  return row.last_seq;
}
