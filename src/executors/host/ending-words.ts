/** How an unexpected ending of a process is told. */
import type { Json } from '../../domain/json.js';
import type { Ending } from './task-process.js';

/** Each stream's end that goes into an error; both together fit into an error's details with room to spare. */
const DETAIL_BYTES = 3_000;
const LAST_LINE_CHARACTERS = 300;

/** Code and message for an exit code other than 0, or a signal. Precondition: the process did not exit with 0. */
export function describeEnding(
  what: string,
  ending: Ending,
): { code: 'exit_code' | 'signal'; message: string } {
  const said = lastLine(ending.stderr.lastText(DETAIL_BYTES));
  const tail = said === '' ? '' : ` Last line of stderr: ${said}`;
  if (ending.exitCode === null) {
    const hint = ending.signal === 'SIGKILL' ? ' (out of memory, perhaps)' : '';
    return { code: 'signal', message: `The ${what} was killed by ${ending.signal}${hint}.${tail}` };
  }
  return {
    code: 'exit_code',
    message: `The ${what} ended with exit code ${ending.exitCode}; expected 0.${tail}`,
  };
}

export function endingDetails(ending: Ending): { [key: string]: Json } {
  return {
    exit_code: ending.exitCode,
    signal: ending.signal,
    stdout: ending.stdout.lastText(DETAIL_BYTES),
    stderr: ending.stderr.lastText(DETAIL_BYTES),
  };
}

function lastLine(text: string): string {
  return (text.trimEnd().split('\n').at(-1) ?? '').slice(0, LAST_LINE_CHARACTERS);
}
