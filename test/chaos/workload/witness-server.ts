import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Witness } from '../witness.js';

/**
 * What http tasks of the workload ask: it tells the witness of each request, fails the first so many of a task as the
 * request says, and answers the rest with the request's number. It knows the task by the `Idempotency-Key` that every
 * try of it carries.
 */
export class WitnessServer {
  private readonly server: Server;
  /** Requests by task. */
  private readonly asked = new Map<string, number>();
  private requests = 0;

  constructor(private readonly witness: Witness) {
    this.server = createServer((request, response) => this.take(request, response));
    // Whoever forgets it is not kept alive by it.
    this.server.unref();
  }

  /** @returns its address */
  async open(): Promise<string> {
    await new Promise<void>((listening) => this.server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const key = decodeURIComponent(String(request.headers['idempotency-key']));
    const [runId, task] = key.split('.');
    const token = (this.requests += 1);
    const count = (this.asked.get(key) ?? 0) + 1;
    this.asked.set(key, count);
    this.witness.write({ what: 'start', runId, task, attempt: 0, token });
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    const answer = (): void => {
      const fails = count <= Number(query.get('fails'));
      if (!fails) this.witness.write({ what: 'end', runId, task, attempt: 0, token });
      response.writeHead(fails ? Number(query.get('status')) : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ token }));
    };
    setTimeout(answer, Number(query.get('waitMs')));
    request.resume();
  }
}
