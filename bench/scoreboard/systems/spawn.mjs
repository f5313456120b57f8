import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { timesOf } from '../times-of.mjs';
import { median } from '../../measure.mjs';

/**
 * What a script costs with nothing around it: the program is started, does nothing, and is waited for; then the next one.
 * The interpreter is the real one behind whatever shim, as the worker finds it.
 */
export async function open() {
  const PRINT_PATH = 'import sys; print(sys.executable)';
  let ended = 0;
  const start = async (program, args) => {
    const [code] = await once(spawn(program, args, { stdio: 'ignore' }), 'close');
    if (code === 0) ended += 1;
  };
  let expected = 0;
  return {
    async scripts({ language, tasks }) {
      const [program, args] =
        language === 'python'
          ? [execFileSync('python3', ['-c', PRINT_PATH], { encoding: 'utf8' }).trim(), ['-c', 'pass']]
          : ['/bin/sh', ['-c', ':']];
      const { each, sum } = await timesOf(tasks, () => start(program, args));
      expected += tasks;
      return { ms: sum, p50: median(each), tasks };
    },
    async check() {
      const faults = ended === expected ? [] : [`${expected} started, ${ended} ended with 0`];
      const tasks = expected;
      [ended, expected] = [0, 0];
      return { tasks, faults };
    },
    close: async () => undefined,
  };
}
