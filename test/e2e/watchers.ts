import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readSse } from '../support/sse.js';
import { type Message, readRaw, readSocketIo } from './socket-readers.js';

/** One of many, of whatever protocol: what it got of each job, in order. */
export interface Watcher {
  protocol: string;
  seqsOf(runId: string): number[];
  close(): void;
}

function watcher(protocol: string, messages: () => readonly Message[], close: () => void): Watcher {
  const seqsOf = (runId: string) =>
    messages()
      .filter(({ run_id, type }) => run_id === runId && type !== 'snapshot')
      .map(({ seq }) => seq);
  return { protocol, seqsOf, close };
}

/** By protocol. The watchers of one job have its id, those of all jobs have null. */
export const OPEN: readonly ((url: string, runId: string | null) => Promise<Watcher>)[] = [
  async (url, runId) => {
    const reader = await readRaw(url, runId === null ? '/ws/jobs' : `/ws/job/${runId}`);
    return watcher('raw', () => reader.messages, reader.close);
  },
  async (url, runId) => {
    const reader = await readSse<Message>(url + (runId === null ? '/events' : `/jobs/${runId}/events`));
    expect(reader.status).toBe(200);
    return watcher('sse', () => reader.messages.map(({ data }) => data), reader.close);
  },
  async (url, runId) => {
    const reader = await readSocketIo(url);
    expect(await reader.subscribe(runId === null ? {} : { run_id: runId })).toEqual({ ok: true });
    return watcher('socketIo', () => reader.messages, reader.close);
  },
];

/** A server for http tasks that answers none of them until it is told to: they stand still, and cost nothing. */
export class Gate {
  private readonly held: ServerResponse[] = [];
  private readonly server: Server = createServer((_request, response) => this.held.push(response));

  /** @returns its address */
  async listen(): Promise<string> {
    await new Promise<void>((listening) => this.server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** How many stand before it. */
  get waiting(): number {
    return this.held.length;
  }

  open(): void {
    for (const response of this.held.splice(0)) response.end();
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
