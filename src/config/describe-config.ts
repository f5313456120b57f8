import type { Config } from './config.js';

/**
 * The configuration as lines of `NAME value`, in the names of the environment, for the log at boot.
 * Passwords in URLs are masked.
 */
export function describeConfig(config: Config): string[] {
  const { worker, retries } = config;
  const lines: [string, string | number | boolean][] = [
    ['ROLE', config.role],
    ['HOST', config.host],
    ['PORT', config.port],
    ['DATABASE_URL', config.database.url === null ? '(embedded PostgreSQL)' : maskUrl(config.database.url)],
    ['DATABASE_POOL_SIZE', config.database.poolSize],
    ['REDIS_URL', config.queue.backend === 'redis' ? maskUrl(config.redis.url) : '(not used)'],
    ['QUEUE_BACKEND', config.queue.backend],
    ['QUEUE_PREFIX', config.queue.prefix],
    ['MAX_CONCURRENT_JOBS', worker.slots],
    ['HEARTBEAT_SECONDS', worker.heartbeatSeconds],
    ['LEASE_SECONDS', worker.leaseSeconds],
    ['SHUTDOWN_GRACE_SECONDS', worker.shutdownGraceSeconds],
    ['KILL_GRACE_SECONDS', worker.killGraceSeconds],
    ['MAX_RETRIES', retries.maxRetries],
    ['RETRY_BASE_DELAY', retries.baseDelaySeconds],
    ['RETRY_MAX_DELAY', retries.maxDelaySeconds],
    ['DLQ_ENABLED', config.dlq.enabled],
    ['TASK_TIMEOUT_SECONDS', config.defaults.timeoutSeconds],
    ['HTTP_ALLOW_PRIVATE', config.http.allowPrivate],
    ['BODY_LIMIT_BYTES', config.http.bodyLimitBytes],
    ['LOG_LEVEL', config.log.level],
    ['DATA_DIRECTORY', config.dataDirectory],
    ['WORK_DIRECTORY', worker.workDirectory],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)} ${value}`);
}

/** The URL with its password, and any query value that may be one, replaced by `***`. */
export function maskUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.password) parsed.password = '***';
  for (const key of [...parsed.searchParams.keys()])
    if (/pass|secret|token|key/i.test(key)) parsed.searchParams.set(key, '***');
  return parsed.toString();
}
