import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Config } from './config.js';
import { ConfigError } from './config-error.js';
import { readVariables, type Reading } from './read-variables.js';
import { similarVariables } from './similar-variables.js';

const DEFAULT_SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Turns an environment into a Config.
 *
 * @throws ConfigError with every fault, of single variables and between them.
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const reading = readVariables(env);
  const faults = [...reading.faults, ...faultsBetween(reading)];
  if (faults.length > 0) throw new ConfigError(faults, similarVariables(env));

  const { values, given } = reading;
  const dataDirectory = resolve(values.DATA_DIRECTORY);
  const onlyEmbedded = !given.has('DATABASE_URL') && !given.has('REDIS_URL');
  return {
    role: values.ROLE,
    host: values.HOST,
    port: values.PORT,
    database: { url: values.DATABASE_URL, poolSize: values.DATABASE_POOL_SIZE },
    redis: { url: values.REDIS_URL },
    queue: {
      backend: values.QUEUE_BACKEND ?? (onlyEmbedded ? 'postgres' : 'redis'),
      prefix: values.QUEUE_PREFIX,
    },
    worker: {
      slots: values.MAX_CONCURRENT_JOBS,
      heartbeatSeconds: values.HEARTBEAT_SECONDS,
      leaseSeconds: values.LEASE_SECONDS,
      shutdownGraceSeconds: values.SHUTDOWN_GRACE_SECONDS,
      killGraceSeconds: values.KILL_GRACE_SECONDS,
      workDirectory: resolve(values.WORK_DIRECTORY ?? `${dataDirectory}/work`),
      searchPath: env.PATH || DEFAULT_SEARCH_PATH,
    },
    retries: {
      maxRetries: values.MAX_RETRIES,
      baseDelaySeconds: values.RETRY_BASE_DELAY,
      maxDelaySeconds: values.RETRY_MAX_DELAY,
    },
    dlq: { enabled: values.DLQ_ENABLED },
    dags: { maxTasks: values.MAX_DAG_TASKS, maxEdges: values.MAX_DAG_EDGES },
    retention: { days: values.RETENTION_DAYS },
    defaults: { timeoutSeconds: values.TASK_TIMEOUT_SECONDS },
    attemptLogs: { maxBytes: values.LOG_MAX_BYTES },
    http: {
      allowPrivate: values.HTTP_ALLOW_PRIVATE ?? isLoopback(values.HOST),
      bodyLimitBytes: values.BODY_LIMIT_BYTES,
      maxActiveRequests: values.MAX_ACTIVE_REQUESTS,
      maxWaitingRequests: values.MAX_WAITING_REQUESTS,
      corsOrigins: values.CORS_ORIGINS,
      allowedHosts: values.ALLOWED_HOSTS ?? (isLoopback(values.HOST) ? [] : null),
    },
    events: {
      maxStreams: values.MAX_EVENT_STREAMS,
      maxSubscriptions: values.MAX_EVENT_SUBSCRIPTIONS,
      heartbeatSeconds: values.EVENT_HEARTBEAT_SECONDS,
    },
    progressSeconds: values.PROGRESS_SECONDS,
    log: { level: values.LOG_LEVEL, hasColours: coloursAskedFor(env) },
    dataDirectory,
  };
}

/**
 * The one place that meets the real environment: adds what a `.env` file in the current directory says
 * (variables that are set already win) and reads the whole.
 *
 * @throws ConfigError as `loadConfig` does.
 */
export function configOfThisProcess(): { config: Config; hints: string[] } {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return { config: loadConfig(process.env), hints: similarVariables(process.env) };
}

/** Rules no variable can break alone. Each is skipped while one of its variables is at fault by itself. */
function faultsBetween({ values, given, faulty }: Reading): string[] {
  const faults: string[] = [];
  const sound = (...names: Parameters<typeof faulty.has>[0][]) => !names.some((name) => faulty.has(name));

  if (sound('LEASE_SECONDS', 'HEARTBEAT_SECONDS') && values.LEASE_SECONDS < 3 * values.HEARTBEAT_SECONDS)
    faults.push(
      `LEASE_SECONDS: expected at least three times HEARTBEAT_SECONDS (${values.HEARTBEAT_SECONDS}), ` +
        `so that two lost heartbeats lose no worker, got ${values.LEASE_SECONDS}`,
    );
  if (sound('RETRY_BASE_DELAY', 'RETRY_MAX_DELAY') && values.RETRY_BASE_DELAY > values.RETRY_MAX_DELAY)
    faults.push(
      `RETRY_BASE_DELAY: expected at most RETRY_MAX_DELAY (${values.RETRY_MAX_DELAY}), got ${values.RETRY_BASE_DELAY}`,
    );
  if (sound('ROLE', 'DATABASE_URL') && values.ROLE !== 'all' && !given.has('DATABASE_URL'))
    faults.push(
      `DATABASE_URL: expected a URL, because ROLE is ${values.ROLE} and only ROLE=all ` +
        `may bring its own embedded PostgreSQL, got nothing`,
    );
  return faults;
}

/**
 * Conventions of all programs (https://no-color.org, https://force-color.org), so no variables of ours. NO_COLOR wins,
 * since the framework's logger obeys it in any case. null = neither says anything.
 */
function coloursAskedFor({ NO_COLOR, FORCE_COLOR }: NodeJS.ProcessEnv): boolean | null {
  if (NO_COLOR) return false;
  return FORCE_COLOR ? FORCE_COLOR !== '0' && FORCE_COLOR !== 'false' : null;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
