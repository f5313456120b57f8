import pg from 'pg';
import { type BusLog, WireBus } from './wire-bus.js';

/** PostgreSQL's limit is "shorter than 8000". */
const MAX_BYTES = 7_999;
/** A connection that fell silent hears nothing either, without an error: it is asked so often whether it is there. */
const HEARTBEAT_MS = 5_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;

export interface PostgresBusOptions {
  databaseUrl: string;
  /** The channel all processes of the installation share. */
  channel: string;
}

/** The bus over LISTEN/NOTIFY: one connection of its own, which listens and notifies. */
export class PostgresBus extends WireBus {
  private client: pg.Client | null = null;
  private connecting: Promise<void>;
  private retries = 0;
  private retry: NodeJS.Timeout | undefined;
  private readonly heartbeat: NodeJS.Timeout;

  constructor(
    private readonly options: PostgresBusOptions,
    log: BusLog,
  ) {
    super(log, MAX_BYTES);
    this.connecting = this.connect();
    this.heartbeat = setInterval(() => {
      const { client } = this;
      client?.query('SELECT 1').catch(() => this.lost(client));
    }, HEARTBEAT_MS);
  }

  protected override async send(payloads: readonly string[]): Promise<void> {
    await this.connecting;
    const { client } = this;
    if (!client) throw new Error('no connection to the database');
    try {
      // One statement, so one commit: NOTIFY takes a lock of the whole server for each.
      await client.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [
        this.options.channel,
        payloads,
      ]);
    } catch (error) {
      // Whatever it was, a connection that may be silent would keep all that follows waiting.
      this.lost(client);
      throw error;
    }
  }

  protected override async disconnect(): Promise<void> {
    clearInterval(this.heartbeat);
    clearTimeout(this.retry);
    await this.connecting;
    const { client } = this;
    this.client = null;
    await client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.options.databaseUrl,
      application_name: 'bus',
      connectionTimeoutMillis: 2_000,
      statement_timeout: 1_500,
      query_timeout: 2_000,
      keepAlive: true,
    });
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    client.on('notification', ({ payload }) => this.received(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(this.options.channel)}`);
    } catch {
      void client.end().catch(() => undefined);
      this.connectLater();
      return;
    }
    this.client = client;
    this.retries = 0;
    this.mayHaveMissed();
  }

  /** The connection broke, or does not answer: nothing arrives by it any more. */
  private lost(client: pg.Client | null): void {
    if (client === null || client !== this.client) return;
    this.client = null;
    void client.end().catch(() => undefined);
    this.connectLater();
  }

  private connectLater(): void {
    if (this.closed) return;
    const delayMs =
      Math.min(FIRST_RETRY_MS * 2 ** this.retries++, LONGEST_RETRY_MS) * (0.75 + Math.random() / 4);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      this.connecting = this.connect();
    }, delayMs);
  }
}
