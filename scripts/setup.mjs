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

const running = new Set();

/** Passes a signal on to the steps that run. @returns {boolean} whether one does. */
export function signalStep(signal) {
  for (const child of running) child.kill(signal);
  return running.size > 0;
}

/**
 * Runs a command with its output shown, a line when it begins and ends, and one now and then while it is silent.
 * @returns {Promise<boolean>} whether it exited with 0.
 */
export async function step(title, command) {
  console.log(`${title} …`);
  const seconds = stopwatch();
  const ticks = setInterval(() => console.log(`    … ${seconds().toFixed(0)} s`), TICK_MS);
  const code = await run(command, 'inherit');
  clearInterval(ticks);
  console.log(`    ${verdict(code, seconds())}`);
  return code === 0;
}

/**
 * Runs commands that have nothing to do with each other, in their order and so many at a time. What one of them writes is
 * shown whole when it has ended; until then there is a line now and then that says which run.
 * @param {readonly { name: string, title: string, command: string[] }[]} steps
 * @param {() => boolean} goesOn asked before each: whether it is to be begun at all
 * @returns {Promise<string[]>} names of those that did not exit with 0.
 */
export async function stepsSideBySide(steps, atOnce, goesOn) {
  const seconds = stopwatch();
  const names = new Set();
  const failed = [];
  const ticks = setInterval(
    () => console.log(`    … ${seconds().toFixed(0)} s: ${[...names].join(', ')}`),
    TICK_MS,
  );
  const left = [...steps];
  const lane = async () => {
    while (left.length > 0 && goesOn()) {
      const { name, title, command } = left.shift();
      console.log(`${title} …`);
      names.add(name);
      const own = stopwatch();
      let output = '';
      const code = await run(command, (text) => (output += text));
      names.delete(name);
      if (code !== 0) failed.push(name);
      console.log(`${title} ${verdict(code, own())}\n${output}`.trimEnd());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  clearInterval(ticks);
  return failed;
}

/**
 * @param {'inherit' | ((text: string) => void)} output where what it writes goes
 * @returns the exit code, or a text when there was none.
 */
async function run([program, ...args], output) {
  const isShown = output === 'inherit';
  // Tools that write to us and not to the terminal do not know that it has colours.
  const hasColours = !isShown && process.stdout.isTTY && !process.env.NO_COLOR;
  const child = spawn(program, args, {
    cwd: PROJECT,
    env: hasColours ? { ...process.env, FORCE_COLOR: '1' } : process.env,
    stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe'],
    shell: process.platform === 'win32' && program === 'npm',
  });
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', output);
  const code = await new Promise((settle) => {
    child.once('close', (exitCode) => settle(exitCode ?? 'killed'));
    child.once('error', (error) => settle(error.message));
  });
  running.delete(child);
  return code;
}

function verdict(code, seconds) {
  return code === 0 ? `done in ${seconds.toFixed(1)} s` : `FAILED after ${seconds.toFixed(1)} s (${code})`;
}

/** @returns {() => number} seconds since now. */
function stopwatch() {
  const beganAt = Date.now();
  return () => (Date.now() - beganAt) / 1000;
}

function note(line) {
  console.log(line);
  return true;
}
