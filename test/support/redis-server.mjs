// Where the suites' Redis comes from (SPEC §1): TEST_REDIS_URL, else a server program on PATH, else the system's
// package where this user may install it, else none.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const PROGRAMS = ['redis-server', 'valkey-server'];
const PACKAGES = [
  {
    manager: 'apt-get',
    commands: [
      ['update', '-qq'],
      ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'],
    ],
  },
  { manager: 'dnf', commands: [['install', '-y', '-q', 'redis']] },
  { manager: 'apk', commands: [['add', '--no-progress', 'redis']] },
];

/** The path of a Redis server program, or null. */
export function findRedisProgram() {
  return PROGRAMS.map(onPath).find(Boolean) ?? null;
}

/** As `findRedisProgram`, after an attempt to install one. Says what it does on standard error. */
export function findOrInstallRedisProgram() {
  const found = findRedisProgram();
  if (found) return found;
  const system = PACKAGES.find(({ manager }) => onPath(manager));
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const mayInstall = sudo.length === 0 || spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  if (!system || !mayInstall) return null;
  for (const args of system.commands) {
    const [program, ...rest] = [...sudo, system.manager, ...args];
    console.error(`No Redis server on PATH; installing: ${[program, ...rest].join(' ')}`);
    const { status } = spawnSync(program, rest, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 300_000,
    });
    if (status !== 0) console.error(`… exited with ${status}`);
  }
  return findRedisProgram();
}

export const NO_REDIS = `
################################################################################
#  NO REDIS: the suites that need one are SKIPPED (this fails under CI=true).  #
#  Install one (apt-get install redis-server, brew install valkey)             #
#  or set TEST_REDIS_URL.                                                      #
################################################################################
`;

/**
 * Starts a Redis of its own on a free port (or the given one), in a temporary folder, without persistence.
 * @returns {Promise<{ url: string, port: number, stop(): Promise<void> }>}
 */
export async function startRedisServer(program, wantedPort) {
  const port = wantedPort ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'dts-test-redis-'));
  const options = {
    port,
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
  };
  const child = spawn(
    program,
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
    {
      stdio: 'ignore',
      detached: true,
    },
  );
  const exited = new Promise((settle) => child.once('exit', settle).once('error', settle));
  let isGone = false;
  void exited.then(() => (isGone = true));
  for (const deadline = Date.now() + 10_000; !(await answers(port)); await pause(20))
    if (isGone || Date.now() > deadline) throw new Error(`${program} did not start on port ${port}`);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Below those that systems hand out by themselves, to connections as well: nobody else takes one of them by chance. */
const PORTS = { from: 20_000, to: 32_000 };
/** Each worker of Jest keeps to its own share of them, and so does whatever runs without Jest, as worker 0. */
const SHARES = 8;
const SHARE_SIZE = (PORTS.to - PORTS.from) / SHARES;
let lastPlace = Math.floor(Math.random() * SHARE_SIZE);

/**
 * A port of 127.0.0.1 nobody listens on now. A process that is told to listen there does so seconds later, so it is given
 * to nobody else meanwhile, and may be taken again after it was let go.
 */
export async function freePort() {
  const share = Number(process.env.JEST_WORKER_ID ?? 0) % SHARES;
  for (let tries = 0; tries < SHARE_SIZE; tries++) {
    lastPlace = (lastPlace + 1) % SHARE_SIZE;
    const port = PORTS.from + share * SHARE_SIZE + lastPlace;
    if (await isFree(port)) return port;
  }
  throw new Error(`No port of ${PORTS.from} to ${PORTS.to} is free`);
}

function isFree(port) {
  return new Promise((settle) => {
    const probe = createServer();
    probe.once('error', () => settle(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => settle(true)));
  });
}

function answers(port) {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('PING\r\n'));
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}

function onPath(program) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not here
    }
  }
  return null;
}
