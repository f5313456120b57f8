import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Binaries, copiedBinaries, installedBinaries, program } from './binaries.js';
import { canRun, canWriteIn, closedFolder, giveTo, type ServerUser, serverUser } from './server-user.js';

/** Where root keeps what the lent user cannot reach inside the project. */
const SYSTEM_FOLDERS = ['/var/lib', '/var/db'];
const SYSTEM_NAME = 'distributed-task-scheduler';

/** One embedded PostgreSQL: its folder, the programs, and the user who runs them. */
export interface ClusterHome {
  /** Holds cluster/ and `server.log`. */
  folder: string;
  /** PostgreSQL's data directory. */
  cluster: string;
  logFile: string;
  user: ServerUser | null;
  binaries: Binaries;
}

/**
 * Chooses the place: where the data is already, else `<dataDirectory>/postgres`. When this is root and the user lent
 * to PostgreSQL cannot get there (a project below /root, mostly), a folder of the system that is named after the
 * data directory.
 */
export async function clusterHome(dataDirectory: string, log: (line: string) => void): Promise<ClusterHome> {
  const inProject = join(dataDirectory, 'postgres');
  const inSystem = systemFolder(dataDirectory);
  const places = process.getuid?.() === 0 ? [inProject, inSystem] : [inProject];
  const known = places.find((place) => existsSync(join(place, 'cluster')));
  const user = await serverUser(join(known ?? inProject, 'cluster'));

  await mkdir(dataDirectory, { recursive: true });
  await letPass(user, dataDirectory);
  const folder = known ?? (await firstReachable(user, places));
  if (!folder || (user?.lent && !(await canWriteIn(user, folder))))
    throw new Error(await unreachable(user, folder ?? inProject));
  if (folder === inSystem) log(`${await unreachable(user, inProject)} The data is kept in ${folder}`);
  return {
    folder,
    cluster: join(folder, 'cluster'),
    logFile: join(folder, 'server.log'),
    user,
    binaries: await runnableBinaries(await installedBinaries(), user, log),
  };
}

async function firstReachable(user: ServerUser | null, places: string[]): Promise<string | null> {
  for (const place of places) {
    await mkdir(dirname(place), { recursive: true, mode: 0o755 });
    await mkdir(place, { recursive: true, mode: 0o700 });
    await giveTo(user, place);
    if (!user || (await canWriteIn(user, place))) return place;
  }
  return null;
}

async function unreachable(user: ServerUser | null, folder: string): Promise<string> {
  const closed = user && (await closedFolder(user, folder));
  const who = user?.lent
    ? `PostgreSQL does not run as root, and the user ${user.name} who runs it`
    : 'This user';
  return `${who} cannot use ${folder}${closed ? `, because of ${closed}` : ''}.`;
}

/** The installed programs, or a copy of them where the user can reach it. */
async function runnableBinaries(
  installed: Binaries,
  user: ServerUser | null,
  log: (line: string) => void,
): Promise<Binaries> {
  if (await canRun(user, program(installed, 'postgres'))) return installed;
  if (user?.lent) {
    const folder = systemRoot();
    log(`The user ${user.name} cannot run ${program(installed, 'postgres')}; it runs a copy in ${folder}`);
    const copied = await copiedBinaries(installed, folder);
    if (await canRun(user, program(copied, 'postgres'))) return copied;
  }
  throw new Error(
    `The embedded PostgreSQL (${program(installed, 'postgres')}) does not run on this machine; ` +
      'it needs a glibc system. Set DATABASE_URL to a PostgreSQL of your own.',
  );
}

function systemFolder(dataDirectory: string): string {
  const name = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12);
  return join(systemRoot(), name);
}

function systemRoot(): string {
  return join(SYSTEM_FOLDERS.find((folder) => existsSync(folder)) ?? '/var/lib', SYSTEM_NAME);
}

/** The data directory is ours, so its mode is ours to widen: others may pass, not list. Its parents are not. */
async function letPass(user: ServerUser | null, dataDirectory: string): Promise<void> {
  if (!user?.lent) return;
  const { mode } = await stat(dataDirectory);
  await chmod(dataDirectory, (mode & 0o777) | 0o011);
}
