import { readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/** A value for a task's `env`, by which its processes are found, whatever they do about sessions and parents. */
export function uniqueMark(): string {
  return `mark-${randomBytes(8).toString('hex')}`;
}

/** The processes of this machine with all these texts in their environment or command line. */
export function processesWith(...texts: string[]): number[] {
  return describeProcesses()
    .filter(({ pid, text }) => pid !== process.pid && texts.every((wanted) => text.includes(wanted)))
    .map(({ pid }) => pid);
}

function describeProcesses(): { pid: number; text: string }[] {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['axeww', '-o', 'pid=,command='], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    return lines.split('\n').map((text) => ({ pid: Number.parseInt(text, 10), text }));
  }
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .map((pid) => ({ pid, text: `${read(pid, 'cmdline')} ${read(pid, 'environ')}`.replaceAll('\0', ' ') }));
}

/** Empty for a process that ended just now, or is dead and not yet waited for. */
function read(pid: number, what: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch {
    return '';
  }
}
