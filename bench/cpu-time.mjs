/** CPU time of processes, from proc(5); 0 where /proc does not exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** CPU seconds used so far by the process `root` and everything below it, what has ended included. */
export function cpuSeconds(root) {
  const stats = new Map(
    processIds()
      .flatMap((pid) => statOf(pid) ?? [])
      .map((stat) => [stat.pid, stat]),
  );
  const isBelow = (pid) => pid === root || (stats.has(pid) && isBelow(stats.get(pid).parent));
  return [...stats.values()].reduce((sum, { pid, seconds }) => sum + (isBelow(pid) ? seconds : 0), 0);
}

/** The process that started `pid`. */
export function parentOf(pid) {
  return statOf(pid)?.parent;
}

/** CPU seconds of the process that runs this. */
export function ownCpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function processIds() {
  return existsSync('/proc') ? readdirSync('/proc').map(Number).filter(Number.isInteger) : [];
}

/** What proc(5) says of a process; null when it has ended. Its seconds include those of children it has waited for. */
function statOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid, parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND };
  } catch {
    return null;
  }
}
