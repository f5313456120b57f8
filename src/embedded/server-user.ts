import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chown, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The user PostgreSQL runs as. PostgreSQL refuses to run as root, so root lends it another one. */
export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
  /** false: simply the user of this process. */
  lent: boolean;
}

/**
 * Who shall run the server. A cluster that exists is run by its owner, so root does not take a
 * developer's data away from them.
 *
 * @returns null where there are no Unix users (Windows).
 */
export async function serverUser(clusterDirectory: string): Promise<ServerUser | null> {
  if (!process.getuid || !process.getgid) return null;
  // The folder around it tells when the cluster is not there yet, or hidden from us.
  const owner = await stat(clusterDirectory).catch(() => stat(dirname(clusterDirectory)).catch(() => null));
  const own = { uid: process.getuid(), gid: process.getgid() };
  if (own.uid !== 0) {
    if (owner && owner.uid !== own.uid)
      throw new Error(
        `The data of the embedded PostgreSQL in ${clusterDirectory} belongs to the user ${nameOf(owner.uid)}. ` +
          `Start as that user (or as root), or hand it over: sudo chown -R ${nameOf(own.uid)} ${dirname(clusterDirectory)}`,
      );
    return { name: nameOf(own.uid), ...own, lent: false };
  }
  if (owner && owner.uid !== 0)
    return { name: nameOf(owner.uid), uid: owner.uid, gid: owner.gid, lent: true };
  const lent =
    accounts().find(({ name }) => name === 'postgres') ?? accounts().find(({ name }) => name === 'nobody');
  if (!lent)
    throw new Error(
      'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody" to run it. ' +
        'Start as a normal user, or set DATABASE_URL.',
    );
  return { ...lent, lent: true };
}

/** What `spawn` needs to become that user. */
export function identity(user: ServerUser | null): { uid?: number; gid?: number } {
  return user?.lent ? { uid: user.uid, gid: user.gid } : {};
}

export async function giveTo(user: ServerUser | null, path: string): Promise<void> {
  if (user?.lent) await chown(path, user.uid, user.gid);
}

/** Whether that user can enter the folder and create files in it. Asked of the system, which knows of ACLs too. */
export function canWriteIn(user: ServerUser, folder: string): Promise<boolean> {
  return succeeds(user, '/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', folder]);
}

/** Whether that user can run the program. */
export function canRun(user: ServerUser | null, file: string): Promise<boolean> {
  return succeeds(user, file, ['--version']);
}

/** "/root (mode 700)": the first folder on the way that shuts that user out; null if none can be named. */
export async function closedFolder(user: ServerUser, path: string): Promise<string | null> {
  for (const folder of ancestors(path)) {
    const entry = await stat(folder).catch(() => null);
    if (!entry) return null;
    const bit = entry.uid === user.uid ? 0o100 : entry.gid === user.gid ? 0o010 : 0o001;
    if (!(entry.mode & bit)) return `${folder} (mode ${(entry.mode & 0o777).toString(8)})`;
  }
  return null;
}

function ancestors(path: string): string[] {
  const full = resolve(path);
  const parent = dirname(full);
  return parent === full ? [full] : [...ancestors(parent), full];
}

function succeeds(user: ServerUser | null, file: string, args: string[]): Promise<boolean> {
  return new Promise((done) => {
    execFile(file, args, { ...identity(user), cwd: '/', timeout: 10_000 }, (error) => done(error === null));
  });
}

function accounts(): { name: string; uid: number; gid: number }[] {
  let text: string;
  try {
    text = readFileSync('/etc/passwd', 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && Number(uid) > 0 ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

function nameOf(uid: number): string {
  return uid === 0 ? 'root' : (accounts().find((account) => account.uid === uid)?.name ?? String(uid));
}
