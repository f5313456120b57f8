import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { DomainError } from '../../../src/domain/errors.js';
import { REQUEST_ID, requestIds, servedRequestId } from '../../../src/http/request-id.js';
import { leaveRequestLimit, RequestLimit } from '../../../src/http/request-limit.js';
import { eventually } from '../../support/eventually.js';

const MAX_ACTIVE = 2;
const MAX_WAITING = 3;

let limit: RequestLimit;
let server: Server;
/** Paths of those whose client left before it was answered. */
let hungUp: string[];
/** Streams that run. */
let streaming: number;
/** What is worked on, and what was, in order, by path; to be called to end it. */
let begun: Map<string, () => void>;
const open = new Set<ClientRequest>();

beforeEach(async () => {
  // Its own: places become free as the last test's server is closed.
  const mine = (begun = new Map<string, () => void>());
  streaming = 0;
  const left: string[] = (hungUp = []);
  limit = new RequestLimit(MAX_ACTIVE, MAX_WAITING);
  Logger.overrideLogger(false);
  const app = express();
  app.use(requestIds, (request, response, next) => limit.handle(request, response, next));
  app.get('/stream', (_request, response) => {
    response.writeHead(200).write('on it goes');
    leaveRequestLimit(response);
    streaming += 1;
    response.once('close', () => {
      streaming -= 1;
    });
  });
  app.use((request: Request, response: Response) => {
    const served = servedRequestId();
    mine.set(request.path, () => void response.json({ served }));
    response.once('close', () => left.push(request.path));
  });
  app.use((error: DomainError, _request: Request, response: Response, _next: NextFunction) => {
    response.status(503).json({ code: error.code });
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const request of open) request.destroy();
  open.clear();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

interface Asked {
  answer: Promise<{ status: number; body: { served?: string; code?: string } }>;
  hangUp(): void;
}

function ask(path: string): Asked {
  const { port } = server.address() as AddressInfo;
  const request = send({ port, host: '127.0.0.1', path, agent: false, headers: { [REQUEST_ID]: path } });
  open.add(request);
  const answer = (async () => {
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode!, body: (await json(response)) as { served?: string } };
  })();
  // Of who hangs up.
  answer.catch(() => undefined);
  return { answer, hangUp: () => request.destroy() };
}

/** Asks, and resolves when it has been let in or is in the line. */
async function askAndBe(counts: { active: number; waiting: number }, path: string): Promise<Asked> {
  const asked = ask(path);
  await eventually(() => expect(limit.counts).toEqual(counts));
  return asked;
}

/** Two that are worked on, three that wait in this order, and no place for anybody else. */
async function fill(): Promise<{ active: Asked[]; waiting: Asked[] }> {
  return {
    active: [
      await askAndBe({ active: 1, waiting: 0 }, '/a1'),
      await askAndBe({ active: 2, waiting: 0 }, '/a2'),
    ],
    waiting: [
      await askAndBe({ active: 2, waiting: 1 }, '/w1'),
      await askAndBe({ active: 2, waiting: 2 }, '/w2'),
      await askAndBe({ active: 2, waiting: 3 }, '/w3'),
    ],
  };
}

async function untilBegun(...paths: string[]): Promise<void> {
  await eventually(() => expect([...begun.keys()]).toEqual(paths));
}

const refused = { status: 503, body: { code: 'overloaded' } };

test('are worked on so many at once, so many more wait in line, and the rest is refused at once', async () => {
  const { active, waiting } = await fill();
  expect(await ask('/x').answer).toEqual(refused);
  expect([...begun.keys()]).toEqual(['/a1', '/a2']);

  begun.get('/a2')!();
  expect((await active[1].answer).status).toBe(200);
  await untilBegun('/a1', '/a2', '/w1');
  begun.get('/a1')!();
  begun.get('/w1')!();
  await untilBegun('/a1', '/a2', '/w1', '/w2', '/w3');
  begun.get('/w2')!();
  begun.get('/w3')!();
  for (const { answer } of [...active, ...waiting]) expect((await answer).status).toBe(200);

  await eventually(() => expect(limit.counts).toEqual({ active: 0, waiting: 0 }));
});

test('leave the line when the client hangs up, and are never worked on', async () => {
  const { active, waiting } = await fill();
  waiting[0].hangUp();
  await eventually(() => expect(limit.counts).toEqual({ active: 2, waiting: 2 }));
  await askAndBe({ active: 2, waiting: 3 }, '/w4');
  // What is worked on has its place until that is over, whether somebody waits for it or not.
  active[0].hangUp();
  await eventually(() => expect(hungUp).toContain('/a1'));
  expect([...begun.keys()]).toEqual(['/a1', '/a2']);
  begun.get('/a1')!();
  await untilBegun('/a1', '/a2', '/w2');
  expect(limit.counts).toEqual({ active: 2, waiting: 2 });
});

test('whose client has gone, and whose work never says that it is over, do not keep their place for ever', async () => {
  limit = new RequestLimit(MAX_ACTIVE, MAX_WAITING, 10_000, 300);
  const { active } = await fill();
  active[0].hangUp();
  await untilBegun('/a1', '/a2', '/w1');
  // It does so late: its place was given away already, and is not given away twice.
  begun.get('/a1')!();
  expect(limit.counts).toEqual({ active: 2, waiting: 2 });
});

test('give their place back once they are streams, and not a second time when those end', async () => {
  const streams = [ask('/stream'), ask('/stream'), ask('/stream')];
  await eventually(() => expect(streaming).toBe(3));
  const { active } = await fill();
  for (const stream of streams) stream.hangUp();
  await eventually(() => expect(streaming).toBe(0));
  expect(limit.counts).toEqual({ active: 2, waiting: 3 });
  begun.get('/a1')!();
  expect((await active[0].answer).status).toBe(200);
  await untilBegun('/a1', '/a2', '/w1');
});

test('about health are asked past the line', async () => {
  await fill();
  for (const path of ['/health', '/health/live', '/health/ready']) {
    const { answer } = ask(path);
    await eventually(() => expect([...begun.keys()]).toContain(path));
    begun.get(path)!();
    expect((await answer).status).toBe(200);
  }
  expect(await ask('/healthy').answer).toEqual(refused);
});

test('do not wait for longer than anybody who asked would', async () => {
  const late = new RequestLimit(MAX_ACTIVE, MAX_WAITING, 200);
  limit = late;
  const { waiting } = await fill();
  for (const { answer } of waiting) expect(await answer).toEqual(refused);
  expect(late.counts).toEqual({ active: 2, waiting: 0 });
});

test('are themselves when their turn comes, and no part of the request that ended', async () => {
  const { waiting } = await fill();
  begun.get('/a1')!();
  await untilBegun('/a1', '/a2', '/w1');
  begun.get('/w1')!();
  expect(await waiting[0].answer).toEqual({ status: 200, body: { served: '/w1' } });
});
