import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import request from 'supertest';
import { WebSocket } from 'ws';
import { EventsModule } from '../../../src/events/events.module.js';
import { type ApiApplication, startApi } from './api-application.js';

const LISTED = 'https://board.example.org';
const STRANGER = 'http://evil.example';
const POLLING = '/socket.io/?EIO=4&transport=polling';
const WEBSOCKET = '/socket.io/?EIO=4&transport=websocket';
const RAW = ['/ws/jobs', '/ws/job/01890000-0000-7000-8000-000000000000'];

let api: ApiApplication;
beforeAll(async () => {
  api = await startApi([EventsModule], { CORS_ORIGINS: LISTED });
}, 60_000);
afterAll(async () => await api.close());

const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

const http = () => request(api.app.getHttpServer());
const host = () => `127.0.0.1:${(api.app.getHttpServer().address() as AddressInfo).port}`;

/** @returns the status of the answer: 101 = it became a socket */
async function upgrade(path: string, origin: string | undefined): Promise<number> {
  const socket = new WebSocket(`ws://${host()}${path}`, { origin });
  opened.push(socket);
  socket.on('error', () => undefined);
  const refused = once(socket, 'unexpected-response').then(
    ([, answer]) => (answer as IncomingMessage).statusCode!,
  );
  return await Promise.race([refused, once(socket, 'upgrade').then(() => 101)]);
}

describe.each(RAW)('the raw socket %s', (path) => {
  test('opens for programs, for pages of its own host and for pages of listed origins', async () => {
    for (const origin of [undefined, `http://${host()}`, `https://${host()}`, LISTED])
      expect({ origin, status: await upgrade(path, origin) }).toEqual({ origin, status: 101 });
  });

  test('is forbidden to pages of other sites', async () => {
    for (const origin of [STRANGER, 'http://127.0.0.1', 'null', `${LISTED}.evil.example`])
      expect({ origin, status: await upgrade(path, origin) }).toEqual({ origin, status: 403 });
  });
});

describe('Socket.IO', () => {
  test('gives a session to programs, to pages of its own host and of listed origins', async () => {
    for (const origin of [undefined, `http://${host()}`, LISTED]) {
      expect({ origin, status: await upgrade(WEBSOCKET, origin) }).toEqual({ origin, status: 101 });
      const polling = http().get(POLLING).set('Host', host());
      const { text } = await (origin === undefined ? polling : polling.set('Origin', origin)).expect(200);
      expect(text).toContain('"sid"');
    }
  });

  test('gives none to pages of other sites, over either transport', async () => {
    for (const origin of [STRANGER, 'http://127.0.0.1', 'null']) {
      // engine.io answers every upgrade it refuses with 400.
      expect({ origin, status: await upgrade(WEBSOCKET, origin) }).toEqual({ origin, status: 400 });
      const { body } = await http().get(POLLING).set('Host', host()).set('Origin', origin).expect(403);
      expect(body).toEqual({ code: 4, message: expect.stringContaining('CORS_ORIGINS') });
    }
  });

  test('lets browsers show answers of polling to pages of listed origins only', async () => {
    const { headers } = await http().get(POLLING).set('Origin', LISTED).expect(200);
    expect(headers).toMatchObject({
      'access-control-allow-origin': LISTED,
      'access-control-allow-credentials': 'true',
    });
    const refused = await http().get(POLLING).set('Origin', STRANGER).expect(403);
    expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test.each([['polling'], ['websocket']])(
    'serves its own client from a listed origin over %s',
    async (transport) => {
      const extraHeaders = { Origin: LISTED };
      expect(await connected({ transports: [transport], extraHeaders })).toBe('connected');
      expect(await connected({ transports: [transport], extraHeaders: { Origin: STRANGER } })).toMatch(
        /error/,
      );
    },
  );

  async function connected(options: { transports: string[]; extraHeaders: Record<string, string> }) {
    const client: Socket = io(`http://${host()}/events`, { ...options, forceNew: true, reconnection: false });
    opened.push(client);
    return await new Promise<string>((settle) =>
      client
        .once('connect', () => settle('connected'))
        .once('connect_error', ({ message }) => settle(message)),
    );
  }
});
