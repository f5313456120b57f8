import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Edit } from './mutants.js';

/** What a copy needs of the project to run its tests. */
const COPIED = [
  'src',
  'test',
  'docs',
  'client',
  'scripts',
  'package.json',
  'jest.config.mjs',
  'tsconfig.json',
  'README.md',
  '.env.example',
];

/** A copy of the project in which things may be broken. Its node_modules are hard links, where the file systems allow it. */
export class Workshop {
  readonly directory: string;

  constructor(private readonly project: string) {
    this.directory = mkdtempSync(join(tmpdir(), 'mutants-'));
    for (const name of COPIED) {
      if (existsSync(join(project, name)))
        cpSync(join(project, name), join(this.directory, name), { recursive: true });
    }
    const modules = join(project, 'node_modules');
    const isThere = ['-al', '-a'].some((how) => spawnSync('cp', [how, modules, this.directory]).status === 0);
    if (!isThere) throw new Error(`${modules} cannot be copied to ${this.directory}`);
  }

  /** @throws when a text is not there exactly once: the mutant is out of date */
  apply(edits: readonly Edit[]): void {
    for (const { file, find, replace } of edits) {
      const path = join(this.directory, file);
      const text = readFileSync(path, 'utf8');
      const times = text.split(find).length - 1;
      if (times !== 1) throw new Error(`${file} has ${times} times instead of once: ${find}`);
      writeFileSync(
        path,
        text.replace(find, () => replace),
      );
    }
  }

  /** Makes the files of these edits whole again. */
  restore(edits: readonly Edit[]): void {
    for (const { file } of edits) cpSync(join(this.project, file), join(this.directory, file));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
