/** Shell tasks: what to start for one, and what its ending means. */
import { stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import type { Json } from '../../domain/json.js';
import { acceptOutput, MAX_OUTPUT_BYTES, type Outcome } from '../../domain/outcome.js';
import type { AttemptWork } from '../executor.js';
import { failed } from '../failures.js';
import { readTaskFile, type AttemptDirectory } from './attempt-directory.js';
import { describeEnding, endingDetails } from './ending-words.js';
import { contextOf, MAX_VARIABLE_BYTES } from './task-environment.js';
import type { Ending, Launch } from './task-process.js';

/** The launch, or the words of what is wrong with the config. */
export async function prepareShell(
  work: AttemptWork,
  directory: AttemptDirectory,
  environment: Record<string, string>,
): Promise<Launch | string> {
  const { command, stdin, cwd } = work.config;
  if (typeof command !== 'string') return 'The config value `command` is not a string.';
  if (command.includes('\0')) return 'The config value `command` contains a NUL character.';
  if (cwd != null && typeof cwd !== 'string') return 'The config value `cwd` is not a string.';
  const folder = cwd == null ? directory.path : isAbsolute(cwd) ? cwd : resolve(directory.path, cwd);
  if (cwd != null && !(await isFolder(folder)))
    return `The config value \`cwd\` names no directory: ${JSON.stringify(cwd)}.`;
  directory.write(directory.contextFile, JSON.stringify(contextOf(work)));
  let args = ['-c', command];
  if (Buffer.byteLength(command) > MAX_VARIABLE_BYTES) {
    // One argument has the same limit as one variable.
    directory.write(directory.commandFile, command);
    args = [directory.commandFile];
  }
  return { file: '/bin/sh', args, cwd: folder, environment, stdin: stdinText(stdin) };
}

/** A template may have put any JSON value here. */
function stdinText(stdin: Json | undefined): string | null {
  if (stdin == null) return null;
  return typeof stdin === 'string' ? stdin : JSON.stringify(stdin);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** What a shell task that ended by itself comes to. */
export function judgeShell(work: AttemptWork, ending: Ending, directory: AttemptDirectory): Outcome {
  if (ending.exitCode !== 0) {
    const { code, message } = describeEnding('command', ending);
    const forbidden = work.config['non_retryable_exit_codes'];
    const retryable = !(Array.isArray(forbidden) && forbidden.includes(ending.exitCode));
    return failed(code, message, { retryable, details: endingDetails(ending) });
  }
  const written = readTaskFile(directory.outputFile, MAX_OUTPUT_BYTES);
  switch (written.kind) {
    case 'absent':
      return acceptOutput({ exit_code: 0, stdout: ending.stdout.text(), stderr: ending.stderr.text() });
    case 'refused':
      if (written.bytes === null) {
        return failed('malformed_output', 'The command made $DTS_OUTPUT something else than a regular file.');
      }
      return failed(
        'output_too_large',
        `The command wrote ${written.bytes} bytes to $DTS_OUTPUT; at most ${MAX_OUTPUT_BYTES} are taken.`,
      );
    case 'read':
      return judgeText(written.text, ending);
  }
}

function judgeText(text: string, ending: Ending): Outcome {
  let output: Json;
  try {
    output = JSON.parse(text) as Json;
  } catch (error) {
    const reason = text.trim() === '' ? 'it is empty' : (error as Error).message;
    return failed(
      'malformed_output',
      `The command ended with exit code 0, but $DTS_OUTPUT is not JSON: ${reason}.`,
      {
        details: endingDetails(ending),
      },
    );
  }
  return acceptOutput(output);
}
