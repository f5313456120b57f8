// What `npm start` and `npm test` share: the steps that prepare a fresh clone, and how a step is run and shown.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildIsCurrent, packagesAreCurrent, stampBuild, stampPackages } from './stamps.mjs';

export const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const TICK_MS = 5_000;

/** Ends the process with a clear line when this Node.js is too old for the packages. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Node.js 20.19 or newer is needed; this is ${process.versions.node}. See https://nodejs.org`);
  process.exit(1);
}

/** @returns {Promise<boolean>} whether the packages are in place. */
export async function installPackages(title) {
  if (packagesAreCurrent(PROJECT)) return note(`${title}: up to date`);
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const done = await step(`${title} (npm ci, about a minute the first time)`, npm(args));
  if (done) stampPackages(PROJECT);
  return done;
}

/** @returns {Promise<boolean>} whether `dist` is the build of these sources. */
export async function build(title) {
  if (buildIsCurrent(PROJECT)) return note(`${title}: up to date`);
  const done = await step(title, npm(['run', '--silent', 'build']));
  if (done) stampBuild(PROJECT);
  return done;
}

/** The command line that runs npm with these arguments: the npm that runs us, where one does. */
export function npm(args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') ? [process.execPath, cli, ...args] : ['npm', ...args];
}

let current = null;

/** Passes a signal on to the step that runs, if one does. @returns {boolean} whether one does. */
export function signalStep(signal) {
  current?.kill(signal);
  return current !== null;
}

/**
 * Runs a command with its output shown, a line when it begins and ends, and one now and then while it is silent.
 * @returns {Promise<boolean>} whether it exited with 0.
 */
export async function step(title, [program, ...args]) {
  console.log(`${title} …`);
  const startedAt = Date.now();
  const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1);
  const ticks = setInterval(() => console.log(`    … ${Math.round(Number(seconds()))} s`), TICK_MS);
  current = spawn(program, args, {
    cwd: PROJECT,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32' && program === 'npm',
  });
  const code = await new Promise((settle) => {
    current.once('exit', (exitCode) => settle(exitCode));
    current.once('error', (error) => settle(error.message));
  });
  current = null;
  clearInterval(ticks);
  console.log(
    code === 0 ? `    done in ${seconds()} s` : `    FAILED after ${seconds()} s (${code ?? 'killed'})`,
  );
  return code === 0;
}

function note(line) {
  console.log(line);
  return true;
}
