/* The peers' packages: dev-only, with a lock file of their own, installed on the first run and by nothing else. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../../scripts/setup.mjs';
import { packagesAreCurrent, stampPackages } from '../../scripts/stamps.mjs';

const FOLDER = import.meta.dirname;

/** @returns whether the peers can be measured. */
export function installPeers() {
  if (packagesAreCurrent(FOLDER)) return true;
  console.error('Installing the peers (npm ci in bench/scoreboard) …');
  const [program, ...args] = npm(['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']);
  const { status } = spawnSync(program, args, {
    cwd: FOLDER,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && program === 'npm',
  });
  if (status === 0) stampPackages(FOLDER);
  return status === 0;
}

/** Package → version, as pinned. */
export function peerVersions() {
  return JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')).dependencies;
}
