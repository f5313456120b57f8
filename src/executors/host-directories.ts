/**
 * Each task host has one directory under the work directory, named by who made it. When a worker and its host were
 * killed at the same moment, the next worker on the same machine finds the name, ends what is left, and removes it.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { removeTree } from './host/attempt-directory.js';
import { ProcessTree } from './host/process-tree.js';
import { cookieOf } from './host/protocol.js';

/** The machine's name as part of a file name, so that machines sharing a directory let each other's be. */
const MACHINE =
  hostname()
    .replace(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 64) || 'machine';

/** `<machine>.<pid of the worker>.<its start time>.<random>`. */
export function newHostId(): string {
  return `${MACHINE}.${process.pid}.${startTimeOf(process.pid) ?? 0}.${randomBytes(6).toString('hex')}`;
}

/** Kills the processes and removes the directories of hosts of this machine whose worker is gone. */
export async function sweepAbandonedHosts(workDirectory: string): Promise<void> {
  for (const name of await readdir(workDirectory)) {
    const [machine, pid, startTime, random, ...rest] = name.split('.');
    if (machine !== MACHINE || random === undefined || rest.length > 0) continue;
    if (isRunning(Number(pid), Number(startTime))) continue;
    await sweepHost(name, join(workDirectory, name), []);
  }
}

/** Ends every process that carries the host's cookie or works in its directory, and removes the directory. */
export async function sweepHost(
  hostId: string,
  directory: string,
  leaders: readonly number[],
): Promise<void> {
  const tree = new ProcessTree({ cookie: cookieOf(hostId, ''), directory, leaders, startedAtMs: null });
  await tree.kill();
  await removeTree(directory);
}

function isRunning(pid: number, startTime: number): boolean {
  const now = startTimeOf(pid);
  if (now !== null) return now === startTime;
  if (process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start of a process in clock ticks since boot, which tells it from a later one with the same id. */
function startTimeOf(pid: number): number | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return null;
  }
}
