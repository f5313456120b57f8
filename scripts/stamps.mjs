// Whether the set-up still fits: installed packages against the lock file, the build against its sources.
// A stamp holds the hash of what a step was made from; it lies inside what the step makes, so it goes with it.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const STAMP = '.made-from';
const BUILD_INPUTS = [
  'src',
  'package.json',
  'package-lock.json',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

export function packagesAreCurrent(project) {
  const folder = join(project, 'node_modules');
  const hash = hashOf(project, ['package-lock.json']);
  if (readStamp(folder) === hash) return true;
  // Somebody ran npm by hand: npm's own record of what it installed answers as well.
  if (!installedAsLocked(project)) return false;
  writeFileSync(join(folder, STAMP), hash);
  return true;
}

export function stampPackages(project) {
  writeFileSync(join(project, 'node_modules', STAMP), hashOf(project, ['package-lock.json']));
}

export function buildIsCurrent(project) {
  return (
    existsSync(join(project, 'dist/main.js')) &&
    readStamp(join(project, 'dist')) === hashOf(project, BUILD_INPUTS)
  );
}

export function stampBuild(project) {
  writeFileSync(join(project, 'dist', STAMP), hashOf(project, BUILD_INPUTS));
}

/** Every package of the lock file is there in its version; optional ones (other platforms') may be missing. */
function installedAsLocked(project) {
  const locked = readPackages(join(project, 'package-lock.json'));
  const installed = readPackages(join(project, 'node_modules/.package-lock.json'));
  if (!locked || !installed) return false;
  return Object.entries(locked).every(([path, { version, optional, devOptional }]) => {
    if (path === '') return true;
    if (path in installed) return installed[path].version === version;
    return Boolean(optional || devOptional);
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return null;
  }
}

function readStamp(folder) {
  try {
    return readFileSync(join(folder, STAMP), 'utf8');
  } catch {
    return null;
  }
}

function hashOf(project, paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => filesBelow(project, path)).sort())
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(project, file)))
      .update('\0');
  return hash.digest('hex');
}

function filesBelow(project, path) {
  if (!existsSync(join(project, path))) return [];
  if (!statSync(join(project, path)).isDirectory()) return [path];
  return readdirSync(join(project, path)).flatMap((name) => filesBelow(project, `${path}/${name}`));
}
