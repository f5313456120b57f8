/** Python tasks: what to start for one, and what its ending means. */
import { fileURLToPath } from 'node:url';
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.js';
import { acceptOutput, MAX_OUTPUT_BYTES, type Outcome } from '../../domain/outcome.js';
import type { AttemptWork } from '../executor.js';
import { failed } from '../failures.js';
import { readTaskFile, type AttemptDirectory } from './attempt-directory.js';
import { describeEnding, endingDetails } from './ending-words.js';
import { contextOf } from './task-environment.js';
import type { Ending, Launch } from './task-process.js';

const RUNNER = fileURLToPath(new URL('./python-runner.py', import.meta.url));

/** The runner writes every character as an escape of up to 6 bytes; the output itself is measured after parsing. */
const MAX_RESULT_BYTES = 6 * MAX_OUTPUT_BYTES + 65_536;

/** The launch, or the words of what is wrong with the config. */
export function preparePython(
  work: AttemptWork,
  python: string,
  directory: AttemptDirectory,
  environment: Record<string, string>,
): Launch | string {
  const { code, args, non_retryable_exceptions: names } = work.config;
  if (typeof code !== 'string') return 'The config value `code` is not a string.';
  const task = { code, args: args ?? null, ctx: contextOf(work), non_retryable_exceptions: stringsOf(names) };
  directory.write(directory.pythonTaskFile, JSON.stringify(task));
  directory.write(directory.contextFile, JSON.stringify(task.ctx));
  // Unbuffered, so that what was printed before a kill is not lost.
  const runner = ['-X', 'utf8', '-u', RUNNER, directory.pythonTaskFile, directory.pythonResultFile];
  return { file: python, args: runner, cwd: directory.path, environment, stdin: null };
}

function stringsOf(names: Json | undefined): string[] {
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}

/** What a python task that ended by itself comes to. */
export function judgePython(ending: Ending, directory: AttemptDirectory): Outcome {
  const result = readResult(directory);
  if (ending.exitCode === null) return failUnexpected(ending);
  switch (result?.['kind']) {
    case 'raised':
      return judgeException(result, ending);
    case 'non_json':
      return failed(
        'non_json_output',
        `The returned value cannot be written as JSON: ${textOf(result['message'])}.`,
      );
    case 'too_large':
      return failed(
        'output_too_large',
        `The output is far over the limit of ${MAX_OUTPUT_BYTES} bytes of JSON.`,
      );
    case 'returned':
      return ending.exitCode === 0 ? acceptOutput(result['output'] ?? null) : failUnexpected(ending);
    default:
      if (ending.exitCode !== 0) return failUnexpected(ending);
      return failed('no_result', 'The interpreter ended with exit code 0 before the code did (os._exit?).', {
        details: endingDetails(ending),
      });
  }
}

function judgeException(result: JsonObject, ending: Ending): Outcome {
  const type = textOf(result['type']);
  const message = textOf(result['message']);
  return failed('exception', message === '' ? type : `${type}: ${message}`, {
    retryable: result['retryable'] !== false,
    details: {
      type,
      message: message.slice(0, 1_000),
      traceback: textOf(result['traceback']),
      stdout: ending.stdout.lastText(1_000),
    },
  });
}

function failUnexpected(ending: Ending): Outcome {
  const { code, message } = describeEnding('python interpreter', ending);
  return failed(code, message, { details: endingDetails(ending) });
}

function readResult(directory: AttemptDirectory): JsonObject | null {
  const file = readTaskFile(directory.pythonResultFile, MAX_RESULT_BYTES);
  if (file.kind === 'refused') return { kind: 'too_large' };
  if (file.kind === 'absent') return null;
  try {
    const result: unknown = JSON.parse(file.text);
    return isJsonObject(result) ? result : null;
  } catch {
    return null;
  }
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
