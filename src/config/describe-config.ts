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
    ['PROGRESS_SECONDS', config.progressSeconds],
    ['MAX_RETRIES', retries.maxRetries],
    ['RETRY_BASE_DELAY', retries.baseDelaySeconds],
    ['RETRY_MAX_DELAY', retries.maxDelaySeconds],
    ['DLQ_ENABLED', config.dlq.enabled],
    ['MAX_DAG_TASKS', config.dags.maxTasks],
    ['MAX_DAG_EDGES', config.dags.maxEdges],
    ['RETENTION_DAYS', config.retention.days],
    ['TASK_TIMEOUT_SECONDS', config.defaults.timeoutSeconds],
    ['LOG_MAX_BYTES', config.attemptLogs.maxBytes],
    ['HTTP_ALLOW_PRIVATE', config.http.allowPrivate],
    ['BODY_LIMIT_BYTES', config.http.bodyLimitBytes],
    ['MAX_ACTIVE_REQUESTS', config.http.maxActiveRequests],
    ['MAX_WAITING_REQUESTS', config.http.maxWaitingRequests],
    ['CORS_ORIGINS', config.http.corsOrigins.join(', ') || '(none but its own)'],
    ['ALLOWED_HOSTS', hostsOf(config)],
    ['MAX_EVENT_STREAMS', config.events.maxStreams],
    ['MAX_EVENT_SUBSCRIPTIONS', config.events.maxSubscriptions],
    ['EVENT_HEARTBEAT_SECONDS', config.events.heartbeatSeconds],
    ['LOG_LEVEL', config.log.level],
    ['DATA_DIRECTORY', config.dataDirectory],
    ['WORK_DIRECTORY', worker.workDirectory],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)} ${value}`);
}

function hostsOf({ http: { allowedHosts } }: Config): string {
  return allowedHosts === null ? '(any)' : allowedHosts.join(', ') || '(those of loopback)';
}

/** The URL with its password, and any query value that may be one, replaced by `***`. */
export function maskUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.password) parsed.password = '***';
  for (const key of [...parsed.searchParams.keys()])
    if (/pass|secret|token|key/i.test(key)) parsed.searchParams.set(key, '***');
  return parsed.toString();
}
