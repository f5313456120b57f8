import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../../chaos/random.js';
import { RestlessClient } from '../../chaos/workload/restless-client.js';

type Answerer = (request: IncomingMessage, response: ServerResponse) => void;

const answer =
  (status: number, body: object): Answerer =>
  (_request, response) =>
    response.writeHead(status).end(JSON.stringify(body));
const breakOff: Answerer = (request) => request.socket.destroy();

describe('the restless client', () => {
  let answers: Answerer[] = [];
  const keys: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key'] as string | undefined);
    answers.shift()!(request, response);
  });
  let url: string;

  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => server.close());

  const clientOf = (...urls: string[]) => new RestlessClient(() => urls, new Random(1));
  const START = { method: 'POST', path: '/jobs', body: { dag_id: 1 }, key: 'one' };

  it('repeats with the same key through failures, broken connections and an earlier try under way', async () => {
    keys.length = 0;
    answers = [
      answer(503, {}),
      breakOff,
      answer(409, { code: 'request_in_progress' }),
      answer(429, {}),
      answer(201, { run_id: 'x' }),
    ];
    const client = clientOf(url);
    expect(await client.send(START)).toEqual({ status: 201, body: { run_id: 'x' } });
    expect(keys).toEqual(['one', 'one', 'one', 'one', 'one']);
    expect([...client.repeated]).toEqual([
      ['503', 1],
      ['TypeError: fetch failed', 1],
      ['409 request_in_progress', 1],
      ['429', 1],
    ]);
    expect(client.tellRepeated()).toMatch(/^4 tries were repeated \(1 × 503, /);
  });

  it('takes a refusal for an answer', async () => {
    answers = [answer(409, { code: 'dlq_entry_not_pending' })];
    expect((await clientOf(url).send({ method: 'POST', path: '/workers/dlq/1/replay' })).status).toBe(409);
  });

  it('goes to another address when one is dead', async () => {
    answers = [answer(200, {})];
    expect((await clientOf('http://127.0.0.1:1', url).send(START)).status).toBe(200);
  });

  it('gives up a try by itself now and then, and repeats it', async () => {
    const hang: Answerer = () => undefined;
    answers = [hang, hang, answer(200, {})];
    const random = new Random(1);
    // Loses the first two, as their chance is certain; then it is over.
    let tries = 0;
    random.chance = () => (tries += 1) <= 2;
    const client = new RestlessClient(() => [url], random);
    expect((await client.send(START, 0.5)).status).toBe(200);
    expect([...client.repeated]).toEqual([['answer lost on purpose', 2]]);
    server.closeAllConnections();
  });

  it('has a few tries under way at once, however many wait, and keeps none of them for good', async () => {
    const inHand: ServerResponse[] = [];
    answers = Array.from({ length: 120 }, (): Answerer => (_request, response) => inHand.push(response));
    const client = clientOf(url);
    const all = Promise.all(Array.from({ length: 120 }, async () => await client.send(START)));
    // Nobody is answered before no more come.
    const crowds: number[] = [];
    for (let left = 120; left > 0; left -= crowds.at(-1)!) {
      for (let before = -1; inHand.length === 0 || inHand.length > before;) {
        before = inHand.length;
        await pause(300);
      }
      crowds.push(inHand.length);
      for (const response of inHand.splice(0)) response.writeHead(200).end('{}');
    }
    expect((await all).map(({ status }) => status)).toEqual(Array(120).fill(200));
    expect(Math.max(...crowds)).toBeLessThanOrEqual(48);
  }, 20_000);
});
