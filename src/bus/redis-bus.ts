import { Redis } from 'ioredis';
import { type BusLog, WireBus } from './wire-bus.js';

const COMMAND_TIMEOUT_MS = 1_500;
/** How often the subscription is asked whether it still stands. */
const HEARTBEAT_MS = 10_000;
const MAX_BYTES = 256 * 1024;

export interface RedisBusOptions {
  url: string;
  /** The channel all processes of the installation share. */
  channel: string;
}

/** The bus over Redis pub/sub: one connection to publish, one to listen. */
export class RedisBus extends WireBus {
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private readonly channel: string;
  private readonly heartbeat: NodeJS.Timeout;

  constructor(options: RedisBusOptions, log: BusLog) {
    super(log, MAX_BYTES);
    this.channel = options.channel;
    this.publisher = this.connect(options.url);
    this.subscriber = this.connect(options.url);
    this.subscriber.on('message', (_channel: string, payload: string) => this.received(payload));
    this.subscriber.on('ready', () => void this.listen());
    // An answer that does not come within the socket timeout breaks the connection, and so renews it.
    this.heartbeat = setInterval(() => {
      if (this.subscriber.status === 'ready') this.subscriber.ping().catch(() => undefined);
    }, HEARTBEAT_MS);
  }

  protected override async send(payloads: readonly string[]): Promise<void> {
    await this.whileConnecting();
    await Promise.all(payloads.map((payload) => this.publisher.publish(this.channel, payload)));
  }

  protected override async disconnect(): Promise<void> {
    clearInterval(this.heartbeat);
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  private connect(url: string): Redis {
    const client = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResubscribe: false,
      commandTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: 2 * COMMAND_TIMEOUT_MS,
      connectTimeout: 2_000,
      retryStrategy: (times) => Math.min(50 * 2 ** (times - 1), 400) + Math.random() * 100,
    });
    client.on('error', () => undefined); // a failed publish says it once
    return client;
  }

  /** A process that has just started publishes before its first connection stands. */
  private async whileConnecting(): Promise<void> {
    if (this.publisher.status !== 'connecting' && this.publisher.status !== 'connect') return;
    await new Promise<void>((resolve) => {
      const go = () => {
        this.publisher.off('ready', go).off('close', go);
        resolve();
      };
      this.publisher.once('ready', go).once('close', go);
    });
  }

  private async listen(): Promise<void> {
    try {
      await this.subscriber.subscribe(this.channel);
      this.mayHaveMissed();
    } catch {
      if (!this.closed) this.subscriber.disconnect(true); // a connection that does not listen is of no use
    }
  }
}
