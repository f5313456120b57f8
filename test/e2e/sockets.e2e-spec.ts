import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import type { RunningProcess } from '../support/processes.js';
import { type OwnRedis, startOwnRedis } from '../support/redis.js';
import { Client, PATIENCE, taskOf } from './client.js';
import { describeOnBothBackends, describeWithOwnRedis, Installation } from './installation.js';
import { eventsOf, type Reader, readRaw, readSocketIo } from './socket-readers.js';
import { Gate, OPEN, type Watcher } from './watchers.js';

const UNKNOWN_RUN = '019a2b3c-4d5e-7f80-9123-456789abcdef';

const WATCHED_JOBS = 10;
const WATCHERS = 50;

/** first → second → third; the second waits for a file, so that a test decides when it ends. */
async function gatedChain(client: Client, name: string, gate: string): Promise<number> {
  return await client.createDag(name, [
    { name: 'first', task_type: 'noop' },
    {
      name: 'second',
      task_type: 'shell',
      dependencies: ['first'],
      config: { command: `until test -e '${gate}'; do sleep 0.05; done` },
    },
    { name: 'third', task_type: 'noop', dependencies: ['second'] },
  ]);
}

async function untilRunning(client: Client, runId: string, task: string): Promise<void> {
  await eventually(
    async () => expect(taskOf(await client.job(runId), task).status).toBe('running'),
    PATIENCE,
  );
}

describeOnBothBackends('live events of two API processes', (backend) => {
  let installation: Installation;
  let apis: RunningProcess[];
  let client: Client;
  const readers: { close(): void }[] = [];

  beforeAll(async () => {
    installation = await Installation.create(backend, { MAX_CONCURRENT_JOBS: '20' });
    const [one, other] = await Promise.all([
      installation.start('api'),
      installation.start('api'),
      installation.start('worker'),
      installation.start('scheduler'),
    ]);
    apis = [one, other];
    client = new Client(one.url);
  });

  afterEach(() => {
    for (const reader of readers.splice(0)) reader.close();
  });

  afterAll(async () => {
    await installation.close();
  });

  /** A reader of the same kind on each API process. */
  async function onBoth<R extends Reader>(open: (url: string) => Promise<R>): Promise<R[]> {
    const opened = await Promise.all(apis.map(({ url }) => open(url)));
    readers.push(...opened);
    return opened;
  }

  it('begin with a snapshot of the job and go on, gapless, to its end, on each of the two', async () => {
    const gate = join(installation.folder, 'snapshot');
    const { run_id: runId } = await client.startJob(await gatedChain(client, 'snapshot', gate));
    await untilRunning(client, runId, 'second');
    const followers = await onBoth((url) => readRaw(url, `/ws/job/${runId}`));
    const replays = await onBoth((url) => readRaw(url, `/ws/job/${runId}?since=1`));
    await eventually(() => {
      for (const { messages } of [...followers, ...replays]) expect(messages).not.toEqual([]);
    }, PATIENCE);
    writeFileSync(gate, '');

    await client.jobWhen(runId, 'succeeded');
    const stored = await client.events(runId);
    for (const { messages } of followers) {
      await eventually(() => expect(messages.at(-1)?.type).toBe('job.succeeded'), PATIENCE);
      const [snapshot, ...events] = messages;
      expect(snapshot).toMatchObject({
        type: 'snapshot',
        run_id: runId,
        data: { run_id: runId, status: 'running' },
      });
      expect(snapshot.seq).toBeGreaterThan(0);
      expect(events).toEqual(stored.slice(snapshot.seq));
    }
    for (const { messages } of replays) {
      await eventually(() => expect(messages.at(-1)?.type).toBe('job.succeeded'), PATIENCE);
      expect(messages[0].type).toBe('snapshot');
      expect(messages.slice(1)).toEqual(stored.slice(1));
    }
  });

  it('show readers of everything what the worker process did, on each of the two', async () => {
    const gate = join(installation.folder, 'everything');
    const raw = await onBoth((url) => readRaw(url, '/ws/jobs'));
    const socketIo = await onBoth(readSocketIo);
    for (const reader of socketIo) expect(await reader.subscribe()).toEqual({ ok: true });
    const { run_id: runId } = await client.startJob(await gatedChain(client, 'everything', gate));
    await untilRunning(client, runId, 'second');
    const ofOneJob = await onBoth(readSocketIo);
    for (const reader of ofOneJob) expect(await reader.subscribe({ run_id: runId })).toEqual({ ok: true });
    writeFileSync(gate, '');

    await client.jobWhen(runId, 'succeeded');
    const stored = await client.events(runId);
    expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1));
    for (const reader of [...raw, ...socketIo])
      await eventually(() => expect(eventsOf(reader, runId)).toEqual(stored), PATIENCE);
    for (const reader of ofOneJob) {
      await eventually(() => expect(reader.messages.at(-1)?.type).toBe('job.succeeded'), PATIENCE);
      const [snapshot, ...events] = reader.messages;
      expect(snapshot.type).toBe('snapshot');
      expect(events).toEqual(stored.slice(snapshot.seq));
    }
  });

  it('tell of a worker that comes and goes, on each of the two', async () => {
    const both = await onBoth((url) => readRaw(url, '/ws/jobs'));
    const worker = await installation.start('worker');
    const seenOnBoth = async (type: string) => {
      for (const { messages } of both)
        await eventually(
          () =>
            expect(messages).toContainEqual(
              expect.objectContaining({
                type,
                run_id: null,
                data: expect.objectContaining({ pid: worker.pid }),
              }),
            ),
          PATIENCE,
        );
    };
    await seenOnBoth('worker.online');
    await worker.stop();
    await seenOnBoth('worker.draining');
  });

  // bench/watchers.mjs measures the same with twenty times as many.
  it('are lost to none of fifty readers during 500 tasks, and told to none twice', async () => {
    const gate = new Gate();
    readers.push(gate);
    const url = await gate.listen();
    const noops = Array.from({ length: 50 }, (_, index) => ({
      name: `t${index}`,
      task_type: 'noop' as const,
      dependencies: [index < 5 ? 'gate' : `t${index - 5}`],
    }));
    const dagId = await client.createDag('watched', [
      { name: 'gate', task_type: 'http', config: { url } },
      ...noops,
    ]);
    const runIds: string[] = [];
    while (runIds.length < WATCHED_JOBS) runIds.push((await client.startJob(dagId)).run_id);
    await eventually(() => expect(gate.waiting).toBe(WATCHED_JOBS), PATIENCE);
    // What there is now may still be on its way to one process or the other; what comes after it is everybody's.
    const seqsBefore = new Map<string, number>();
    for (const runId of runIds) seqsBefore.set(runId, (await client.events(runId)).length);

    const followed: { watcher: Watcher; own: string[] }[] = [];
    for (let index = 0; index < WATCHERS; index += 1) {
      const runId = index < 12 ? null : runIds[index % WATCHED_JOBS];
      const watcher = await OPEN[index % OPEN.length](apis[index % 2].url, runId);
      readers.push(watcher);
      followed.push({ watcher, own: runId === null ? runIds : [runId] });
    }
    gate.open();

    for (const runId of runIds) await client.jobWhen(runId, 'succeeded', 90_000);
    for (const runId of runIds) {
      const stored = (await client.events(runId)).map(({ seq }) => seq);
      expect(stored).toEqual(stored.map((_, index) => index + 1));
      const before = seqsBefore.get(runId)!;
      for (const { watcher, own } of followed) {
        if (!own.includes(runId)) continue;
        await eventually(
          () =>
            expect({
              by: watcher.protocol,
              seqs: watcher.seqsOf(runId).filter((seq) => seq > before),
            }).toEqual({ by: watcher.protocol, seqs: stored.slice(before) }),
          PATIENCE,
        );
      }
    }
  }, 180_000);

  it('refuse a job that does not exist', async () => {
    const [raw] = await onBoth((url) => readRaw(url, `/ws/job/${UNKNOWN_RUN}`));
    expect(await raw.closed).toBe(4404);
    const [noId] = await onBoth((url) => readRaw(url, '/ws/job/nonsense'));
    expect(await noId.closed).toBe(4404);
    const [socketIo] = await onBoth(readSocketIo);
    expect(await socketIo.subscribe({ run_id: UNKNOWN_RUN })).toMatchObject({
      ok: false,
      code: 'job_not_found',
    });
  });
});

describeWithOwnRedis('live events while Redis, and so the bus, is dead', () => {
  let redis: OwnRedis;
  let installation: Installation;
  const readers: Reader[] = [];

  beforeAll(async () => {
    redis = (await startOwnRedis())!;
    installation = await Installation.create('redis', {}, { redisUrl: redis.url });
  });

  afterAll(async () => {
    for (const reader of readers) reader.close();
    await installation.close();
    await redis.stop();
  });

  it('reach the subscribers of a job all the same, each once and in order', async () => {
    const [api] = await Promise.all([
      installation.start('api'),
      installation.start('worker', { MAX_CONCURRENT_JOBS: '1' }),
      installation.start('scheduler'),
    ]);
    const client = new Client(api.url);
    const gate = join(installation.folder, 'gate');
    const dagId = await client.createDag('dead-bus', [
      {
        name: 'held',
        task_type: 'shell',
        config: { command: `until test -e '${gate}'; do sleep 0.05; done` },
      },
      // Two children for one slot: an only child, or one beside a free slot, would run at once, without Redis.
      { name: 'one', task_type: 'noop', dependencies: ['held'] },
      { name: 'other', task_type: 'noop', dependencies: ['held'] },
    ]);
    const { run_id: runId } = await client.startJob(dagId);
    await untilRunning(client, runId, 'held');
    const raw = await readRaw(api.url, `/ws/job/${runId}?since=0`);
    const all = await readRaw(api.url, '/ws/jobs');
    const socketIo = await readSocketIo(api.url);
    readers.push(raw, all, socketIo);
    await socketIo.subscribe({ run_id: runId, since: 0 });

    await redis.stop();
    writeFileSync(gate, '');
    for (const reader of readers)
      await eventually(
        () =>
          expect(eventsOf(reader, runId)).toContainEqual(
            expect.objectContaining({ type: 'task.succeeded', task: 'held' }),
          ),
        PATIENCE,
      );
    expect((await client.job(runId)).task_counts).toMatchObject({ succeeded: 1, queued: 2 });

    await redis.start();
    await client.jobWhen(runId, 'succeeded');
    const stored = await client.events(runId);
    for (const reader of [raw, socketIo])
      await eventually(() => expect(eventsOf(reader, runId)).toEqual(stored), PATIENCE);
    // Who follows everything came when the job was under way, and gets what came after that.
    await eventually(() => expect(eventsOf(all, runId).at(-1)).toEqual(stored.at(-1)), PATIENCE);
    expect(eventsOf(all, runId)).toEqual(stored.slice(-eventsOf(all, runId).length));
  });
});
