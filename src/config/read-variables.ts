import { readFileSync } from 'node:fs';
import type { Variable } from './variable-kinds.js';
import { fileVariableOf, VARIABLE_NAMES, VARIABLES, type VariableName } from './variables.js';

type ValueOf<V> = V extends Variable<infer T> ? T : never;
export type Values = { [N in VariableName]: ValueOf<(typeof VARIABLES)[N]> };

export interface Reading {
  /** Complete: a variable at fault holds its default. */
  values: Values;
  faults: string[];
  /** Set and well-formed. */
  given: ReadonlySet<VariableName>;
  /** Rules between fields leave these alone, so that one slip is one fault. */
  faulty: ReadonlySet<VariableName>;
}

/** Reads each variable by itself. An empty one counts as unset, as compose files write it. */
export function readVariables(env: NodeJS.ProcessEnv): Reading {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  const given = new Set<VariableName>();
  const faulty = new Set<VariableName>();
  for (const name of VARIABLE_NAMES) {
    const variable: Variable<unknown> = VARIABLES[name];
    values[name] = variable.fallback;
    const source = textOf(name, env);
    if (source === null) continue;
    const value = 'fault' in source ? undefined : variable.parse(source.text);
    if (value !== undefined) {
      values[name] = value;
      given.add(name);
      continue;
    }
    faulty.add(name);
    faults.push('fault' in source ? source.fault : misfit(name, variable, source.text));
  }
  return { values: values as Values, faults, given, faulty };
}

function textOf(name: VariableName, env: NodeJS.ProcessEnv): { text: string } | { fault: string } | null {
  const direct = env[name]?.trim() || null;
  const fileVariable = fileVariableOf(name);
  const path = (fileVariable && env[fileVariable]?.trim()) || null;
  if (direct && path) return { fault: `${name}, ${fileVariable}: expected one of the two, got both` };
  if (direct) return { text: direct };
  if (!path) return null;
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text
      ? { text }
      : { fault: `${fileVariable}: expected a file with a value, got the empty file ${path}` };
  } catch (error) {
    return { fault: `${fileVariable}: expected a readable file, got ${(error as Error).message}` };
  }
}

function misfit(name: VariableName, { expected, secret }: Variable<unknown>, text: string): string {
  return `${name}: expected ${expected}, got ${secret ? hidden(text) : JSON.stringify(shorten(text))}`;
}

/** What may be said of a secret that does not fit. */
function hidden(text: string): string {
  const scheme = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(text)?.[0];
  return scheme
    ? `one that begins with ${JSON.stringify(scheme)}`
    : 'something that is no such URL (not shown)';
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
