/** The variables of a task's process: nothing of the server's own, the task's `env`, and the DTS_* variables. */
import type { AttemptWork } from '../executor.js';
import type { Json } from '../../domain/json.js';
import type { AttemptDirectory } from './attempt-directory.js';
import { COOKIE_VARIABLE, cookieOf, type HostSettings } from './protocol.js';

/** Linux refuses one variable (name, `=`, value, NUL) over 128 KiB; all together must stay well under 2 MiB. */
export const MAX_VARIABLE_BYTES = 131_071;
const MAX_ENVIRONMENT_BYTES = 1_000_000;
/** DTS_PARAMS and DTS_INPUTS are left out above this; $DTS_CTX always has both. */
const MAX_INLINE_BYTES = 65_536;

/** What a task is told about itself; python gets it as `ctx`, shell finds it in the file $DTS_CTX. */
export function contextOf(work: AttemptWork): { [key: string]: Json } {
  return {
    run_id: work.runId,
    dag: work.dagName,
    task: work.taskName,
    attempt: work.attempt,
    params: work.params,
    inputs: work.inputs,
    scheduled_for: work.scheduledFor,
  };
}

/**
 * The environment of one attempt. The task's own `env` may replace PATH, HOME and the like, but no DTS_* variable.
 * Throws a {@link BadEnvironment} when the operating system could not take it.
 */
export function environmentOf(
  work: AttemptWork,
  settings: HostSettings,
  directory: AttemptDirectory,
): Record<string, string> {
  const environment: Record<string, string> = {
    ...settings.environment,
    HOME: directory.path,
    TMPDIR: directory.path,
    ...taskVariables(work.config['env']),
    DTS_RUN_ID: work.runId,
    DTS_DAG: work.dagName,
    DTS_TASK: work.taskName,
    DTS_ATTEMPT: String(work.attempt),
    DTS_SCHEDULED_FOR: work.scheduledFor ?? '',
    DTS_CTX: directory.contextFile,
    DTS_OUTPUT: directory.outputFile,
    [COOKIE_VARIABLE]: cookieOf(settings.hostId, work.attemptId),
  };
  const params = JSON.stringify(work.params);
  if (Buffer.byteLength(params) <= MAX_INLINE_BYTES) environment['DTS_PARAMS'] = params;
  const inputs = JSON.stringify(work.inputs);
  if (Buffer.byteLength(inputs) <= MAX_INLINE_BYTES) environment['DTS_INPUTS'] = inputs;
  refuseTooLarge(environment);
  return environment;
}

export class BadEnvironment extends Error {}

function taskVariables(env: Json | undefined): Record<string, string> {
  const variables: Record<string, string> = {};
  if (env === undefined || env === null) return variables;
  if (typeof env !== 'object' || Array.isArray(env))
    throw new BadEnvironment('The config value `env` is not an object.');
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || /[=\0]/.test(name))
      throw new BadEnvironment(`env has an impossible variable name: ${JSON.stringify(name)}.`);
    if (name.startsWith('DTS_')) continue;
    const text = variableText(value);
    if (text.includes('\0')) throw new BadEnvironment(`The env variable ${name} contains a NUL character.`);
    variables[name] = text;
  }
  return variables;
}

/** A template may have put any JSON value here: text stays text, null is empty, everything else is its JSON. */
function variableText(value: Json): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}

function refuseTooLarge(environment: Record<string, string>): void {
  let total = 0;
  for (const [name, value] of Object.entries(environment)) {
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value) + 1;
    if (bytes > MAX_VARIABLE_BYTES) {
      throw new BadEnvironment(
        `The env variable ${name} has ${bytes} bytes; the operating system takes ${MAX_VARIABLE_BYTES}. ` +
          'Read large values from the JSON file $DTS_CTX, or give them as stdin.',
      );
    }
    total += bytes;
  }
  if (total > MAX_ENVIRONMENT_BYTES) {
    throw new BadEnvironment(
      `The env has ${total} bytes; at most ${MAX_ENVIRONMENT_BYTES} fit. Read large values from $DTS_CTX.`,
    );
  }
}
