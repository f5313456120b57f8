import { QueueKeys, RedisConnection, RedisQueueBackend, type WorkerOptions } from 'bullmq';
import { withDeadline } from './deadline.js';
import { type Log, OutageLog } from './outage-log.js';
import {
  type AnyBackendFactory,
  type BackedQueueOptions,
  ManualWorker,
  type MessageJob,
  type PriorityQueue,
  type QueueBackend,
} from './queue-backend.js';
import type { QueueMemory } from './queue-memory.js';
import { type ConnectionReports, QueueRedis } from './redis-client.js';
import { RedisMemory } from './redis-memory.js';

/** How long the very first connection is waited for. */
const FIRST_CONNECT_MS = 1_000;

/** One ioredis connection, as BullMQ sees it and as we do. */
interface Link {
  client: QueueRedis;
  factory: AnyBackendFactory;
}

/**
 * Redis under BullMQ, with one connection for all producing queues and one for all consuming workers: a long
 * pipeline of additions does not hold up fetches. BullMQ's own factory would open a blocking connection for each
 * worker, which nothing here uses.
 */
export class RedisBackend implements QueueBackend {
  readonly kind = 'redis';
  private readonly reports: ConnectionReports;
  private readonly producing: Link;
  private consuming: Link | null = null;
  /** Of workers that were replaced and are not closed yet. */
  private readonly leaving = new Set<Link>();
  private wasReady = false;

  constructor(
    private readonly url: string,
    log: Log,
  ) {
    let policyKnown = false;
    this.reports = {
      log,
      outage: new OutageLog(log, 'Redis'),
      evictionPolicy: (policy) => {
        if (!policyKnown && policy !== 'noeviction') log.warn(evictionWarning(policy));
        policyKnown = true;
      },
    };
    this.producing = this.connect();
    this.producing.client.once('ready', () => (this.wasReady = true));
  }

  queueOptions(): BackedQueueOptions {
    return { connection: this.producing.client, backendFactory: this.producing.factory };
  }

  createWorker(name: string, options: Omit<WorkerOptions, 'connection'>): ManualWorker {
    this.consuming ??= this.connect();
    return new ManualWorker(name, { ...options, connection: this.consuming.client }, this.consuming.factory);
  }

  renewConnection(): () => Promise<void> {
    const old = this.consuming;
    this.consuming = null;
    if (old !== null) this.leaving.add(old);
    return async () => {
      if (old !== null && this.leaving.delete(old)) await old.client.leave();
    };
  }

  async usable(): Promise<void> {
    const { client } = this.producing;
    if (client.status === 'ready') return;
    if (this.wasReady || client.status === 'end') throw new Error(`the connection is ${client.status}`);
    const late = () => new Error(`no connection within ${FIRST_CONNECT_MS} ms`);
    let ready: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => client.once('ready', (ready = resolve)));
    await withDeadline(waiting, FIRST_CONNECT_MS, late).finally(() => client.off('ready', ready));
  }

  async ping(): Promise<void> {
    await this.producing.client.ping();
  }

  async oldest(queue: PriorityQueue): Promise<MessageJob | undefined> {
    return (await queue.getJobs(['waiting'], 0, 0, true))[0];
  }

  memoryOf(prefix: string): QueueMemory {
    return new RedisMemory(this.producing.client, `${prefix}:memory`);
  }

  async close(): Promise<void> {
    const links = [this.producing, ...this.leaving];
    if (this.consuming !== null) links.push(this.consuming);
    await Promise.all(links.map(({ client }) => client.leave()));
  }

  private connect(): Link {
    const client = new QueueRedis(this.url, this.reports);
    const connection = new RedisConnection(client, { shared: true, blocking: false });
    connection.on('error', () => undefined); // QueueRedis logs
    const factory: AnyBackendFactory = (name, options) => {
      const keys = new QueueKeys();
      return new RedisQueueBackend(
        connection,
        name,
        keys.getKeys(name),
        (type) => keys.toKey(name, type),
        { ...options, connection: client },
        undefined,
        false, // the connection is ours to close
      );
    };
    return { client, factory };
  }
}

function evictionWarning(policy: string): string {
  return (
    `Redis has maxmemory-policy ${policy}: it may throw messages away, and their attempts would wait for the ` +
    'next sweep. Set it to noeviction.'
  );
}
