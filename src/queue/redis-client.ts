import { Redis } from 'ioredis';
import { describe, type Log, type OutageLog } from './outage-log.js';

/** How long one command may take before it is given up. */
const COMMAND_TIMEOUT_MS = 1_500;

/** What the owner of a connection hears about it. */
export interface ConnectionReports {
  log: Log;
  outage: OutageLog;
  /** The server's maxmemory-policy, once it is known. */
  evictionPolicy(policy: string): void;
}

/**
 * A connection for BullMQ: never queues commands while Redis is away, gives each command a time of its own, fails
 * what was under way when the connection breaks, and reconnects for ever, at least once a second.
 */
export class QueueRedis extends Redis {
  private isCorked = false;

  constructor(
    url: string,
    private readonly reports: ConnectionReports,
  ) {
    super(url, {
      // Commands sent while away fail at once; a backlog of stale hints would help nobody.
      enableOfflineQueue: false,
      // Commands whose answer was lost with the connection fail at once, too.
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
      // A peer that vanished without a word: no answer for so long breaks the connection.
      socketTimeout: 4 * COMMAND_TIMEOUT_MS,
      connectTimeout: 2_000,
      retryStrategy: (times) => Math.min(50 * 2 ** (times - 1), 400) + Math.random() * 100,
    });
    this.on('error', (error) => reports.outage.failed(error));
    this.on('ready', () => reports.outage.works());
  }

  /**
   * Everything that is sent in one turn of the event loop leaves in one system call: a batch of attempts that end
   * together fetches their successors together. Unlike automatic pipelining it changes neither order nor commands.
   */
  override sendCommand(...[command, stream]: Parameters<Redis['sendCommand']>): unknown {
    const socket = this.isCorked ? undefined : this.stream;
    if (socket?.writable) {
      this.isCorked = true;
      socket.cork();
      process.nextTick(() => {
        this.isCorked = false;
        socket.uncork();
      });
    }
    return super.sendCommand(command, stream);
  }

  /**
   * BullMQ asks INFO once per connection object and remembers a failure for ever, which would leave its queues
   * dead until a restart. So its question (the one without arguments) is asked until it is answered. The answer
   * goes on without the eviction policy, which BullMQ would comment on the console; it is reported instead.
   */
  override info(...args: unknown[]): Promise<string> {
    if (args.length > 0) return (super.info as (...rest: unknown[]) => Promise<string>)(...args);
    return this.infoAtLast();
  }

  private async infoAtLast(): Promise<string> {
    while (true) {
      try {
        const info = await super.info();
        const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
        if (policy !== undefined) this.reports.evictionPolicy(policy);
        return info.replace(/^maxmemory_policy:.*$/m, '');
      } catch (error) {
        if (this.status === 'end') throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  /** Ends the connection in order if it stands, and in any case. */
  async leave(): Promise<void> {
    try {
      if (this.status === 'ready') await this.quit();
    } catch (error) {
      this.reports.log.debug?.(`Redis did not say goodbye: ${describe(error)}`);
    } finally {
      this.disconnect();
    }
  }
}
