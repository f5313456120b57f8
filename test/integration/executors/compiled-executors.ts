import { type Options, transformFile } from '@swc/core';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const PROJECT = resolve(import.meta.dirname, '../../..');
/** What the executors are made of: they and the pure domain. */
const FOLDERS = ['executors', 'domain'];

const PLAIN: Options = {
  swcrc: false,
  module: { type: 'es6' },
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
};

export interface CompiledExecutors {
  /** Path of the task host's main.js, for `hostEntry`. */
  hostEntry: string;
  /** Path of executors.js, for a worker process of a test. */
  executors: string;
  remove(): Promise<void>;
}

/**
 * Compiles the executors into a folder of their own, since the task host is a plain Node process that cannot run
 * TypeScript, and a `dist` may be missing or old. Inside the project, where packages are found.
 */
export async function compileExecutors(): Promise<CompiledExecutors> {
  await mkdir(join(PROJECT, 'build'), { recursive: true });
  const folder = await mkdtemp(join(PROJECT, 'build', 'executors-'));
  for (const name of FOLDERS) {
    const from = join(PROJECT, 'src', name);
    for (const file of await readdir(from, { recursive: true })) {
      const target = join(folder, name, file);
      await mkdir(dirname(target), { recursive: true });
      if (file.endsWith('.py')) await cp(join(from, file), target);
      if (!file.endsWith('.ts')) continue;
      const { code } = await transformFile(join(from, file), PLAIN);
      await writeFile(target.replace(/\.ts$/, '.js'), code);
    }
  }
  return {
    hostEntry: join(folder, 'executors/host/main.js'),
    executors: join(folder, 'executors/executors.js'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
