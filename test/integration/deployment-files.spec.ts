import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load-config.js';
import { VARIABLE_NAMES } from '../../src/config/variables.js';

const PROJECT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');

interface Service {
  image: string;
  build?: string;
  command?: string[];
  ports?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };
const { services } = compose;
const OURS = ['migrate', 'api', 'scheduler', 'worker'];

/** The instructions of the Dockerfile, with continued lines joined and comments left out. */
const instructions = read('Dockerfile')
  .replace(/^\s*#.*$/gm, '')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .map((line) => line.trim())
  .filter(Boolean);

const copies = instructions
  .filter((line) => line.startsWith('COPY '))
  .map((line) => {
    const words = line.split(/\s+/).slice(1);
    const stage = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
    return { stage, sources: words.filter((word) => !word.startsWith('--')).slice(0, -1) };
  });

describe('docker-compose.yml', () => {
  it('runs PostgreSQL, Redis, the migration and one service per role', () => {
    expect(Object.keys(services).sort()).toEqual([
      'api',
      'migrate',
      'postgres',
      'redis',
      'scheduler',
      'worker',
    ]);
  });

  it('runs everything of ours from one image', () => {
    expect(new Set(OURS.map((name) => services[name].image)).size).toBe(1);
    expect(OURS.map((name) => services[name].build)).toEqual(OURS.map(() => '.'));
  });

  it('publishes on 127.0.0.1 only', () => {
    const published = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(published.length).toBeGreaterThan(0);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('keeps Redis from evicting and has it write a log', () => {
    expect(services.redis.command?.join(' ')).toContain('--appendonly yes --maxmemory-policy noeviction');
  });

  it('starts the roles after the migration, and that after the database is healthy', () => {
    expect(services.migrate.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    for (const role of ['api', 'scheduler', 'worker'])
      expect(services[role].depends_on?.migrate).toEqual({ condition: 'service_completed_successfully' });
  });

  it('holds no password: whoever runs it has to choose one', () => {
    const required = /\$\{POSTGRES_PASSWORD:\?[^}]+\}/;
    expect(services.postgres.environment?.POSTGRES_PASSWORD).toMatch(required);
    expect(services.api.environment?.DATABASE_URL).toMatch(required);
  });

  it.each(OURS)('gives %s an environment that is a valid configuration', (name) => {
    const env = Object.fromEntries(
      Object.entries(services[name].environment ?? {}).map(([key, value]) => [key, interpolate(value)]),
    );
    const config = loadConfig(env);
    expect(config.role).toBe(name === 'migrate' ? 'all' : name);
    expect(config.queue.backend).toBe('redis');
    for (const key of Object.keys(env)) expect(VARIABLE_NAMES).toContain(key);
  });
});

describe('Dockerfile', () => {
  it('copies only what is there and what .dockerignore lets through', () => {
    const ignored = read('.dockerignore').split('\n');
    const allowed = new Set(ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1)));
    const fromProject = copies.filter(({ stage }) => !stage).flatMap(({ sources }) => sources);
    expect(fromProject.length).toBeGreaterThan(3);
    for (const source of fromProject) {
      expect({ source, exists: existsSync(join(PROJECT, source)) }).toEqual({ source, exists: true });
      expect(allowed).toContain(source.replace(/^\.\//, ''));
    }
    expect(ignored).toContain('*');
  });

  it('takes from earlier stages only what they make', () => {
    const stages = instructions.flatMap((line) => /^FROM \S+ AS (\S+)$/.exec(line)?.[1] ?? []);
    const fromStages = copies.filter(({ stage }) => stage);
    expect(fromStages.map(({ stage }) => stage).every((stage) => stages.includes(stage ?? ''))).toBe(true);
    expect(fromStages.flatMap(({ sources }) => sources)).toEqual(['/app/node_modules', '/app/dist']);
  });

  it('has a Python and runs as a normal user', () => {
    expect(instructions.some((line) => line.includes('python3'))).toBe(true);
    const last = instructions.filter((line) => line.startsWith('USER ')).pop();
    expect(last).toBe('USER node');
  });

  it('starts what the compose file starts', () => {
    const command = instructions.find((line) => line.startsWith('CMD '))?.slice('CMD '.length) ?? '[]';
    expect(JSON.parse(command)).toEqual(services.api.command);
  });
});

describe('.env.example', () => {
  const given = Object.fromEntries(
    read('.env.example')
      .split('\n')
      .flatMap((line) => {
        const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
        return name ? [[name, value]] : [];
      }),
  );

  it('names every variable once', () => {
    expect(Object.keys(given).sort()).toEqual([...VARIABLE_NAMES].sort());
  });

  it('shows the defaults: all of it set is the same as nothing set', () => {
    const { PATH } = process.env;
    expect(loadConfig({ PATH, ...given })).toEqual(loadConfig({ PATH }));
  });
});

describe('.ci/run', () => {
  it('is a program that runs the tests', () => {
    expect(read('.ci/run')).toMatch(/^#!\/bin\/sh\n[\s\S]*npm --silent test\n$/);
  });
});

/** Compose's `${NAME}`, `${NAME:-default}` and `${NAME:?message}`, with "secret" for what has no default. */
function interpolate(value: string): string {
  return String(value).replace(/\$\{\w+(?::([-?])([^}]*))?\}/g, (_, kind, text) =>
    kind === '-' ? text : 'secret',
  );
}
