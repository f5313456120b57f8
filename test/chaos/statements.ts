import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const COMPILED = resolve(import.meta.dirname, '../../dist/persistence');

/** The names of all statements that go through `SqlDatabase`, as they stand in the build: where failpoints can be. */
export function engineStatements(): string[] {
  const files = readdirSync(COMPILED, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.js') && !file.startsWith('entities') && !file.startsWith('migrations'),
  );
  const names = files.flatMap((file) =>
    [...readFileSync(join(COMPILED, file), 'utf8').matchAll(/\bname: '([a-z-]+)',\s+text:/g)].map(
      ([, name]) => name,
    ),
  );
  return [...new Set(names)].sort();
}
