import type { SqlDatabase } from './sql-database.js';

const PING = { name: 'ping', text: 'SELECT 1' };

/** Without an answer for so long, another connection is tried. */
const PATIENCE_MS = 1_000;

/**
 * One round trip to the database, for the health of a process: past the pools, whose being busy is no outage. Whoever asks
 * while a round trip is under way shares it, so that questions nobody answers take up one connection only.
 */
export class PingStore {
  private underWay: Promise<unknown> | null = null;

  constructor(private readonly database: SqlDatabase) {}

  async ping(): Promise<void> {
    this.underWay ??= this.database.queryInsistently(PING, [], PATIENCE_MS).finally(() => {
      this.underWay = null;
    });
    await this.underWay;
  }
}
