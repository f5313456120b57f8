/** What a process of each role costs that has nothing to do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sum } from './measure.mjs';

/** In the order in which they are started; workers are several, as one alone costs little enough to be missed. */
const STEPS = [
  { part: 'api', role: 'api', count: 1 },
  { part: 'scheduler', role: 'scheduler', count: 1 },
  { part: 'workers', role: 'worker', count: 4 },
];
/** What a process does as it starts is no part of it. */
const SETTLED_AFTER_MS = 2_000;

/** What all that runs now does in a second while there is nothing to do. */
async function idle(installation, parts, seconds) {
  await sleep(SETTLED_AFTER_MS);
  const [before, commitsBefore] = [await installation.usage(parts), await installation.commits()];
  await sleep(seconds * 1_000);
  const [after, commitsAfter] = [await installation.usage(parts), await installation.commits()];
  const perSecond = (difference) => (difference * 1_000) / (after.at - before.at);
  const cpu = (part) => perSecond(sum(after.cpu[part]) - sum(before.cpu[part]));
  return {
    commits: perSecond(commitsAfter - commitsBefore),
    writes: perSecond(after.writes - before.writes),
    commands: perSecond(after.commands - before.commands),
    servers: cpu('postgres') + cpu('redis'),
    redisConnections: await installation.redisConnections(),
    own: Object.fromEntries(Object.keys(parts).map((part) => [part, cpu(part)])),
  };
}

/**
 * Starts the roles one after the other; what each adds is its cost.
 *
 * @returns a row of each role, of one process and one second; and the api and the scheduler process, which go on
 */
export async function measureIdleRoles(installation, seconds, say) {
  const rows = [];
  const parts = {};
  let last = await idle(installation, parts, seconds);
  for (const { part, role, count } of STEPS) {
    parts[part] = await installation.start(role, count);
    say(`idle: ${count} × ${role}`);
    const now = await idle(installation, parts, seconds);
    const more = (key) => (now[key] - last[key]) / count;
    rows.push({
      role,
      commits: more('commits'),
      writes: more('writes'),
      commands: more('commands'),
      servers: more('servers'),
      redisConnections: more('redisConnections'),
      own: now.own[part] / count,
    });
    last = now;
  }
  const { workers, ...lasting } = parts;
  await installation.stop(workers);
  return { rows, parts: lasting };
}
