import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from '@jest/globals';
import { EVENT_TYPES } from '../../../src/domain/events.js';
import { CLOSE_CODES } from '../../../src/events/close-codes.js';

const PAGE = resolve(import.meta.dirname, '../../../docs/events.md');

/** The generated parts, by the name in their marks. */
const PARTS: Record<string, string> = {
  'close codes': table(
    ['code', 'reason', 'when'],
    Object.values(CLOSE_CODES).map(({ code, reason, when }) => [String(code), reason, when]),
  ),
  types: table(
    ['about', 'types'],
    ['job', 'task', 'dlq', 'worker'].map((about) => [
      about,
      EVENT_TYPES.filter((type) => type.startsWith(`${about}.`))
        .map((type) => `\`${type}\``)
        .join(', '),
    ]),
  ),
};

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

it.each(Object.keys(PARTS))('docs/events.md shows the %s of the code', (name) => {
  const page = readFileSync(PAGE, 'utf8');
  const part = new RegExp(`(<!-- ${name} -->\\n<!-- prettier-ignore -->\\n)[^]*?(\\n\\n<!-- end -->)`);
  expect(page).toMatch(part);
  const meant = page.replace(part, (_, begin: string, end: string) => begin + PARTS[name] + end);
  if (process.env.UPDATE_DOCS) writeFileSync(PAGE, meant);
  else expect(page).toBe(meant);
});
