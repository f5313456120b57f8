import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { program } from './binaries.js';
import type { ClusterHome } from './cluster-home.js';
import { identity } from './server-user.js';

const run = promisify(execFile);

/** What `postmaster.pid` says: line 1 is the process, line 4 the port (PostgreSQL's miscinit.h). */
export interface Postmaster {
  pid: number;
  port: number;
}

/** Everything but the port; several roles share one server, and nobody outside this machine shall reach it. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Hot tables are small and change all the time: look after them often.
  autovacuum_naptime: '10s',
  // Short statements only; compiling them costs more than it saves.
  jit: 'off',
};

/** The environment of the server's programs. Elsewhere the little they need; Windows cannot do without its own. */
export const PROGRAM_ENVIRONMENT =
  process.platform === 'win32' ? undefined : { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * The server that holds this cluster, if one is alive. A pid file that a crash left behind is taken away when its
 * pid now belongs to something else: PostgreSQL itself would refuse to start then (pids come back soon in containers).
 */
export async function runningPostmaster(home: ClusterHome): Promise<Postmaster | null> {
  const file = join(home.cluster, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  if (isAlive(pid) && (await isPostgresOf(pid, home.cluster))) return { pid, port: Number(lines[3]) };
  await rm(file, { force: true });
  return null;
}

/**
 * Starts the server on a free port, away from this process's group, so that a Ctrl-C reaches the application alone
 * and the database outlives its last statement.
 *
 * @returns the port, and whether the server has ended since.
 */
export async function spawnPostmaster(
  home: ClusterHome,
  settings: Record<string, string>,
): Promise<{ port: number; ended: () => boolean }> {
  const port = await freePort();
  await rename(home.logFile, `${home.logFile}.1`).catch(() => undefined);
  const logFile = openSync(home.logFile, 'a', 0o600);
  const options = Object.entries({ ...SETTINGS, ...settings, port: String(port) });
  try {
    const child = spawn(
      program(home.binaries, 'postgres'),
      ['-D', home.cluster, ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      {
        ...identity(home.user),
        cwd: home.folder,
        env: PROGRAM_ENVIRONMENT,
        detached: true,
        stdio: ['ignore', logFile, logFile],
      },
    );
    child.unref();
    let hasEnded = false;
    child.once('exit', () => (hasEnded = true));
    child.once('error', () => (hasEnded = true));
    return { port, ended: () => hasEnded };
  } finally {
    closeSync(logFile);
  }
}

/** The fast stop: open transactions are rolled back, everything is written, the server ends. */
export async function stopPostmaster(home: ClusterHome): Promise<void> {
  const postmaster = await runningPostmaster(home);
  if (!postmaster) return;
  const stop = (mode: string) =>
    run(program(home.binaries, 'pg_ctl'), ['stop', '-D', home.cluster, '-m', mode, '-w', '-t', '30'], {
      ...identity(home.user),
      cwd: home.folder,
      env: PROGRAM_ENVIRONMENT,
    });
  await stop('fast').catch(() => stop('immediate'));
  // pg_ctl is content when the pid file is gone, a moment before the process is.
  for (let tries = 0; tries < 100 && (await isPostgresOf(postmaster.pid, home.cluster)); tries++)
    await pause(20);
}

/** Asks the server for a fast stop and returns at once. */
export function signalPostmaster(home: ClusterHome): void {
  try {
    const pid = Number(readFileSync(join(home.cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
    // 0 would mean our own group.
    if (pid > 1) process.kill(pid, 'SIGINT');
  } catch {
    // It is gone.
  }
}

/** The end of the server's log, for an error message. */
export function logTail(home: ClusterHome): string {
  try {
    return readFileSync(home.logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
  } catch {
    return '(no log)';
  }
}

/** Whether a process of that id exists, whosever it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the process is a PostgreSQL that was started on this cluster. Where nobody can tell, it is taken for one. */
async function isPostgresOf(pid: number, cluster: string): Promise<boolean> {
  if (process.platform === 'win32') return isAlive(pid);
  try {
    const { stdout } =
      process.platform === 'linux'
        ? { stdout: (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ') }
        : await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    return stdout.includes('postgres') && stdout.includes(cluster);
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => found(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
