import { ConsoleLogger, type LogLevel as NestLogLevel } from '@nestjs/common';
import type { Config, LogLevel } from './config/config.js';
import { servedRequestId } from './http/request-id.js';

/** Nest's words for ours, the levels above included. */
const LEVELS: Readonly<Record<LogLevel, NestLogLevel[]>> = {
  error: ['fatal', 'error'],
  warn: ['fatal', 'error', 'warn'],
  info: ['fatal', 'error', 'warn', 'log'],
  debug: ['fatal', 'error', 'warn', 'log', 'debug'],
};

/** Who tells of every module and route at boot: of interest to developers only. */
const CHATTY = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'WebSocketsController',
  'NestApplication',
]);

/**
 * One line per thing an operator wants to know, with the id of the request it belongs to; the framework's own steps only
 * at level `debug`.
 */
export class ProcessLogger extends ConsoleLogger {
  constructor({ level, hasColours }: Config['log']) {
    const { stdout } = process;
    // Only terminals have either; undefined would be the framework's default, which is colours everywhere.
    const colors = hasColours ?? (stdout.isTTY ? stdout.hasColors() : false);
    super({ logLevels: LEVELS[level], prefix: 'dts', colors });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (CHATTY.has(String(rest.at(-1)))) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  /** The id of the request that a line was written for stands in it, before what it says. */
  protected override formatContext(context: string): string {
    const id = servedRequestId();
    return id === null ? super.formatContext(context) : `${super.formatContext(context)}[${id}] `;
  }
}
