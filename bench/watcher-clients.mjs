/*
 * One process of subscribers for watchers.mjs: opens what it is told, counts what arrives, and says at the end what is
 * missing and how late it was. Reads of each event only what it needs, so that two cores can play a thousand readers.
 */
import { get } from 'node:http';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

/** Delays in whole milliseconds; the last one stands for everything longer. */
const delays = new Uint32Array(60_000);

/** One subscriber: by job, the last `seq`; what does not continue it is a fault. */
class Subscriber {
  first = new Map();
  last = new Map();
  faults = 0;
  received = 0;

  take(runId, seq, at) {
    const before = this.last.get(runId);
    if (before === undefined) this.first.set(runId, seq);
    else if (seq !== before + 1) this.faults += 1;
    this.last.set(runId, seq);
    this.received += 1;
    delays[Math.min(Math.max(Date.now() - Date.parse(at), 0), delays.length - 1)] += 1;
  }

  /** A message as JSON, whose fields have a fixed order. */
  takeText(text) {
    if (text.startsWith('"snapshot"', text.indexOf('"type":') + 7)) return;
    const run = text.indexOf('"run_id":"');
    if (run === -1) return; // of a worker
    const at = text.indexOf('"at":"');
    this.take(
      text.slice(run + 10, run + 46),
      Number(text.slice(7, text.indexOf(','))),
      text.slice(at + 6, at + 30),
    );
  }
}

function raw(url, subscriber, path) {
  const socket = new WebSocket(url.replace('http', 'ws') + path);
  socket.on('message', (data) => subscriber.takeText(data.toString('latin1')));
  socket.on('error', () => (subscriber.faults += 1));
  const opened = path === '/ws/jobs' ? 'open' : 'message';
  return new Promise((resolve) => socket.once(opened, () => resolve(() => socket.terminate())));
}

function sse(url, subscriber, path) {
  return new Promise((resolve) => {
    const request = get(url + path, { headers: { accept: 'text/event-stream' }, agent: false }, (answer) => {
      let rest = '';
      answer.setEncoding('latin1');
      answer.on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        for (const line of lines) if (line.startsWith('data: ')) subscriber.takeText(line.slice(6));
      });
      answer.once('data', () => resolve(() => request.destroy()));
      answer.on('error', () => undefined);
    });
    request.on('error', () => undefined);
  });
}

async function socketIo(url, subscriber, runId) {
  const client = io(`${url}/events`, { transports: ['websocket'], forceNew: true, reconnection: false });
  client.on('event', ({ type, run_id, seq, at }) => {
    if (type !== 'snapshot' && run_id !== null) subscriber.take(run_id, seq, at);
  });
  await new Promise((resolve, reject) => client.once('connect', resolve).once('connect_error', reject));
  const answer = await client.emitWithAck('subscribe', runId === null ? {} : { run_id: runId });
  if (!answer.ok) throw new Error(JSON.stringify(answer));
  return () => client.close();
}

const OPEN = {
  raw: (url, subscriber, runId) => raw(url, subscriber, runId === null ? '/ws/jobs' : `/ws/job/${runId}`),
  sse: (url, subscriber, runId) => sse(url, subscriber, runId === null ? '/events' : `/jobs/${runId}/events`),
  socketIo,
};

/** What every subscriber lacks of the jobs it was to follow, from the first event after its start to the last. */
function missing({ first, last }, runId, ends) {
  const wanted = runId === null ? Object.entries(ends) : [[runId, ends[runId]]];
  let lost = 0;
  for (const [id, { seq, begin }] of wanted)
    lost += Math.max(0, (first.get(id) ?? seq + 1) - begin) + seq - (last.get(id) ?? seq);
  return lost;
}

const subscribers = [];
process.on('message', async ({ open, close, ends }) => {
  if (open) {
    const { url, wanted } = open;
    // A few at a time, as a thousand people would come.
    for (let from = 0; from < wanted.length; from += 25)
      await Promise.all(
        wanted.slice(from, from + 25).map(async ({ kind, runId }) => {
          const subscriber = new Subscriber();
          subscribers.push({ subscriber, runId, end: await OPEN[kind](url, subscriber, runId) });
        }),
      );
    process.send({ opened: subscribers.length });
  }
  if (ends) {
    const left = subscribers.reduce(
      (sum, { subscriber, runId }) => sum + missing(subscriber, runId, ends),
      0,
    );
    const faults = subscribers.reduce((sum, { subscriber }) => sum + subscriber.faults, 0);
    const received = subscribers.reduce((sum, { subscriber }) => sum + subscriber.received, 0);
    const { user, system } = process.cpuUsage();
    process.send({
      left,
      faults,
      received,
      delays: [...delays.entries()].filter(([, n]) => n > 0),
      cpuMs: (user + system) / 1_000,
    });
  }
  if (close) {
    for (const { end } of subscribers) end();
    process.disconnect();
  }
});
