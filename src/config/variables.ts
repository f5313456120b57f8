import { LOG_LEVELS, QUEUE_BACKENDS, ROLES } from './config.js';
import { flag, hostNames, oneOf, origins, secretUrl, seconds, text, wholeNumber } from './variable-kinds.js';

const DAY = 86_400;

/**
 * Every environment variable the application reads, with its default.
 * `.env.example` lists the same names and defaults; a test compares the two.
 */
export const VARIABLES = {
  ROLE: oneOf(ROLES, 'all'),
  HOST: text('127.0.0.1', /^[\w.:%-]{1,255}$/, 'an address or host name to bind'),
  PORT: wholeNumber(8000, { min: 0, max: 65_535 }),

  DATABASE_URL: secretUrl(null, ['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database'),
  DATABASE_POOL_SIZE: wholeNumber(10, { min: 2, max: 500 }),
  REDIS_URL: secretUrl('redis://localhost:6379', ['redis:', 'rediss:'], 'redis://host:6379'),
  QUEUE_BACKEND: oneOf(QUEUE_BACKENDS, null),
  QUEUE_PREFIX: text(
    'dts',
    /^[a-z][a-z0-9_-]{0,39}$/,
    'up to 40 of a-z, 0-9, _ and -, beginning with a letter',
  ),

  MAX_CONCURRENT_JOBS: wholeNumber(10, { min: 1, max: 1000 }),
  HEARTBEAT_SECONDS: seconds(5, { min: 0.1, max: 300 }),
  LEASE_SECONDS: seconds(15, { min: 0.3, max: 3600 }),
  SHUTDOWN_GRACE_SECONDS: seconds(20, { min: 0, max: DAY }),
  KILL_GRACE_SECONDS: seconds(5, { min: 0, max: 300 }),
  PROGRESS_SECONDS: seconds(30, { min: 1, max: DAY }),

  MAX_RETRIES: wholeNumber(3, { min: 0, max: 1000 }),
  RETRY_BASE_DELAY: seconds(60, { min: 0, max: 30 * DAY }),
  RETRY_MAX_DELAY: seconds(3600, { min: 0, max: 30 * DAY }),
  DLQ_ENABLED: flag(true),
  MAX_DAG_TASKS: wholeNumber(10_000, { min: 1, max: 100_000 }),
  MAX_DAG_EDGES: wholeNumber(50_000, { min: 0, max: 500_000 }),
  RETENTION_DAYS: wholeNumber(0, { min: 0, max: 36_500 }),
  TASK_TIMEOUT_SECONDS: seconds(3600, { min: 0.1, max: 30 * DAY }),
  LOG_MAX_BYTES: wholeNumber(1_048_576, { min: 4096, max: 67_108_864 }),

  HTTP_ALLOW_PRIVATE: flag(null),
  BODY_LIMIT_BYTES: wholeNumber(10_485_760, { min: 1024, max: 268_435_456 }),
  MAX_ACTIVE_REQUESTS: wholeNumber(128, { min: 1, max: 100_000 }),
  MAX_WAITING_REQUESTS: wholeNumber(1_000, { min: 0, max: 1_000_000 }),
  CORS_ORIGINS: origins(),
  ALLOWED_HOSTS: hostNames(),
  MAX_EVENT_STREAMS: wholeNumber(10_000, { min: 0, max: 1_000_000 }),
  MAX_EVENT_SUBSCRIPTIONS: wholeNumber(1_000, { min: 1, max: 100_000 }),
  EVENT_HEARTBEAT_SECONDS: seconds(20, { min: 0.1, max: 3600 }),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info'),
  DATA_DIRECTORY: text('.data', /^[^\0]{1,1024}$/, 'a path'),
  WORK_DIRECTORY: text(null, /^[^\0]{1,1024}$/, 'a path'),
};

export type VariableName = keyof typeof VARIABLES;

export const VARIABLE_NAMES = Object.keys(VARIABLES) as VariableName[];

/** The names under which a value may also be given as a file's content. */
export function fileVariableOf(name: VariableName): string | null {
  return VARIABLES[name].secret ? `${name}_FILE` : null;
}
