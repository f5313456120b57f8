// `npm start`: from a fresh clone to the running product. Needs Node.js and nothing else.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, installPackages, PROJECT, requireNode, signalStep } from './setup.mjs';

const PARENT_POLL_MS = 500;

let app = null;
let stopping = false;

// The application is in a process group of its own, so a Ctrl-C reaches only this process and is passed on once.
function passOn(signal) {
  if (app) app.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  else if (!stopping) signalStep(signal);
  else process.exit(1);
  stopping = true;
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => passOn(signal));

requireNode();
await prepare('[1/3] Packages', installPackages);
await prepare('[2/3] Build', build);
console.log('[3/3] Starting the scheduler …');
process.exitCode = await runApplication();

async function prepare(title, work) {
  const done = await work(title);
  if (!done || stopping) process.exit(stopping ? 130 : 1);
}

/** @returns the exit code to end with. */
async function runApplication() {
  app = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--import',
      new URL('follow-parent.mjs', import.meta.url).href,
      join(PROJECT, 'dist/main.js'),
    ],
    { cwd: PROJECT, detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const watch = stopWithNpm();
  const code = await new Promise((settle) => {
    app.once('exit', (exitCode, signal) => settle(exitCode ?? (signal === 'SIGINT' ? 130 : 1)));
    app.once('error', (error) => {
      console.error(error.message);
      settle(1);
    });
  });
  clearInterval(watch);
  return code;
}

/** A signal sent to npm alone ends npm and its shell, not us: their end is ours. */
function stopWithNpm() {
  if (process.env.npm_lifecycle_event !== 'start') return undefined;
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent && !stopping) passOn('SIGTERM');
  }, PARENT_POLL_MS);
}
