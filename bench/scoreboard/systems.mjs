import { fork } from 'node:child_process';
import { join } from 'node:path';

/** What does not answer for so long has failed; the longest of all measurements take a few minutes. */
const ANSWER_WITHIN_MS = 20 * 60_000;
const STOPPED_WITHIN_MS = 60_000;

/** In the order they are shown; `database`: keeps its state in a PostgreSQL database, which is its own. */
export const SYSTEMS = [
  { name: 'redis', title: 'raw Redis' },
  { name: 'postgres', title: 'raw PostgreSQL', database: true },
  { name: 'bullmq', title: 'raw BullMQ' },
  { name: 'flow', title: 'BullMQ FlowProducer' },
  { name: 'dbos', title: 'DBOS', database: true, peer: '@dbos-inc/dbos-sdk' },
  { name: 'graphile', title: 'graphile-worker', database: true, peer: 'graphile-worker' },
  { name: 'openworkflow', title: 'openworkflow', database: true, peer: 'openworkflow' },
  { name: 'spawn', title: 'cold spawn' },
  { name: 'ours', title: 'ours', database: true },
];

/** Starts the process of a system, and the system in it. What it prints goes to standard error. */
export async function startSystem({ name }, servers) {
  const process = join(import.meta.dirname, 'system-process.mjs');
  const child = fork(process, [name], { stdio: ['ignore', 2, 2, 'ipc'] });
  // A channel that closed shows by the end of the process.
  child.on('error', () => undefined);
  let isGone = false;
  const gone = new Promise((resolve) => child.once('exit', resolve)).then(() => {
    isGone = true;
    return { error: `The process of ${name} has ended` };
  });
  const ask = async (call, parameters = {}) => {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, ANSWER_WITHIN_MS, { error: `${name}: no answer to ${call}` });
    });
    const answered = new Promise((resolve) => child.once('message', resolve));
    if (child.connected) child.send({ call, ...parameters });
    const { answer, error } = await Promise.race([answered, gone, late]);
    clearTimeout(timer);
    child.removeAllListeners('message');
    if (error) throw new Error(error);
    return answer;
  };
  const stop = async () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS);
    if (!isGone) await ask('close').catch(() => undefined);
    await gone;
    clearTimeout(timer);
  };
  try {
    await ask('open', { servers });
  } catch (error) {
    await stop();
    throw error;
  }
  return { run: (kind, size) => ask('run', { kind, size }), check: () => ask('check'), stop };
}
