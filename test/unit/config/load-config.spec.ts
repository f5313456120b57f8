import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../../src/config/config-error.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { MAX_EDGES, MAX_TASKS, MOST_TASKS } from '../../../src/domain/graph.js';

function refusal(env: NodeJS.ProcessEnv): ConfigError {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted');
}

const faultsOf = (env: NodeJS.ProcessEnv) => [...refusal(env).faults];

describe('an empty environment', () => {
  it('is a whole product on this machine: embedded PostgreSQL, queues in it, loopback only', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      role: 'all',
      host: '127.0.0.1',
      port: 8000,
      database: { url: null, poolSize: 10 },
      queue: { backend: 'postgres' },
      worker: { slots: 10, heartbeatSeconds: 5, leaseSeconds: 15 },
      retries: { maxRetries: 3, baseDelaySeconds: 60, maxDelaySeconds: 3600 },
      dlq: { enabled: true },
      retention: { days: 0 },
      http: { allowPrivate: true },
    });
    expect(config.dataDirectory).toBe(join(process.cwd(), '.data'));
    expect(config.worker.workDirectory).toBe(join(process.cwd(), '.data/work'));
  });

  it('means the same as one in which every variable is empty', () => {
    expect(loadConfig({ PORT: '', ROLE: ' ', DATABASE_URL: '', DATABASE_URL_FILE: '' })).toEqual(
      loadConfig({}),
    );
  });
});

describe('the queue backend', () => {
  const database = 'postgres://u@h/d';
  it.each([
    [{ DATABASE_URL: database }, 'redis'],
    [{ REDIS_URL: 'redis://h:1' }, 'redis'],
    [{ DATABASE_URL: database, QUEUE_BACKEND: 'postgres' }, 'postgres'],
    [{ QUEUE_BACKEND: 'redis' }, 'redis'],
  ])('with %j is %s', (env, backend) => {
    expect(loadConfig(env).queue.backend).toBe(backend);
  });
});

describe('http tasks', () => {
  it.each([
    [{ HOST: '127.0.0.1' }, true],
    [{ HOST: 'localhost' }, true],
    [{ HOST: '::1' }, true],
    [{ HOST: '0.0.0.0' }, false],
    [{ HOST: '127.0.0.1.example.org' }, false],
    [{ HOST: '0.0.0.0', HTTP_ALLOW_PRIVATE: 'true' }, true],
    [{ HTTP_ALLOW_PRIVATE: 'false' }, false],
  ])('with %j may call private addresses: %s', (env, allowed) => {
    expect(loadConfig(env).http.allowPrivate).toBe(allowed);
  });
});

describe('origins whose pages may open sockets', () => {
  it.each([
    ['https://example.org', ['https://example.org']],
    ['https://Example.org:443/ , http://localhost:5173', ['https://example.org', 'http://localhost:5173']],
    ['http://[::1]:80', ['http://[::1]']],
  ])('%s are read as browsers write them', (text, origins) => {
    expect(loadConfig({ CORS_ORIGINS: text }).http.corsOrigins).toEqual(origins);
  });

  it.each([
    '*',
    'https://*.example.org',
    'example.org',
    'https://example.org/app',
    'ws://h',
    'http://a,,http://b',
  ])('%s is refused, since no origin could ever match it, or any could', (text) => {
    expect(faultsOf({ CORS_ORIGINS: text })).toEqual([
      expect.stringMatching(/^CORS_ORIGINS: expected origins like https:\/\/example\.org/),
    ]);
  });
});

describe('colours of the log', () => {
  it.each([
    [{}, null],
    [{ NO_COLOR: '', FORCE_COLOR: '' }, null],
    [{ NO_COLOR: '1' }, false],
    [{ NO_COLOR: '0' }, false],
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '3' }, true],
    [{ FORCE_COLOR: '0' }, false],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ])('with %j are %s', (env, hasColours) => {
    expect(loadConfig(env).log.hasColours).toBe(hasColours);
  });
});

describe('the size of one DAG', () => {
  it('is what the domain takes for usual, unless somebody says otherwise', () => {
    expect(loadConfig({}).dags).toEqual({ maxTasks: MAX_TASKS, maxEdges: MAX_EDGES });
    expect(loadConfig({ MAX_DAG_TASKS: String(MOST_TASKS), MAX_DAG_EDGES: '500000' }).dags).toEqual({
      maxTasks: MOST_TASKS,
      maxEdges: 500_000,
    });
  });

  it.each([
    ['MAX_DAG_TASKS', String(MOST_TASKS + 1), 'from 1 to 100000'],
    ['MAX_DAG_TASKS', '0', 'from 1 to 100000'],
    ['MAX_DAG_EDGES', '500001', 'from 0 to 500000'],
  ])('has bounds: %s=%s is refused', (name, value, range) => {
    expect(faultsOf({ [name]: value })).toEqual([
      `${name}: expected a whole number ${range}, got "${value}"`,
    ]);
  });
});

describe('a variable that does not fit', () => {
  it.each([
    ['ROLE', 'boss', 'ROLE: expected one of api, scheduler, worker, all, got "boss"'],
    ['ROLE', 'API', 'ROLE: expected one of api, scheduler, worker, all, got "API"'],
    ['HOST', 'a b', 'HOST: expected an address or host name to bind, got "a b"'],
    ['PORT', '65536', 'PORT: expected a whole number from 0 to 65535, got "65536"'],
    ['PORT', '80.5', 'PORT: expected a whole number from 0 to 65535, got "80.5"'],
    ['PORT', '0x50', 'PORT: expected a whole number from 0 to 65535, got "0x50"'],
    ['DATABASE_POOL_SIZE', '1', 'DATABASE_POOL_SIZE: expected a whole number from 2 to 500, got "1"'],
    ['QUEUE_BACKEND', 'kafka', 'QUEUE_BACKEND: expected one of redis, postgres, got "kafka"'],
    ['MAX_CONCURRENT_JOBS', '0', 'MAX_CONCURRENT_JOBS: expected a whole number from 1 to 1000, got "0"'],
    ['HEARTBEAT_SECONDS', '5s', 'HEARTBEAT_SECONDS: expected a number of seconds from 0.1 to 300, got "5s"'],
    ['MAX_RETRIES', '-1', 'MAX_RETRIES: expected a whole number from 0 to 1000, got "-1"'],
    [
      'RETRY_BASE_DELAY',
      '1e1',
      'RETRY_BASE_DELAY: expected a number of seconds from 0 to 2592000, got "1e1"',
    ],
    ['DLQ_ENABLED', 'yes', 'DLQ_ENABLED: expected true or false, got "yes"'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL: expected one of debug, info, warn, error, got "loud"'],
  ])('%s=%s is refused in words', (name, value, fault) => {
    expect(faultsOf({ [name]: value })).toEqual([fault]);
  });

  it('may not part queue names, whose parts are joined by colons', () => {
    expect(faultsOf({ QUEUE_PREFIX: 'a:b' })).toEqual([expect.stringContaining('QUEUE_PREFIX: expected')]);
  });

  it.each([
    ['DATABASE_URL', 'mysql://root:hunter2@h/d', 'got one that begins with "mysql://"'],
    ['DATABASE_URL', 'hunter2', 'got something that is no such URL (not shown)'],
    ['REDIS_URL', 'redis:hunter2 @', 'got something that is no such URL (not shown)'],
  ])('%s is refused without showing what may be a password', (name, value, expected) => {
    const { message } = refusal({ [name]: value });
    expect(message).toContain(expected);
    expect(message).not.toContain('hunter2');
  });

  it('is named together with all others that do not fit', () => {
    const error = refusal({ PORT: 'x', ROLE: 'y', DLQ_ENABLED: 'z', DATABSE_URL: 'postgres://h/d' });
    expect(error.faults).toHaveLength(3);
    expect(error.message).toContain('has 3 faults');
    for (const fault of error.faults) expect(error.message).toContain(`- ${fault}`);
    expect(error.message).toContain('DATABSE_URL is not read; did you mean DATABASE_URL?');
  });
});

describe('rules between variables', () => {
  it('ask for a lease of at least three heartbeats', () => {
    expect(faultsOf({ HEARTBEAT_SECONDS: '5.1' })).toEqual([
      expect.stringMatching(
        /^LEASE_SECONDS: expected at least three times HEARTBEAT_SECONDS \(5\.1\).*got 15$/,
      ),
    ]);
    expect(loadConfig({ HEARTBEAT_SECONDS: '5', LEASE_SECONDS: '15' }).worker.leaseSeconds).toBe(15);
  });

  it('ask for a first delay that is not above the last', () => {
    expect(faultsOf({ RETRY_BASE_DELAY: '3601' })).toEqual([
      'RETRY_BASE_DELAY: expected at most RETRY_MAX_DELAY (3600), got 3601',
    ]);
    expect(loadConfig({ RETRY_BASE_DELAY: '7', RETRY_MAX_DELAY: '7' }).retries.baseDelaySeconds).toBe(7);
  });

  it.each(['api', 'scheduler', 'worker'])('ask for a database when the role is only %s', (role) => {
    expect(faultsOf({ ROLE: role })).toEqual([
      expect.stringMatching(/^DATABASE_URL: expected a URL, because ROLE/),
    ]);
    expect(loadConfig({ ROLE: role, DATABASE_URL: 'postgresql://h/d' }).role).toBe(role);
  });

  it('keep silent about a variable that is at fault by itself', () => {
    expect(faultsOf({ LEASE_SECONDS: 'long', HEARTBEAT_SECONDS: '100' })).toHaveLength(1);
    expect(faultsOf({ ROLE: 'api', DATABASE_URL: 'nonsense' })).toHaveLength(1);
  });
});

describe('a secret in a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dts-test-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (content: string) => {
    const path = join(folder, 'secret');
    writeFileSync(path, content);
    return path;
  };

  it('is read without the newline at its end', () => {
    const env = { DATABASE_URL_FILE: file('postgres://u:p@h/d\n'), REDIS_URL_FILE: join(folder, 'secret') };
    expect(faultsOf(env)).toEqual([expect.stringMatching(/^REDIS_URL: expected/)]);
    expect(loadConfig({ DATABASE_URL_FILE: env.DATABASE_URL_FILE }).database.url).toBe('postgres://u:p@h/d');
  });

  it('counts as given: a role alone may use it', () => {
    expect(loadConfig({ ROLE: 'api', DATABASE_URL_FILE: file('postgres://h/d') }).role).toBe('api');
  });

  it('is refused when it is missing, empty, or given beside the value', () => {
    const missing = join(folder, 'missing');
    expect(faultsOf({ DATABASE_URL_FILE: missing })).toEqual([expect.stringContaining(`ENOENT`)]);
    expect(faultsOf({ DATABASE_URL_FILE: file('\n') })).toEqual([expect.stringContaining('the empty file')]);
    expect(faultsOf({ DATABASE_URL_FILE: file('postgres://h/d'), DATABASE_URL: 'postgres://h/d' })).toEqual([
      'DATABASE_URL, DATABASE_URL_FILE: expected one of the two, got both',
    ]);
  });
});
