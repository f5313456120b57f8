export const ROLES = ['api', 'scheduler', 'worker', 'all'] as const;
/** What one process does: answer HTTP, look after time, execute attempts, or all three. */
export type Role = (typeof ROLES)[number];

export const QUEUE_BACKENDS = ['redis', 'postgres'] as const;
/** Where BullMQ keeps its queues. */
export type QueueBackend = (typeof QUEUE_BACKENDS)[number];

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Everything a process is told from outside, validated and complete. Made by `loadConfig`, never changed. */
export interface Config {
  role: Role;
  /** The address the HTTP server binds. */
  host: string;
  /** 0 lets the system pick a free one. */
  port: number;
  database: {
    /** null = the embedded PostgreSQL of `src/embedded`. */
    url: string | null;
    /** Connections this process may hold for its own statements. */
    poolSize: number;
  };
  redis: { url: string };
  queue: {
    backend: QueueBackend;
    /** First part of every queue and channel name; two installations on one Redis need two. */
    prefix: string;
  };
  worker: {
    /** Attempts executed at once, over all priorities together. */
    slots: number;
    heartbeatSeconds: number;
    /** A worker not heard of for so long is lost; at least three heartbeats. */
    leaseSeconds: number;
    /** How long running attempts may go on after a SIGTERM before they are handed back. */
    shutdownGraceSeconds: number;
    /** Between TERM and KILL to the processes of a stopped attempt. */
    killGraceSeconds: number;
    /** Absolute; each attempt gets a directory of its own below it. */
    workDirectory: string;
    /** The PATH task processes get: the one variable of the server's environment they see. */
    searchPath: string;
  };
  retries: {
    /** Retries after the first attempt, so 3 means 4 attempts. */
    maxRetries: number;
    baseDelaySeconds: number;
    maxDelaySeconds: number;
  };
  /** false: an exhausted task just fails. */
  dlq: { enabled: boolean };
  /** How large one DAG may be. */
  dags: {
    maxTasks: number;
    /** Dependencies over all tasks. */
    maxEdges: number;
  };
  retention: {
    /** Jobs that ended longer ago are deleted with their history; 0 = everything is kept. */
    days: number;
  };
  defaults: {
    /** For tasks that name no timeout of their own. */
    timeoutSeconds: number;
  };
  /** What attempts write. */
  attemptLogs: {
    /** Of one attempt; of more its beginning and its end are kept. */
    maxBytes: number;
  };
  http: {
    /** Whether `http` tasks may call private, loopback and metadata addresses. */
    allowPrivate: boolean;
    /** Larger request bodies are answered with 413. */
    bodyLimitBytes: number;
    /** Requests a process works on at once; streams that run and questions about its health do not count. */
    maxActiveRequests: number;
    /** Requests that wait for their turn; beyond, they are answered with 503 at once. */
    maxWaitingRequests: number;
    /** Web origins, as browsers write them, whose pages may use this server; its own may in any case. */
    corsOrigins: readonly string[];
    /** Names by which the server may be asked, besides those of loopback; null = by any. */
    allowedHosts: readonly string[] | null;
  };
  events: {
    /** Event streams one process serves at once, over all protocols. */
    maxStreams: number;
    /** Jobs one Socket.IO client may follow. */
    maxSubscriptions: number;
    /** Between two signs of life on a stream; a WebSocket that does not answer one by the next is closed. */
    heartbeatSeconds: number;
  };
  log: {
    level: LogLevel;
    /** null = when standard output is a terminal that has them. */
    hasColours: boolean | null;
  };
  /** Without progress for so long although work is due, a part of the process begins anew; then the process ends. */
  progressSeconds: number;
  /** Absolute; the embedded PostgreSQL and the attempts' directories live below it. */
  dataDirectory: string;
}
