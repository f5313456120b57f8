import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { Bus } from '../../../src/bus/bus.js';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { DlqModule } from '../../../src/dlq/dlq.module.js';
import type { EventEnvelope } from '../../../src/domain/events.js';
import { EventsModule } from '../../../src/events/events.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { eventually } from '../../support/eventually.js';
import { readSse, type SseReader } from '../../support/sse.js';
import { type ApiApplication, startApi } from './api-application.js';
import { LossyBus } from './lossy-bus.js';
import { StandInWorker } from './stand-in-worker.js';

const UNKNOWN_RUN = '01890000-0000-7000-8000-000000000000';
const LISTED = 'https://board.example.org';

interface Message extends Omit<EventEnvelope, 'type'> {
  type: string;
}

const bus = new LossyBus();
let api: ApiApplication;
let worker: StandInWorker;
let dagId: number;

beforeAll(async () => {
  api = await startApi(
    [DagsModule, JobsModule, DlqModule, EventsModule],
    { EVENT_HEARTBEAT_SECONDS: '0.2', CORS_ORIGINS: LISTED },
    (builder) => builder.overrideProvider(Bus).useValue(bus),
  );
  worker = await StandInWorker.register(api.app);
  const tasks = ['t0', 't1', 't2'].map((name, index) => ({
    name,
    task_type: 'noop',
    dependencies: index === 0 ? [] : [`t${index - 1}`],
  }));
  dagId = (await http().post('/dags').send({ name: 'chain', tasks }).expect(201)).body.id;
}, 60_000);

afterAll(async () => await api.close());

const http = () => request(api.app.getHttpServer());
const url = () => `http://127.0.0.1:${(api.app.getHttpServer().address() as AddressInfo).port}`;

const opened: SseReader<unknown>[] = [];
beforeEach(() => {
  bus.lose = () => false;
});
afterEach(() => {
  for (const reader of opened.splice(0)) reader.close();
});

async function read(path: string, headers: Record<string, string> = {}): Promise<SseReader<Message>> {
  const reader = await readSse<Message>(url() + path, headers);
  opened.push(reader);
  return reader;
}

const eventsOf = (reader: SseReader<Message>, runId?: string): Message[] =>
  reader.messages.map(({ data }) => data).filter(({ run_id }) => runId === undefined || run_id === runId);

const startJob = async (): Promise<string> =>
  (await http().post('/jobs').send({ dag_id: dagId }).expect(201)).body.run_id;

const storedEvents = async (runId: string): Promise<Message[]> =>
  (await http().get(`/jobs/${runId}/events?limit=200`).expect(200)).body.items;

const runTasks = async (runId: string, ...idxs: number[]): Promise<void> => {
  for (const idx of idxs) await worker.succeed(runId, idx);
};

describe('the events of a job', () => {
  test('are a page, or a stream for who prefers one, and caches can tell', async () => {
    const runId = await startJob();
    const path = `/jobs/${runId}/events`;
    for (const accept of ['*/*', 'application/json', 'text/html', 'application/json, text/event-stream']) {
      const answer = await http().get(path).set('Accept', accept).expect(200);
      expect(answer.headers).toMatchObject({
        'content-type': expect.stringContaining('application/json'),
        vary: expect.stringContaining('Accept'),
      });
    }
    for (const accept of ['text/event-stream', 'text/event-stream, application/json;q=0.5']) {
      const reader = await read(path, { accept });
      expect(reader.status).toBe(200);
      expect(Object.fromEntries(reader.headers)).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        vary: expect.stringContaining('Accept'),
      });
    }
  });

  test('begin with a snapshot, go on with each event behind it, and end with the job', async () => {
    const runId = await startJob();
    await runTasks(runId, 0);
    const reader = await read(`/jobs/${runId}/events`);
    await eventually(() => expect(reader.messages).toHaveLength(1));
    const job = (await http().get(`/jobs/${runId}`).expect(200)).body;
    const [snapshot] = reader.messages;
    expect(snapshot).toMatchObject({
      event: 'message',
      data: { type: 'snapshot', run_id: runId, dag_id: dagId, task: null, attempt: null, data: job },
    });
    expect(snapshot.id).toBe(String(snapshot.data.seq));
    expect(reader.retryMs).toBeGreaterThan(0);

    await runTasks(runId, 1, 2);
    await reader.ended;
    const stored = await storedEvents(runId);
    expect(eventsOf(reader).slice(1)).toEqual(stored.slice(snapshot.data.seq));
    expect(reader.messages.slice(1).map(({ id }) => id)).toEqual(
      stored.slice(snapshot.data.seq).map(({ seq }) => String(seq)),
    );
    expect(stored.at(-1)?.type).toBe('job.succeeded');
  });

  test('go on behind the last id a client got, by header or by query', async () => {
    const runId = await startJob();
    await runTasks(runId, 0, 1);
    const path = `/jobs/${runId}/events`;
    const readers = [
      await read(path, { 'last-event-id': '2' }),
      await read(`${path}?last_event_id=2`),
      await read(`${path}?since=2`),
      await read(`${path}?since=0`, { 'last-event-id': '2' }),
    ];
    await runTasks(runId, 2);
    for (const { ended } of readers) await ended;
    const stored = await storedEvents(runId);
    for (const reader of readers) expect(eventsOf(reader)).toEqual(stored.slice(2));
  });

  test('are all there for who comes late, and nothing for who has them all, so that browsers stop asking', async () => {
    const runId = await startJob();
    await runTasks(runId, 0, 1, 2);
    const stored = await storedEvents(runId);
    const late = await read(`/jobs/${runId}/events?since=0`);
    await late.ended;
    expect(eventsOf(late)).toEqual(stored);
    const onlySnapshot = await read(`/jobs/${runId}/events`);
    await onlySnapshot.ended;
    expect(eventsOf(onlySnapshot).map(({ type }) => type)).toEqual(['snapshot']);
    const again = await read(`/jobs/${runId}/events`, { 'last-event-id': late.messages.at(-1)!.id });
    expect(again.status).toBe(204);
  });

  test('reach past an end that a replay undid', async () => {
    const runId = await startJob();
    await worker.fail(runId, 0);
    const [entry] = (await http().get('/workers/dlq/entries').expect(200)).body.items;
    await http().post(`/workers/dlq/${entry.id}/replay`).expect(200);
    const reader = await read(`/jobs/${runId}/events?since=0`);
    await eventually(() => expect(eventsOf(reader).at(-1)?.type).toBe('task.queued'));
    await worker.succeed(runId, 0, null, 2);
    await runTasks(runId, 1, 2);
    await reader.ended;
    expect(eventsOf(reader)).toEqual(await storedEvents(runId));
    const types = eventsOf(reader).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining(['job.failed', 'dlq.added', 'dlq.replayed', 'job.succeeded']),
    );
  });

  test('end although an entry of the ended job was closed by hand', async () => {
    const runId = await startJob();
    await worker.fail(runId, 0);
    const { items } = (await http().get('/workers/dlq/entries?status=pending').expect(200)).body;
    await http().post(`/workers/dlq/${items[0].id}/resolve`).send({ note: 'seen' }).expect(200);
    const reader = await read(`/jobs/${runId}/events?since=0`);
    await reader.ended;
    expect(eventsOf(reader).at(-1)?.type).toBe('dlq.resolved');
  });

  test('come although every nudge is lost', async () => {
    const runId = await startJob();
    const reader = await read(`/jobs/${runId}/events?since=0`);
    await eventually(() => expect(reader.messages).toHaveLength(2));
    bus.lose = () => true;
    await runTasks(runId, 0, 1, 2);
    await eventually(() => expect(eventsOf(reader).at(-1)?.type).toBe('job.succeeded'), {
      timeoutMs: 10_000,
    });
    expect(eventsOf(reader)).toEqual(await storedEvents(runId));
  }, 15_000);

  test('show that the stream lives while nothing happens', async () => {
    const reader = await read(`/jobs/${await startJob()}/events`);
    await eventually(() => expect(reader.comments.length).toBeGreaterThan(1));
  });

  test.each([
    [`/jobs/${UNKNOWN_RUN}/events`, {}, 404, 'job_not_found'],
    ['/jobs/nonsense/events', {}, 404, 'job_not_found'],
    ['/jobs/RUN/events?since=x', {}, 422, 'validation_failed'],
    ['/jobs/RUN/events?limit=5', {}, 422, 'validation_failed'],
    ['/jobs/RUN/events?since=1000000', {}, 422, 'validation_failed'],
    ['/jobs/RUN/events', { 'last-event-id': 'x' }, 422, 'validation_failed'],
    ['/jobs/RUN/events', { 'last-event-id': '99999999999' }, 422, 'validation_failed'],
    ['/jobs/RUN/events', { origin: 'http://evil.example' }, 403, 'origin_not_allowed'],
    ['/events?last_event_id=!', {}, 422, 'validation_failed'],
    ['/events?since=yesterday', {}, 422, 'validation_failed'],
    ['/events?run_id=1', {}, 422, 'validation_failed'],
    ['/events', { 'last-event-id': '7 7' }, 422, 'validation_failed'],
    ['/events', { origin: 'null' }, 403, 'origin_not_allowed'],
  ])('are refused before the stream begins: %s with %j', async (path, headers, status, code) => {
    const runId = await startJob();
    const answer = await http()
      .get(path.replace('RUN', runId))
      .set({ Accept: 'text/event-stream', ...headers });
    expect({ status: answer.status, type: answer.type, code: answer.body.code }).toEqual({
      status,
      type: 'application/problem+json',
      code,
    });
  });
});

describe('the events of all jobs', () => {
  /** A reader that is being served. */
  async function watching(headers: Record<string, string> = {}): Promise<SseReader<Message>> {
    const reader = await read('/events', headers);
    expect(reader.status).toBe(200);
    return reader;
  }

  test('are a stream whatever the client accepts, open to listed origins', async () => {
    const reader = await watching({ accept: '*/*', origin: LISTED });
    expect(Object.fromEntries(reader.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'access-control-allow-origin': LISTED,
    });
    const head = await http().head('/events').expect(200);
    expect(head.headers['content-type']).toContain('text/event-stream');
  });

  test('show every event of every job once, with all fields of the envelope', async () => {
    const reader = await watching();
    const runIds = [await startJob(), await startJob()];
    await Promise.all(runIds.map((runId) => runTasks(runId, 0, 1, 2)));
    for (const runId of runIds) {
      const stored = await storedEvents(runId);
      await eventually(() => expect(eventsOf(reader, runId)).toEqual(stored));
      for (const message of eventsOf(reader, runId))
        expect(Object.keys(message)).toEqual([
          'seq',
          'type',
          'run_id',
          'dag_id',
          'task',
          'attempt',
          'at',
          'data',
        ]);
    }
  });

  test('go on, each once, behind any id a client got, whatever it missed of however many jobs', async () => {
    const first = await watching();
    const open = await startJob();
    await runTasks(open, 0);
    await eventually(() =>
      expect(eventsOf(first, open).at(-1)).toMatchObject({ type: 'task.queued', task: 't1' }),
    );
    const { id } = first.messages.at(-1)!;
    const seen = eventsOf(first, open);
    first.close();

    const young = await startJob();
    await runTasks(young, 0, 1, 2);
    await runTasks(open, 1);
    const second = await watching({ 'last-event-id': id });
    await runTasks(open, 2);
    const stored = await storedEvents(open);
    await eventually(() => expect([...seen, ...eventsOf(second, open)]).toEqual(stored));
    await eventually(() => expect(eventsOf(second, young)).toHaveLength(12));
    expect(eventsOf(second, young)).toEqual(await storedEvents(young));
  });

  test('lose nothing to a resumption in the middle of a storm, and come once', async () => {
    const first = await watching();
    const runIds = await Promise.all([startJob(), startJob(), startJob()]);
    await eventually(() => expect(first.messages.length).toBeGreaterThanOrEqual(6));
    const got = new Map<string, number[]>(runIds.map((runId) => [runId, []]));
    const take = (reader: SseReader<Message>): string => {
      for (const { data } of reader.messages) got.get(data.run_id!)?.push(data.seq);
      return reader.messages.at(-1)!.id;
    };
    const work = Promise.all(runIds.map((runId) => runTasks(runId, 0, 1, 2)));
    first.close();
    let id = take(first);
    for (let round = 0; round < 5; round += 1) {
      const next = await watching({ 'last-event-id': id });
      await eventually(() => expect(next.messages).not.toEqual([]), { timeoutMs: 300 }).catch(
        () => undefined,
      );
      next.close();
      if (next.messages.length > 0) id = take(next);
    }
    await work;
    const last = await watching({ 'last-event-id': id });
    for (const runId of runIds) {
      const seqs = (await storedEvents(runId)).map(({ seq }) => seq);
      await eventually(() => {
        const all = [...got.get(runId)!, ...eventsOf(last, runId).map(({ seq }) => seq)];
        expect(all).toEqual(seqs);
      });
    }
  }, 20_000);

  test('go on behind an id of a job whose every nudge was lost', async () => {
    const first = await watching();
    const quiet = await startJob();
    await eventually(() => expect(eventsOf(first, quiet)).toHaveLength(2));
    bus.lose = (nudge) => nudge.kind === 'events' && nudge.runId === quiet;
    await runTasks(quiet, 0);
    const loud = await startJob();
    await eventually(() => expect(eventsOf(first, loud)).toHaveLength(2));
    const { id } = first.messages.at(-1)!;
    first.close();
    const second = await watching({ 'last-event-id': id });
    const stored = await storedEvents(quiet);
    await eventually(() => expect(eventsOf(second, quiet)).toEqual(stored.slice(2)));
  });

  test('can be asked for from a moment on', async () => {
    const runId = await startJob();
    await runTasks(runId, 0, 1, 2);
    const stored = await storedEvents(runId);
    const reader = await read(`/events?since=${stored[0].at}`);
    await eventually(() => expect(eventsOf(reader, runId)).toEqual(stored));
  });

  test('say so when a client was away for too long, and go on from now', async () => {
    const reader = await read('/events?since=2020-01-01T00:00:00Z');
    await eventually(() => expect(reader.messages).toHaveLength(1));
    expect(reader.messages[0]).toMatchObject({ event: 'gap', data: { code: 'position_expired' } });
    const runId = await startJob();
    await eventually(() => expect(eventsOf(reader, runId)).toHaveLength(2));
  });

  test('find by themselves, in a while, what every nudge was lost for, also of a job that had ended', async () => {
    const ended = await startJob();
    await worker.fail(ended, 0);
    const before = await storedEvents(ended);
    const reader = await watching();
    bus.lose = () => true;
    const { items } = (await http().get('/workers/dlq/entries?status=pending').expect(200)).body;
    await http().post(`/workers/dlq/${items[0].id}/replay`).expect(200);
    const young = await startJob();
    await eventually(
      async () => {
        expect(eventsOf(reader, ended)).toEqual((await storedEvents(ended)).slice(before.length));
        expect(eventsOf(reader, young)).toEqual(await storedEvents(young));
      },
      { timeoutMs: 10_000 },
    );
  }, 15_000);
});
