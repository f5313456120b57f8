import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { request as send, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import express from 'express';
import { REQUEST_ID, requestIdOf, requestIds, servedRequestId } from '../../../src/http/request-id.js';
import { eventually } from '../../support/eventually.js';

let server: Server;
/** How often nobody was served any more. */
let disabled: jest.SpiedFunction<AsyncLocalStorage<unknown>['disable']>;
/** Requests by their ids, as they begin to be worked on and as their connections or answers are done with. */
let begun: string[];
let closed: string[];
/** What was set going by requests and goes on after their answers. */
let left: Promise<string | null>[];
/** Lets those go on. */
let goOn: () => void;

beforeAll(async () => {
  const app = express();
  app.use(requestIds);
  app.use((request, response, next) => {
    const id = requestIdOf(request)!;
    begun.push(id);
    response.once('close', () => closed.push(id));
    next();
  });
  app.get('/steps/:count', async (request, response) => {
    const seen = [servedRequestId()];
    for (let step = 0; step < Number(request.params.count); step += 1) {
      await pause(1);
      seen.push(servedRequestId());
      await Promise.resolve();
      seen.push(servedRequestId());
    }
    response.json(seen);
  });
  app.get('/leaves-something', (_request, response) => {
    const signal = new Promise<void>((resolve) => (goOn = resolve));
    left.push(signal.then(() => pause(1)).then(servedRequestId));
    response.json([servedRequestId()]);
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await once(server, 'close');
});

beforeEach(() => {
  left = [];
  begun = [];
  closed = [];
  disabled = jest.spyOn(AsyncLocalStorage.prototype, 'disable');
});
afterEach(() => void jest.restoreAllMocks());

/** @returns the ids that the request saw itself under */
async function ask(path: string, id: string): Promise<(string | null)[]> {
  const { port } = server.address() as AddressInfo;
  const request = send({ port, host: '127.0.0.1', path, headers: { [REQUEST_ID]: id }, agent: false }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.headers['x-request-id']).toBe(id);
  return (await json(response)) as (string | null)[];
}

const untilNobodyIsServed = async (times: number): Promise<void> =>
  await eventually(() => expect(disabled).toHaveBeenCalledTimes(times));

describe('The id of the request that is served', () => {
  it('is its own again after a time in which nobody was served', async () => {
    for (let turn = 1; turn <= 5; turn += 1) {
      expect(new Set(await ask('/steps/3', `turn-${turn}`))).toEqual(new Set([`turn-${turn}`]));
      await untilNobodyIsServed(turn);
      expect(servedRequestId()).toBeNull();
    }
  });

  it('stays with those that are still served when others have been answered', async () => {
    const ask20 = async (turn: number): Promise<void> => {
      const ids = Array.from({ length: 20 }, (_, index) => `turn-${turn}-${index}`);
      // The first are answered long before the last.
      const seen = await Promise.all(ids.map(async (id, index) => await ask(`/steps/${1 + 2 * index}`, id)));
      expect(seen.map((some) => [...new Set(some)])).toEqual(ids.map((id) => [id]));
    };
    await ask20(1);
    await eventually(() => expect(disabled).toHaveBeenCalled());
    await ask20(2);
  });

  it('is not paid for while nobody is served, and not given up before', async () => {
    const long = ask('/steps/200', 'long');
    await eventually(() => expect(begun).toEqual(['long']));
    await ask('/steps/1', 'short');
    await eventually(() => expect(closed).toEqual(['short']));
    expect(disabled).not.toHaveBeenCalled();
    expect(new Set(await long)).toEqual(new Set(['long']));
    await untilNobodyIsServed(1);
  });

  it('does not cling to what a request has left, nor to what others leave under the next', async () => {
    expect(await ask('/leaves-something', 'first')).toEqual(['first']);
    const goOnOfFirst = goOn;
    await untilNobodyIsServed(1);
    const next = ask('/steps/50', 'next');
    await eventually(() => expect(begun).toContain('next'));
    goOnOfFirst();
    expect(await left[0]).toBeNull();
    expect(new Set(await next)).toEqual(new Set(['next']));
    await untilNobodyIsServed(2);
  });

  it('is given up also by a request whose client hung up', async () => {
    const { port } = server.address() as AddressInfo;
    const request = send({ port, host: '127.0.0.1', path: '/steps/100', agent: false }).end();
    request.on('error', () => undefined);
    await eventually(() => expect(begun).toHaveLength(1));
    request.destroy();
    await untilNobodyIsServed(1);
    expect(await ask('/steps/2', 'after')).toEqual(Array(5).fill('after'));
  });
});
