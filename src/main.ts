import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { CONFIG_EXIT_CODE, ConfigError } from './config/config-error.js';
import type { Config } from './config/config.js';
import { describeConfig } from './config/describe-config.js';
import { configOfThisProcess } from './config/load-config.js';
import type { EmbeddedPostgres } from './embedded/embedded-postgres.js';
import { ProcessLogger } from './process-logger.js';

/** Beyond the graces of the worker: what closing itself may take before the process ends anyway. */
const CLOSING_MS = 15_000;
const SCHEMA_POLL_MS = 1_000;
const SCHEMA_REMINDER_MS = 30_000;

/**
 * One process, from start to end. Signals count from the first line on: whatever has been opened by then is closed, in
 * the order application (hands its attempts back), then embedded PostgreSQL (which it needs for that).
 */
class Process {
  private readonly stopping = new AbortController();
  private app: NestExpressApplication | null = null;
  private isBuilding = false;
  private embedded: EmbeddedPostgres | null = null;
  private stopped: Promise<void> | null = null;
  private closingMs = CLOSING_MS;
  private exitCode = 0;
  private readonly logger = new Logger('Main');

  async start(): Promise<void> {
    process.on('SIGINT', (signal) => this.onSignal(signal));
    process.on('SIGTERM', (signal) => this.onSignal(signal));
    const { config: given, hints } = configOfThisProcess();
    Logger.overrideLogger(new ProcessLogger(given.log));
    for (const line of describeConfig(given)) this.logger.log(line);
    for (const hint of hints) this.logger.warn(hint);
    const config = await this.withDatabase(given);
    if (this.stopping.signal.aborted) return await this.stop();
    await this.listen(config);
    if (this.stopping.signal.aborted) await this.stop();
  }

  /** Gives back a configuration with a database that has the schema. */
  private async withDatabase(config: Config): Promise<Config> {
    const { migrateDatabase } = await import('./persistence/migrate.js');
    if (config.database.url !== null) {
      if (config.role === 'all')
        await this.untilReachable(async () => void (await migrateDatabase(config.database.url!)));
      else await this.untilMigrated(config.database.url);
      return config;
    }
    const { startEmbeddedPostgres } = await import('./embedded/embedded-postgres.js');
    const log = (line: string): void => this.logger.log(line);
    this.embedded = await startEmbeddedPostgres({ dataDirectory: config.dataDirectory, log });
    await migrateDatabase(this.embedded.url);
    return { ...config, database: { ...config.database, url: this.embedded.url } };
  }

  /** Waits for `npm run migrate`, saying so, instead of crashing until somebody has run it. */
  private async untilMigrated(url: string): Promise<void> {
    const { isSchemaCurrent } = await import('./persistence/migrate.js');
    let remindedAt = -Infinity;
    await this.untilReachable(async () => {
      while (!this.stopping.signal.aborted && !(await isSchemaCurrent(url))) {
        if (performance.now() - remindedAt > SCHEMA_REMINDER_MS) {
          this.logger.warn(
            'Waiting for the database schema: run `npm run migrate` against this DATABASE_URL.',
          );
          remindedAt = performance.now();
        }
        await sleep(SCHEMA_POLL_MS);
      }
    });
  }

  /** Repeats a step for as long as the database is away; any other fault is the caller's. */
  private async untilReachable(step: () => Promise<void>): Promise<void> {
    const { isDatabaseAway } = await import('./persistence/database-faults.js');
    let isReported = false;
    while (!this.stopping.signal.aborted) {
      try {
        return await step();
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        if (!isReported) this.logger.warn(`Waiting for the database: ${messageOf(error)}`);
        isReported = true;
        await sleep(SCHEMA_POLL_MS);
      }
    }
  }

  /** Builds the application for the role and opens the port. Imported late: modules read nothing before the URLs are known. */
  private async listen(config: Config): Promise<void> {
    const [{ AppModule }, { configureHttp }, { GivingUp, GAVE_UP_EXIT_CODE }] = await Promise.all([
      import('./app.module.js'),
      import('./http/configure-http.js'),
      import('./engine/giving-up.js'),
    ]);
    this.isBuilding = true;
    const app = await NestFactory.create<NestExpressApplication>(AppModule.for(config), {
      bodyParser: false,
      forceCloseConnections: true,
      abortOnError: false,
    });
    this.isBuilding = false;
    this.app = app;
    this.closingMs =
      (config.worker.shutdownGraceSeconds + config.worker.killGraceSeconds) * 1_000 + CLOSING_MS;
    configureHttp(app, config);
    app.get(GivingUp, { strict: false }).onGivenUp((reason) => this.onGivenUp(reason, GAVE_UP_EXIT_CODE));
    await app.listen(config.port, config.host);
    const url = await app.getUrl();
    this.logger.log(`ROLE=${config.role} is ready on ${url}`);
    if (config.role === 'all') {
      const { printWelcome } = await import('./welcome.js');
      printWelcome(url);
    }
  }

  private onSignal(signal: NodeJS.Signals): void {
    if (this.stopping.signal.aborted) {
      this.logger.warn(`${signal} again: stopping at once.`);
      this.embedded?.stopWithoutWaiting();
      process.exit(1);
    }
    this.logger.log(`${signal}: finishing what runs, then stopping; once more stops at once.`);
    this.stopping.abort();
    // Else `start` sees the flag at its next step; building may wait for the database, and holds nothing that must be closed.
    if (this.app !== null || this.isBuilding) void this.stop();
  }

  /** As for a signal, but that whoever keeps the process running is told to start it again. */
  private onGivenUp(reason: string, exitCode: number): void {
    if (this.stopping.signal.aborted) return;
    this.logger.error(`No progress: ${reason}. Stopping, to be started again (exit code ${exitCode}).`);
    this.exitCode = exitCode;
    this.stopping.abort();
    void this.stop();
  }

  /** Once, however often it is asked for. */
  private async stop(): Promise<void> {
    this.stopped ??= this.close();
    await this.stopped;
  }

  private async close(): Promise<void> {
    // unref: the timer must not be what keeps the process alive.
    setTimeout(() => {
      this.logger.error('Closing took too long: stopping at once.');
      this.embedded?.stopWithoutWaiting();
      process.exit(this.exitCode || 1);
    }, this.closingMs).unref();
    try {
      await this.app?.close();
      await this.embedded?.stop();
      process.exit(this.exitCode);
    } catch (error) {
      this.logger.error(`Closing failed: ${messageOf(error)}`);
      process.exit(this.exitCode || 1);
    }
  }

  /** After a failed start: what was opened is closed. */
  async abandon(): Promise<void> {
    await this.app?.close().catch(() => undefined);
    await this.embedded?.stop().catch(() => undefined);
  }
}

/** What went wrong at the start; what the user can mend is said in a sentence, anything else with its stack. */
function reasonOf(error: unknown): unknown {
  if (error instanceof ConfigError) return error.message;
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  if (syscall !== 'listen') return error;
  const why = code === 'EADDRINUSE' ? 'another process listens there' : `it may not be used (${code})`;
  return `Cannot listen on ${address}:${port}: ${why}. Set PORT (and HOST) to a free one.`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const self = new Process();
try {
  await self.start();
} catch (error) {
  console.error(reasonOf(error));
  await self.abandon();
  process.exit(error instanceof ConfigError ? CONFIG_EXIT_CODE : 1);
}
