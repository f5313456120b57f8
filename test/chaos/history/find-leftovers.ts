import { readdirSync, readFileSync } from 'node:fs';
import { COOKIE_VARIABLE } from '../../../src/executors/host/protocol.js';

/**
 * Processes of this machine that carry the cookie of an attempt of these jobs, and directories of attempts, by the names
 * that both have from the attempt's id. Where there is no /proc, no process is found.
 */
export function findLeftovers(
  runIds: ReadonlySet<string>,
  workDirectories: readonly string[],
): { runId: string | null; what: string }[] {
  return [...processes(runIds), ...workDirectories.flatMap(directories)];
}

function processes(runIds: ReadonlySet<string>): { runId: string; what: string }[] {
  return childrenOf('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const cookie = environmentOf(pid).find((variable) => variable.startsWith(`${COOKIE_VARIABLE}=`));
      const attemptId = cookie?.split('/').at(-1) ?? '';
      const [runId] = attemptId.split('.');
      return runIds.has(runId) ? [{ runId, what: `process ${pid} of the attempt ${attemptId} lives` }] : [];
    });
}

/** Empty for a process that ended just now, or is dead and not yet waited for. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** `<work directory>/<task host>/<attempt id>`. */
function directories(workDirectory: string): { runId: string; what: string }[] {
  return childrenOf(workDirectory).flatMap((host) =>
    childrenOf(`${workDirectory}/${host}`).map((attemptId) => ({
      runId: attemptId.split('.')[0],
      what: `the directory of the attempt ${attemptId} is left`,
    })),
  );
}

function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
