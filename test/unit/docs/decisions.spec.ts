import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const FOLDER = join(import.meta.dirname, '../../../docs/adr');

const decisions = (): string[] => readdirSync(FOLDER).filter((name) => /^\d{3}-.*\.md$/.test(name));
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

test('every decision stands in the index once, in order, under its own number and title', () => {
  const rows = [...read('README.md').matchAll(/^\| \[(\d{3})\]\(([^)]+)\) *\| ([^|]+?) *\|/gm)];
  const listed = rows.map(([, number, file, title]) => ({ number, file, title }));
  const there = decisions()
    .sort()
    .map((file) => {
      const [, number, title] = /^# (\d{3}): (.+)$/m.exec(read(file))!;
      return { number, file, title };
    });
  expect(listed).toEqual(there);
});
