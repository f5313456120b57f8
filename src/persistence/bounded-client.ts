import type { Socket } from 'node:net';
import pg from 'pg';
import { isSilence } from './database-faults.js';

/**
 * Makes the client class of one pool: its connections do not outlive a silence.
 *
 * A statement that got no answer in time (`query_timeout`) leaves its connection waiting for one that may never come,
 * so the connection is broken at once, before the pool can lend it to the next one. Silence is mostly that of the way to
 * the server (a pulled cable, a firewall that forgot us) rather than of one connection: those that lay idle all the
 * while go with it, so that the next statement gets a new connection instead of the next silent one.
 */
export function boundedClients(): typeof pg.Client {
  const siblings = new Set<BoundedClient>();

  class BoundedClient extends pg.Client {
    private waiting = 0;
    private heardAt = performance.now();

    constructor(config?: string | pg.ClientConfig) {
      super(config);
      const send = this.query.bind(this) as (...args: unknown[]) => unknown;
      this.query = ((...args: unknown[]) => this.watch(send(...args))) as pg.Client['query'];
      this.once('connect', () => {
        this.heardAt = performance.now();
        siblings.add(this);
      });
      this.once('end', () => siblings.delete(this));
    }

    /** Only promises tell us their end; who passes a callback looks after its connection by itself. */
    private watch(answer: unknown): unknown {
      if (!(answer instanceof Promise)) return answer;
      const sentAt = performance.now();
      this.waiting += 1;
      return answer
        .catch(async (error: unknown) => {
          if (isSilence(error)) await this.breakSilent(sentAt);
          throw error;
        })
        .finally(() => {
          this.waiting -= 1;
          this.heardAt = performance.now();
        });
    }

    /** Resolves when the pool knows, so that whoever tries again at once is not lent one of them. */
    private async breakSilent(sentAt: number): Promise<void> {
      // Says to the pool that this one is not to be lent again; a goodbye to the server would wait for the answer.
      void this.end();
      const idle = [...siblings].filter((one) => one.waiting === 0 && one.heardAt < sentAt);
      await Promise.all([this, ...idle].map(async (one) => await one.break()));
    }

    private async break(): Promise<void> {
      const ended = new Promise<void>((resolve) => this.once('end', resolve));
      (this as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
      if (siblings.has(this)) await ended;
    }
  }

  return BoundedClient;
}
